"""The host script gets its settings unharmed."""

from __future__ import annotations

import base64
import re
import subprocess
from dataclasses import replace
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sakura_fleet.model.caddy.caddyfile import caddyfile
from sakura_fleet.model.caddy.host import Behind, Binary, CaddyHostArgs
from sakura_fleet.model.caddy.script import PLACEHOLDER, host_script, local_ca
from sakura_fleet.model.caddy.site import FileServer, Site
from sakura_fleet.model.server.startup_script import check_startup_script
from sakura_fleet.model.server.template import EditParameter, ServerTemplate

SITE = Site(name="www.example.com", file_server=FileServer())
HOST = CaddyHostArgs(name="www", zone="is1b", sites=(SITE,))
RAW = CaddyHostArgs(name="www", zone="is1b", caddyfile="www.example.com\n", record="www")


def template() -> str:
    return files("sakura_fleet.model.caddy").joinpath("host.sh").read_text("utf-8")


def settings_of(script: str) -> dict[str, str]:
    """The variables as a shell reads them, from the head of the script."""
    head = script.partition("set -euo pipefail")[0]
    listed = re.findall(r"^([A-Z0-9_]+)=", head, re.MULTILINE)
    shown = "".join(f'printf "%s\\0" "${name}"\n' for name in listed)
    done = subprocess.run(["bash", "-c", head + shown], capture_output=True, text=True, check=True)
    return dict(zip(listed, done.stdout.split("\0"), strict=False))


@settings(max_examples=50)
@given(st.text(min_size=1))
def test_any_caddyfile_arrives_as_it_is(raw: str) -> None:
    encoded = re.search(r"CADDYFILE_BASE64=([A-Za-z0-9+/=]+)", host_script(replace(RAW, caddyfile=raw)))
    assert encoded, "nothing in it means anything to a shell"
    assert base64.b64decode(encoded[1]).decode() == raw


def test_the_script_that_ships_has_one_place_for_settings() -> None:
    assert template().count(PLACEHOLDER) == 1
    for host in (HOST, RAW):
        assert PLACEHOLDER not in host_script(host)
        assert check_startup_script(host_script(host), "content") == []


def test_settings_of_a_plain_host() -> None:
    found = settings_of(host_script(HOST, names=["www.example.com", "example.com"]))
    assert base64.b64decode(found.pop("CADDYFILE_BASE64")).decode() == caddyfile(HOST)
    assert found == {
        "ACME_NAMES": "www.example.com example.com",
        "OPEN_PORTS": "80/tcp 443/tcp 443/udp",
        "PASSWORD_LOGIN": "off",
    }


def test_settings_of_a_host_with_more_of_them() -> None:
    host = CaddyHostArgs(
        name="www",
        address="192.0.2.1",
        sites=(replace(SITE, tls="internal"), replace(SITE, name="b.example.com")),
        protocols=("h1", "h2"),
        storage="/mnt/caddy",
        acme_ca_root="-----BEGIN",
        binary=Binary(url="https://example.com/caddy?a=b&c=$d", sha256="0" * 64),
        template=ServerTemplate(edit_parameter=EditParameter(disable_pw_auth=False)),
    )
    found = settings_of(host_script(host))
    del found["CADDYFILE_BASE64"]
    assert found == {
        "ACME_NAMES": "b.example.com",
        "ADDRESSES": "192.0.2.1",
        "OPEN_PORTS": "80/tcp 443/tcp",
        "STORAGE": "/mnt/caddy",
        "ACME_CA_ROOT_BASE64": base64.b64encode(b"-----BEGIN").decode(),
        "BINARY_URL": "https://example.com/caddy?a=b&c=$d",
        "BINARY_SHA256": "0" * 64,
        "PASSWORD_LOGIN": "keep",
        "LOCAL_CA": "1",
    }


def test_names_that_lead_to_a_proxy_are_not_waited_for() -> None:
    host = replace(HOST, behind=Behind(networks=("192.0.2.0/24",), mode="tcp"))
    assert "ACME_NAMES" not in settings_of(host_script(host, names=["www.example.com"]))


@pytest.mark.parametrize("output", ["", "caddy-host: sites: changed\n"])
def test_no_local_ca(output: str) -> None:
    assert local_ca(output) == ""


def test_the_local_ca() -> None:
    encoded = base64.b64encode(b"PEM\n").decode()
    assert local_ca(f"caddy-host: sites: changed\nlocal-ca: {encoded}\n") == "PEM\n"
