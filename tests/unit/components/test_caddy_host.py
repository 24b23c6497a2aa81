"""`CaddyHost` against Pulumi's mocks: what is registered for each way to a host."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import CaddyHost, DnsRecords, DnsRecordsArgs
from sakura_fleet import tokens
from sakura_fleet.model.caddy.host import Behind, Binary, CaddyHostArgs, SshAccess
from sakura_fleet.model.caddy.script import host_script
from sakura_fleet.model.caddy.site import FileServer, Site
from sakura_fleet.model.server.template import EditParameter, ServerTemplate
from sakura_fleet.resources.caddy.local_check import caddyfile_problems
from tests.program.fleet import ROOT
from tests.unit.components.program import Registered, run, run_with_outputs

SITE = Site(name="www.example.com", file_server=FileServer())
INTERNAL = Site(name="in.example.com", tls="internal", file_server=FileServer())
KEY = EditParameter(ssh_keys=("ssh-ed25519 AAAA a",))
OWN = CaddyHostArgs(name="www", zone="is1c", record="www", sites=(SITE,))
OVER_SSH = replace(OWN, manage="ssh", template=ServerTemplate(edit_parameter=KEY))
THERE = CaddyHostArgs(name="www", address="192.0.2.9", record="www", sites=(SITE,))
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def made(args: CaddyHostArgs, *, dns: bool = True, **options: Any) -> tuple[CaddyHost, Registered]:
    def program() -> CaddyHost:
        zone = DnsRecords("dns", DnsRecordsArgs(zone="example.com", record_sets=[])) if dns else None
        return CaddyHost("www", args, dns=zone, **options)

    return run(program)


def names(registered: Registered) -> list[str]:
    """The host's own resources."""
    return [name for name in registered.names if name.split()[1].partition("-")[0] == "www"]


def sets(registered: Registered) -> dict[str, list[tuple[str, str, list[Any]]]]:
    """The record sets of the host by resource: name, type and values."""
    return {
        name: [(listed["name"], listed["type"], listed["values"]) for listed in inputs["record_sets"]]
        for name, inputs in registered.of(tokens.DNS_RECORD_SETS).items()
        if name.startswith("www")
    }


def test_a_server_by_startup_script() -> None:
    _, registered = made(OWN)
    assert names(registered) == [
        "CaddyHost www",
        "DnsRecordSets www-address",
        "DnsRecordSets www-https",
        "HostProbe www-probe",
        "Http3Withdrawal www-withdrawal",
        "Server www",
        "StartupScript www-startup",
    ]
    script = registered.of(tokens.STARTUP_SCRIPT)["www-startup"]["content"]
    assert script == host_script(OWN, names=["www.example.com"])
    server = {
        "key": registered.of(tokens.SERVER)["www"]["owner_tags"]["resource"],
        "id": "id-of-www",
        "zones": ["is1c"],
    }
    value = {"priority": 10, "target": ".", "alpn": ["h3", "h2"], "ipv4hint": [{"server": server}]}
    assert sets(registered) == {
        "www-address": [("www", "A", [{"server": server}])],
        "www-https": [("www", "HTTPS", [value])],
    }
    probe = registered.of(tokens.HOST_PROBE)["www-probe"]
    assert probe["targets"] == [{"url": "https://www.example.com/", "ca": ""}]
    assert (probe["protocols"], probe["server"], probe["deadline"]) == (["h1", "h2", "h3"], server, 600)
    withdrawal = registered.of(tokens.HTTP3_WITHDRAWAL)["www-withdrawal"]
    assert (withdrawal["zone_name"], withdrawal["names"], withdrawal["protocols"]) == (
        "example.com",
        ["www"],
        ["h3", "h2"],
    )


def test_a_server_over_ssh() -> None:
    _, registered = made(OVER_SSH)
    assert registered.of(tokens.STARTUP_SCRIPT) == {}
    assert registered.of(tokens.SERVER)["www"]["startup_scripts"] == []
    command = registered.of(tokens.REMOTE_COMMAND)["www-sites"]
    assert (command["create"], command["triggers"]) == ("bash -s", ["id-of-www"])
    assert command["stdin"] == host_script(OVER_SSH, names=["www.example.com"])
    assert command["addPreviousOutputInEnv"] is False
    assert not {"delete", "update", "environment"} & set(command), "nothing is undone when it goes"
    assert "192.0.2.1" in str(command["connection"])


@pytest.mark.parametrize("args", [OWN, OVER_SSH])
def test_a_host_whose_server_is_taken_over(args: CaddyHostArgs) -> None:
    for server_id in ("113800000021", ""):
        _, registered = made(replace(args, adopt=server_id))
        assert registered.of(tokens.SERVER)["www"]["adopt"] == server_id


