"""Where the cloud is, whose account it must be, and with which API key it is called.

Settings come from the stack (`sakura-fleet:*`), tokens from the environment. The real tokens of the environment are
never sent to a plain-http root: that is the emulator on this machine, which has a pair of its own or takes any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sakura_fleet.client import Credentials
from sakura_fleet.errors import CredentialsError, FleetError, InputError, Problem
from sakura_fleet.model.api_root import is_emulator

DEFAULT_API_ROOT: Final = "https://secure.sakura.ad.jp/cloud/zone"
DEFAULT_RATE_LIMIT = 5.0
EMULATOR_CREDENTIALS: Final = Credentials(
    "made-up-token", "made-up-secret"
)  # words that no message has: both are hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """The stack's settings that say where the cloud is and whose it must be."""

    api_root: str = DEFAULT_API_ROOT
    account_id: str = ""
    access_token: str = ""
    access_token_secret: str = ""
    rate_limit: float = DEFAULT_RATE_LIMIT

    @classmethod
    def from_config(cls, get: Callable[[str], str | None]) -> SessionSettings:
        """Settings by `get(key)`, where absent keys are None."""
        limit = get("rate_limit")
        try:
            rate_limit = float(limit) if limit else DEFAULT_RATE_LIMIT
        except ValueError:
            message = f"{limit!r} is not a number of requests per second, such as {DEFAULT_RATE_LIMIT}"
            raise InputError([Problem("sakura-fleet:rate_limit", "type", message)]) from None
        return cls(
            api_root=(get("api_root") or DEFAULT_API_ROOT).rstrip("/"),
            account_id=get("account_id") or "",
            access_token=get("access_token") or "",
            access_token_secret=get("access_token_secret") or "",
            rate_limit=rate_limit,
        )

    @property
    def is_emulator(self) -> bool:
        """Whether this is the emulator on this machine."""
        return is_emulator(self.api_root)

    def credentials(self, env: Mapping[str, str]) -> Credentials:
        """The API key to use. Raises `CredentialsError` where there is none."""
        configured = {
            "SAKURA_ACCESS_TOKEN": self.access_token,
            "SAKURA_ACCESS_TOKEN_SECRET": self.access_token_secret,
        }
        if self.is_emulator:
            return Credentials.from_env(configured) if self.access_token else _of_emulator(env)
        try:
            return Credentials.from_env(env)
        except FleetError:
            if self.access_token:
                return Credentials.from_env(configured)
            raise


def _of_emulator(env: Mapping[str, str]) -> Credentials:
    """The pair that the emulator itself reads; made up where it takes any."""
    token, secret = (env.get(f"SAKURA_EMULATOR_{half}", "").strip() for half in ("TOKEN", "SECRET"))
    if token and secret:
        return Credentials(token, secret)
    if token or secret:
        raise CredentialsError("SAKURA_EMULATOR_TOKEN and SAKURA_EMULATOR_SECRET go together: set both or neither")
    return EMULATOR_CREDENTIALS
