"""A stack with a host by address: real `pulumi up`, real sshd, real Caddy, certificates over ACME, records in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sakura_emulator.server import running
from sakura_fleet.probe import probe
from tests.host.caddy import VERSIONS, caddy_binary
from tests.host.host_over_ssh import URL, ZONE, SshStack
from tests.host.machine import acme_ca, running_machine
from tests.host.stack import install_command_plugin
from tests.program.fleet import new_fleet


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SshStack]:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with running_machine(tmp_path / "m", caddy_binary(VERSIONS[-1])) as machine:
        machine.resolve("www.site.test")
        # The stack, the emulator and the host share one network, which only this test sees.
        with acme_ca(machine) as ca, machine.network(), running(latency="instant") as emulator:
            fleet = new_fleet(tmp_path / "fleet", emulator.url, dns={"zone": ZONE})
            install_command_plugin(fleet.folder / "home")
            yield SshStack(fleet, machine, ca)


def test_the_life_of_a_host_over_ssh(stack: SshStack) -> None:
    fleet = stack.fleet

    # It is there, and does not serve: nobody is sent to it over HTTP/3.
    stack.host("respond 503", ready_deadline=5)
    refused = fleet.up(check=False)
    assert refused.returncode != 0
    waited = rf"timed out after [0-5] s waiting for the host www \(127.0.0.1\) to serve {re.escape(URL)} over h1"
    assert re.search(waited, refused.stdout)
    assert "it answers 503" in refused.stdout
    assert stack.records() == {"A": "127.0.0.1"}

    stack.host("respond one")
    fleet.up()
    assert stack.page() == ["one", "one", "one"]
    assert stack.records() == {"A": "127.0.0.1", "HTTPS": "10 . alpn=h3,h2"}
    found = stack.output()
    assert found["https_record"] == stack.records()["HTTPS"]
    inside = "https://in.site.test/"  # its certificate is one of the host's own CA, which the script told
    assert (found["urls"], found["verified_protocols"]) == ([URL, inside], ["h1", "h2", "h3"])
    assert found["host_key"] == " ".join(stack.machine.sshd.host_key("ecdsa").split()[:2])
    assert set(found["certificates"]) == {URL, inside}
    key = (stack.machine.sshd.folder / "client").read_text()
    assert key.splitlines()[1] not in fleet.pulumi("stack", "export").stdout, "the private key is a secret"

    # The same again changes nothing, on the host or elsewhere.
    fleet.pulumi("preview", "--refresh", "--expect-no-changes")

    # What Caddy refuses fails the run with its words, and the site stays as it was, and announced.
    stack.host("resond two")
    refused = fleet.up(check=False)
    assert refused.returncode != 0
    assert "unrecognized directive: resond" in refused.stdout + refused.stderr
    assert stack.page() == ["one", "one", "one"]
    assert stack.records()["HTTPS"] == "10 . alpn=h3,h2"

    # HTTP/3 goes: first from the record, then, once no cache has it, from the host.
    stack.host("respond three", protocols=["h1", "h2"])
    fleet.up()
    assert stack.records()["HTTPS"] == "10 . alpn=h2"
    assert probe(URL, protocol="h2", address="127.0.0.1", ca_file=str(stack.ca.root)).alt_svc == ""

    # Another key than the one that was taken at the first connection: nothing is sent.
    sshd = stack.machine.sshd
    for name in ("host_ecdsa", "host_ecdsa.pub"):
        (sshd.folder / name).unlink()
    stack.machine.run("ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", sshd.folder / "host_ecdsa")
    stack.machine.run("bash", "-c", f"kill -HUP $(cat {sshd.folder}/pid)")
    stack.host("respond four", protocols=["h1", "h2"])
    refused = fleet.up(check=False)
    assert refused.returncode != 0
    assert "shows another SSH key" in refused.stdout + refused.stderr
    asked = probe(URL, protocol="h2", address="127.0.0.1", ca_file=str(stack.ca.root))
    assert asked.body == b"three"

    # The host is not the stack's: it is left serving, and the run says so. The records go.
    done = fleet.pulumi("destroy", "--yes", "--skip-preview")
    assert (
        "the host www (127.0.0.1) is none of this stack's servers: Caddy is left serving" in done.stdout + done.stderr
    )
    assert probe(URL, protocol="h2", address="127.0.0.1", ca_file=str(stack.ca.root)).body == b"three"
    assert fleet.count() == {}


def test_a_whole_caddyfile_is_announced_as_it_is_answered(stack: SshStack) -> None:
    """Whatever it says of protocols and ports, the record says what a client was answered over, or is not there."""
    fleet = stack.fleet
    stack.host("respond typed")  # brings the CA's root certificate to the host
    fleet.up()
    assert stack.records()["HTTPS"] == "10 . alpn=h3,h2"

    def caddyfile(address: str, protocols: str, **changes: Any) -> None:
        text = (
            f"{{\n\tadmin unix//run/caddy/admin.sock\n\tacme_ca {stack.ca.directory}\n"
            "\tacme_ca_root /etc/caddy/acme-ca-root.pem\n"
            f"\tservers {{\n\t\tprotocols {protocols}\n\t}}\n}}\n{address} {{\n\trespond raw\n}}\n"
        )
        raw = {"sites": None, "acme_ca": None, "acme_ca_root": None, "trusted_ca": stack.ca.root.read_text()}
        stack.host("", **{**raw, "caddyfile": text, **changes})

    caddyfile("www.site.test", "h1 h2 h3")
    fleet.up()
    assert stack.page() == ["raw", "raw", "raw"]
    assert stack.records() == {"A": "127.0.0.1", "HTTPS": "10 . alpn=h3,h2"}

    caddyfile("www.site.test", "h1 h2")
    fleet.up()
    assert stack.records() == {"A": "127.0.0.1", "HTTPS": "10 . alpn=h2"}
    assert stack.output()["https_record"] == "10 . alpn=h2"

    # A site without TLS: an error that says so, and nobody is sent there over https.
    caddyfile("http://www.site.test", "h1 h2 h3", ready_deadline=5)
    refused = fleet.up(check=False)
    assert refused.returncode != 0
    assert (
        f"to serve {URL} over TLS; no HTTPS record of it is written; with `http://`, a port such as" in refused.stdout
    )
    assert stack.records() == {"A": "127.0.0.1"}

    # Taken back: the set is the one that the state has, and is written again.
    caddyfile("www.site.test", "h1 h2")
    fleet.up()
    assert stack.records() == {"A": "127.0.0.1", "HTTPS": "10 . alpn=h2"}
    fleet.pulumi("preview", "--refresh", "--expect-no-changes")
