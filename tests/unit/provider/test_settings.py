"""Settings of a stack, and which API key goes where."""

from __future__ import annotations

from typing import Any

import pytest

from sakura_fleet.client import Credentials
from sakura_fleet.client._secrets import hider
from sakura_fleet.errors import CredentialsError, InputError
from sakura_fleet.provider.settings import (
    DEFAULT_API_ROOT,
    DEFAULT_RATE_LIMIT,
    EMULATOR_CREDENTIALS,
    SessionSettings,
)

HTTPS = "https://secure.sakura.ad.jp/cloud/zone"
LOCAL = "http://127.0.0.1:18080/cloud/zone"
ENV = {"SAKURA_ACCESS_TOKEN": "env-token", "SAKURA_ACCESS_TOKEN_SECRET": "env-secret"}
EMULATOR = {"SAKURA_EMULATOR_TOKEN": "emulator-token", "SAKURA_EMULATOR_SECRET": "emulator-secret"}
CONFIG = {"access_token": "config-token", "access_token_secret": "config-secret"}


def test_settings_from_nothing_are_the_real_cloud() -> None:
    settings = SessionSettings.from_config(lambda _: None)
    assert settings == SessionSettings(api_root=DEFAULT_API_ROOT, rate_limit=DEFAULT_RATE_LIMIT)


def test_settings_from_a_stack() -> None:
    stack = {**CONFIG, "api_root": LOCAL + "/", "account_id": "113000000001", "rate_limit": "100"}
    settings = SessionSettings.from_config(stack.get)
    assert settings == SessionSettings(api_root=LOCAL, account_id="113000000001", rate_limit=100.0, **CONFIG)


def test_a_rate_limit_that_is_no_number() -> None:
    with pytest.raises(InputError, match="'fast' is not a number of requests per second"):
        SessionSettings.from_config({"rate_limit": "fast"}.get)


@pytest.mark.parametrize(
    ("root", "config", "env", "expected"),
    [
        (HTTPS, {}, ENV, Credentials("env-token", "env-secret")),
        (HTTPS, CONFIG, ENV, Credentials("env-token", "env-secret")),
        (HTTPS, CONFIG, {}, Credentials("config-token", "config-secret")),
        # What goes to a plain-http root is never the real key of the environment.
        (LOCAL, {}, ENV, EMULATOR_CREDENTIALS),
        (LOCAL.upper().replace("CLOUD/ZONE", "cloud/zone"), {}, ENV, EMULATOR_CREDENTIALS),
        (LOCAL, {}, {}, EMULATOR_CREDENTIALS),
        (LOCAL, CONFIG, ENV, Credentials("config-token", "config-secret")),
        (LOCAL, {}, ENV | EMULATOR, Credentials("emulator-token", "emulator-secret")),
        (LOCAL, CONFIG, EMULATOR, Credentials("config-token", "config-secret")),
        (HTTPS, {}, ENV | EMULATOR, Credentials("env-token", "env-secret")),
    ],
)
def test_which_key_goes_where(root: str, config: dict[str, Any], env: dict[str, str], expected: Credentials) -> None:
    assert SessionSettings(api_root=root, **config).credentials(env) == expected


@pytest.mark.parametrize(
    ("root", "config"),
    [(HTTPS, {}), (HTTPS, {"access_token": "only"}), (LOCAL, {"access_token": "only"})],
)
def test_no_key_or_half_a_key_is_refused(root: str, config: dict[str, Any]) -> None:
    with pytest.raises(CredentialsError):
        SessionSettings(api_root=root, **config).credentials({})


@pytest.mark.parametrize("half", EMULATOR)
def test_half_of_the_emulators_pair_is_refused(half: str) -> None:
    with pytest.raises(CredentialsError, match="go together"):
        SessionSettings(api_root=LOCAL).credentials({half: EMULATOR[half]})


def test_the_emulators_pair_is_for_the_emulator() -> None:
    with pytest.raises(CredentialsError, match="no API key"):
        SessionSettings(api_root=HTTPS).credentials(EMULATOR)


def test_the_made_up_pair_hides_no_word_of_the_emulators_messages() -> None:
    text = "this emulator takes one pair only; `sakura-emulator env TOOL` says where each tool reads it"
    assert hider(EMULATOR_CREDENTIALS.token, EMULATOR_CREDENTIALS.secret)(text) == text
