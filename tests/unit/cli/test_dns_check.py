"""`dns check` for a stack whose zone no name server has."""

from __future__ import annotations

from typing import Any

import pytest

from sakura_fleet import tokens
from sakura_fleet.cli import dns_check
from sakura_fleet.client import name_servers
from sakura_fleet.model.dns.published import Answer
from tests.unit.folder import Folder


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The name servers that were asked; each answers nothing."""
    found: list[str] = []
    records = [{"name": "www", "type": "A", "ttl": 300, "values": ["192.0.2.1"]}]
    outputs = {"zone_id": "1", "zone_name": "example.com", "records": records}
    zone = {"type": tokens.DNS_ZONE, "id": "1", "outputs": {"name_servers": ["ns1.gslb4.sakura.ne.jp"]}}

    class Engine:
        def __init__(self, *_: object) -> None: ...

        def resources(self) -> list[dict[str, Any]]:
            return [zone, {"type": tokens.DNS_RECORD_SETS, "id": "1", "outputs": outputs}]

    def ask(server: name_servers.NameServer, *_: str) -> Answer:
        found.append(server.name)
        return Answer(server.name, error="silence")

    monkeypatch.setattr(dns_check, "StackEngine", Engine)
    monkeypatch.setattr(name_servers, "ask", ask)
    monkeypatch.setattr(name_servers, "zone_of", lambda *_: None)
    monkeypatch.setattr(
        name_servers, "addresses_of", lambda host, port: [name_servers.NameServer(host, "192.0.2.53", port)]
    )
    return found


CHECK = ("dns", "check", "www.example.com", "-s", "test", "--no-doh")


def test_a_stack_in_an_emulator_is_told_what_to_do_instead(folder: Folder, asked: list[str]) -> None:
    folder.write(api_root="http://127.0.0.1:8080/cloud/zone")
    result = folder.run(*CHECK)
    assert (result.exit_code, asked) == (1, []), result.output
    assert "the stack test is in an emulator, which answers no DNS questions" in result.stderr
    assert "`sakura-fleet dns export example.com -s test -f example.com.zone`" in result.stderr
    assert "--no-doh and --server HOST:PORT [dns]" in result.stderr


def test_a_name_server_that_was_named_is_asked(folder: Folder, asked: list[str]) -> None:
    folder.write(api_root="http://127.0.0.1:8080/cloud/zone")
    assert folder.run(*CHECK, "--server", "127.0.0.1:5353").exit_code == 5
    assert asked == ["127.0.0.1"]


def test_a_stack_in_the_real_cloud_is_asked_about_at_its_name_servers(folder: Folder, asked: list[str]) -> None:
    folder.write()
    assert folder.run(*CHECK).exit_code == 5
    assert asked == ["ns1.gslb4.sakura.ne.jp"]
