"""`Fleet` against Pulumi's mocks: what a stack's configuration declares, and what is loaded for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import Fleet, stack_config
from sakura_fleet import tokens
from tests.program.fleet import ROOT, local_settings
from tests.unit.components.program import Registered, run

GROUP = {"name": "web", "zones": ["is1b"], "max_size": 5}


def fleet(**settings: Any) -> tuple[Fleet, Registered]:
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
    return run(lambda: Fleet(stack_config()), **config)


def test_a_group_alone() -> None:
    made, registered = fleet(size="1", server_group=GROUP)
    assert [name.partition(" ")[0] for name in registered.names] == ["Server", "ServerGroup"]
    assert (made.elb, made.dns, made.hosts) == (None, None, [])


def test_the_stack_local_and_a_certificate() -> None:
    settings = {key: local_settings()[key] for key in ("size", "server_group", "elb", "hosts", "dns")}
    settings["elb"] = {**settings["elb"], "lets_encrypt_names": ["app.example.com"]}
    made, registered = fleet(**settings)
    servers = [name for name in registered.names if name.startswith("Server ")]
    assert [name for name in registered.names if name not in servers] == [
        "CaddyHost www",
        "DnsRecordSets example.com-records",
        "DnsRecordSets www-address",
        "DnsRecordSets www-https",
        "DnsRecords example.com",
        "DnsZone example.com-zone",
        "Elb tk-elb",
        "ElbCertificate tk-elb",
        "ElbMembership tk-elb-hscale-group",
        "Http3Withdrawal www-withdrawal",
        "ServerGroup hscale-group",
        "StartupScript hscale-group-startup-1",
        "StartupScript www-startup",
        "WebElb tk-elb",
    ]
    assert len(servers) == 3
    zone = registered.of(tokens.DNS_RECORD_SETS)["example.com-records"]["record_sets"]
    assert [(listed["name"], listed["type"]) for listed in zone] == [("app", "A"), ("app", "HTTPS")]
    own = registered.of(tokens.DNS_RECORD_SETS)["www-address"]["record_sets"]
    assert [(listed["name"], listed["type"]) for listed in own] == [("www", "A"), ("@", "A")]
    assert [host.args.name for host in made.hosts] == ["www"]


def test_what_this_machine_finds_in_hosts_stops_the_program_before_anything_is_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def declared(*_: object, **__: object) -> None:
        raise AssertionError("the group would be made by now")

    (tmp_path / "caddy").write_text("#!/bin/sh\ncat >/dev/null; echo 'Error: line 1: what is this' >&2; exit 1\n")
    (tmp_path / "caddy").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("components.fleet.ServerGroup", declared)
    ssh = {"private_key_file": str(tmp_path / "missing")}
    hosts = [
        {"name": "a", "zone": "is1b", "caddyfile": "a.example.com\n"},
        {"name": "b", "address": "192.0.2.1", "ssh": ssh, "sites": [{"name": "b.example.com", "file_server": {}}]},
    ]
    with pytest.raises(pulumi.RunError) as refused:
        fleet(size="1", server_group=GROUP, hosts=hosts)
    head, *lines = str(refused.value).splitlines()
    assert head == "2 problems in stack test; nothing was changed [input]:"
    assert lines[0].startswith("  hosts[0].caddyfile: Caddy refuses it: Error: line 1: what is this")
    assert lines[1].startswith("  hosts[1].ssh.private_key_file: ")


def test_parts_are_loaded_only_where_the_configuration_has_them() -> None:
    program = "import sys, components; components.Fleet; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "components.fleet" in loaded
    assert not {"components.elb", "components.dns", "components.caddy.host", "sakura_fleet.model.dns"} & loaded