def test_a_host_by_address() -> None:
    _, registered = made(replace(THERE, ssh=SshAccess(user="admin", port=2222)), apex=True)
    assert names(registered) == [
        "CaddyHost www",
        "Command www-sites",
        "DnsRecordSets www-address",
        "DnsRecordSets www-https",
        "HostProbe www-probe",
        "Http3Withdrawal www-withdrawal",
        "SshHostKey www-host-key",
    ]
    command = registered.of(tokens.REMOTE_COMMAND)["www-sites"]
    assert (command["create"], command["triggers"]) == ("sudo -n bash -s", ["192.0.2.9"])
    assert sets(registered) == {
        "www-address": [("www", "A", ["192.0.2.9"]), ("@", "A", ["192.0.2.9"])],
        "www-https": [
            ("www", "HTTPS", ["10 . alpn=h3,h2"]),
            ("@", "HTTPS", ["0 www.example.com."]),
        ],
    }
    assert registered.of(tokens.SSH_HOST_KEY)["www-host-key"]["address"] == "192.0.2.9"


def test_an_ipv6_address() -> None:
    _, registered = made(replace(THERE, address="2001:db8::9", protocols=("h2", "h3")))
    assert sets(registered) == {
        "www-address": [("www", "AAAA", ["2001:db8::9"])],
        "www-https": [("www", "HTTPS", ["10 . alpn=h3,h2 no-default-alpn"])],
    }


def test_a_host_without_a_zone_is_proven_all_the_same() -> None:
    host, registered = made(replace(OWN, record=""), dns=False)
    assert names(registered) == ["CaddyHost www", "HostProbe www-probe", "Server www", "StartupScript www-startup"]
    assert host.urls == ["https://www.example.com/"]


def test_unseen_where_that_was_asked() -> None:
    assert made(replace(OWN, ready_deadline=0))[1].of(tokens.HOST_PROBE) == {}


@pytest.mark.parametrize(("mode", "proven", "announced"), [("http", False, False), ("tcp", True, True)])
def test_behind_something(mode: str, *, proven: bool, announced: bool) -> None:
    _, registered = made(replace(OWN, behind=Behind(networks=("198.51.100.0/24",), mode=mode)))
    assert bool(registered.of(tokens.HOST_PROBE)) is proven
    found = sets(registered)
    assert found["www-address"][0][:2] == ("www", "A")
    assert ("www-https" in found) is announced
    if announced:
        assert found["www-https"][0][2][0]["alpn"] == ["h2"], "nothing there speaks HTTP/3"


def test_which_ca_a_proof_trusts() -> None:
    both = replace(THERE, sites=(SITE, INTERNAL), acme_ca="https://ca.example.com/directory", acme_ca_root=PEM)
    probe = made(both)[1].of(tokens.HOST_PROBE)["www-probe"]
    assert [target["url"] for target in probe["targets"]] == ["https://www.example.com/", "https://in.example.com/"]
    assert probe["targets"][0]["ca"] == PEM


def test_a_caddyfile_over_ssh_is_proven_by_its_records() -> None:
    host, registered = made(replace(THERE, sites=(), caddyfile="www.example.com\n", records=("app",)))
    assert host.urls == ["https://www.example.com/", "https://app.example.com/"]
    assert [name for name, *_ in sets(registered)["www-https"]] == ["www", "app"]


RAW = replace(THERE, sites=(), caddyfile="www.example.com {\n\trespond hello\n}\n")


@pytest.mark.parametrize("args", [RAW, replace(RAW, zone="is1c", address="")])
def test_a_caddyfile_is_announced_as_it_was_answered(args: CaddyHostArgs) -> None:
    """Whatever it says of protocols, ports and TLS: the record comes from the probe."""
    _, registered = made(args)
    probe = registered.of(tokens.HOST_PROBE)["www-probe"]
    assert (probe["protocols"], probe["required"]) == (["h1", "h2", "h3"], False)
    (value,) = sets(registered)["www-https"][0][2]
    told = value if isinstance(value, str) else str(value["alpn"])
    assert "h2" in told
    assert "h3" not in told, "nobody was answered over it"
    withdrawal = registered.of(tokens.HTTP3_WITHDRAWAL)["www-withdrawal"]
    assert (withdrawal["protocols"], withdrawal["content"]) == ([], probe["content"])
    assert registered.of(tokens.DNS_RECORD_SETS)["www-https"]["trigger"] == 7


def test_protocols_beside_a_caddyfile_must_all_be_answered() -> None:
    _, registered = made(replace(RAW, protocols=("h1", "h2", "h3")))
    assert registered.of(tokens.HOST_PROBE)["www-probe"]["required"] is True
    assert sets(registered)["www-https"] == [("www", "HTTPS", ["10 . alpn=h3,h2"])]
    assert registered.of(tokens.DNS_RECORD_SETS)["www-https"]["trigger"] == 7, "the record leaves before each change"


