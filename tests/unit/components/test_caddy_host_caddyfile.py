"""`CaddyHost` with a whole Caddyfile, against Pulumi's mocks: a server and the script that makes it serve."""

from __future__ import annotations

import base64
from typing import Any

from components import CaddyHost
from sakura_fleet import tokens
from sakura_fleet.model.caddy.host import CaddyHostArgs
from sakura_fleet.model.server.template import EditParameter, MachinePlan, ServerTemplate
from tests.unit.components.program import Registered, run, run_with_outputs

CADDYFILE = "www.example.com {\n  respond `it's {$HOME:/root}`\n}\n"
ARGS = CaddyHostArgs(
    name="www",
    zone="is1c",
    caddyfile=CADDYFILE,
    template=ServerTemplate(
        plan=MachinePlan(core=2, memory=4),
        edit_parameter=EditParameter(ssh_keys=("ssh-ed25519 AAAA a",)),
        tags=("www",),
        description="d",
    ),
)


def made(**options: Any) -> tuple[CaddyHost, Registered]:
    return run(lambda: CaddyHost("host", ARGS, **options))


def test_a_host_is_a_server_and_its_script() -> None:
    _, registered = made()
    assert registered.names == ["CaddyHost host", "Server host", "StartupScript host-startup"]
    script = registered.of(tokens.STARTUP_SCRIPT)["host-startup"]
    assert script["name"] == "www-caddy"
    assert base64.b64encode(CADDYFILE.encode()).decode() in script["content"]
    assert script["content"].startswith("#!")


def test_the_server_is_that_of_the_template() -> None:
    server = made()[1].of(tokens.SERVER)["host"]
    assert (server["name"], server["zones"], server["tags"], server["description"]) == ("www", ["is1c"], ["www"], "d")
    assert (server["plan"]["core"], server["plan"]["memory"]) == (2, 4)
    assert server["edit_parameter"]["ssh_keys"] == ["ssh-ed25519 AAAA a"]
    assert "startup_scripts" not in server["edit_parameter"] or not server["edit_parameter"]["startup_scripts"]


def test_a_password_is_passed_on() -> None:
    _, registered = made(password="correct horse")
    assert "correct horse" in str(registered.of(tokens.SERVER)["host"]["password"])
    assert "correct horse" not in str(registered.of(tokens.STARTUP_SCRIPT))


def test_outputs() -> None:
    found = run_with_outputs(lambda: [(host := CaddyHost("host", ARGS)).server.address, host.reference.inputs()])
    assert found[0] == "192.0.2.1"
    assert found[1]["id"] == "id-of-host"
    assert found[1]["zones"] == ["is1c"]