def test_typed_sites_keep_their_record_while_they_change() -> None:
    _, registered = made(THERE)
    assert not registered.of(tokens.HTTP3_WITHDRAWAL)["www-withdrawal"].get("content")
    assert "trigger" not in registered.of(tokens.DNS_RECORD_SETS)["www-https"]


def test_a_caddyfile_that_nobody_was_asked_about_is_not_announced() -> None:
    host, registered = made(replace(RAW, record=""), dns=False)
    assert registered.of(tokens.HOST_PROBE) == {}
    assert host.serving.protocols == ()
    found = run_with_outputs(lambda: CaddyHost("www", replace(RAW, record="")).output())
    assert found["https_record"] == ""


def fake_caddy(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """The only Caddy on PATH."""
    (folder / "caddy").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "caddy").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


REFUSES = 'cat >/dev/null; echo "Error: adapting config: /dev/stdin:2: unrecognized directive: respnd" >&2; exit 1'


def test_a_caddy_at_hand_refuses_a_caddyfile_before_anything_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_caddy(tmp_path, monkeypatch, REFUSES)
    with pytest.raises(pulumi.RunError, match=r"caddyfile: Caddy refuses it: .*line:2: unrecognized directive: respnd"):
        made(RAW)
    snippet = replace(SITE, file_server=None, snippet="respnd x")
    with pytest.raises(pulumi.RunError, match=r"sites\[0\]\.snippet: .*\[caddyfile-refused\]"):
        made(replace(THERE, sites=(snippet,)))
    for known_to_the_host_only in (
        replace(RAW, binary=Binary(url="https://example.com/caddy", sha256="0" * 64)),
        replace(RAW, caddyfile="import /etc/caddy/sites/*\n"),
        THERE,
    ):
        made(known_to_the_host_only)


def test_a_caddy_that_does_not_answer_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_caddy(tmp_path, monkeypatch, "exec sleep 1000")
    monkeypatch.setattr("sakura_fleet.resources.caddy.local_check.DEADLINE", 0.2)
    with pytest.raises(pulumi.RunError, match=r"`caddy adapt` has not read it within 0.2 s"):
        made(RAW)


def test_without_a_caddy_the_host_has_the_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    made(replace(RAW, caddyfile="no_such_directive\n"))


@pytest.mark.skipif(not shutil.which("caddy"), reason="needs Caddy")
@pytest.mark.parametrize(
    ("text", "wrong"), [("www.example.com\nrespond hi\n", False), ("www.example.com\nrespnd hi\n", True)]
)
def test_the_words_of_the_real_one(text: str, *, wrong: bool) -> None:
    found = [problem.message for problem in caddyfile_problems(replace(RAW, caddyfile=text))]
    assert bool(found) is wrong
    assert all("line:2: unrecognized directive: respnd" in message for message in found)


def test_the_private_key_is_read_as_a_secret(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("PRIVATE")
    host, registered = made(replace(THERE, ssh=SshAccess(private_key_file=str(tmp_path / "key"))))
    connection = registered.of(tokens.REMOTE_COMMAND)["www-sites"]["connection"]
    assert "PRIVATE" in str(connection)
    assert host.args.ssh.private_key_file.endswith("key")
    with pytest.raises(pulumi.RunError, match=r"ssh.private_key_file: .*missing cannot be read.*\[ssh-key-file\]"):
        made(replace(THERE, ssh=SshAccess(private_key_file=str(tmp_path / "missing"))))


@pytest.mark.parametrize(
    ("args", "record"),
    [
        (THERE, "10 . alpn=h3,h2"),
        (replace(THERE, protocols=("h1",)), "10 ."),
        (replace(THERE, behind=Behind(networks=("198.51.100.0/24",))), ""),
        (OWN, "10 . alpn=h3,h2 ipv4hint=192.0.2.1"),
    ],
)
def test_the_https_record_as_an_output(args: CaddyHostArgs, record: str) -> None:
    found = run_with_outputs(lambda: CaddyHost("www", args).output())
    assert found["https_record"] == record
    assert found["address"] in (args.address, "192.0.2.1")


def test_rules_hold_for_programs_too() -> None:
    behind = Behind(networks=("198.51.100.0/24",))
    wrong = replace(THERE, sites=(SITE, SITE), protocols=("h1", "h2", "h3"), behind=behind)
    with pytest.raises(pulumi.RunError) as caught:
        made(wrong)
    assert "[h3-behind]" in str(caught.value)
    assert "[duplicate-site]" in str(caught.value)


def test_what_ssh_needs_is_loaded_only_for_hosts_over_ssh() -> None:
    program = "import sys, components; components.CaddyHost; components.DnsRecords; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "components.caddy.host" in done.stdout.split()
    assert not {"pulumi_command", "aioquic", "sakura_fleet.probe"} & set(done.stdout.split())
