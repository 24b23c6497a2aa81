"""What an ELB is set to: typed views of the wire, and changes that lose nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from sakura_fleet.client import ElbDocument, ElbEntry, ElbRule
from sakura_fleet.model.elb import ElbSettings, read_settings
from sakura_fleet.model.reading import Reader
from tests.unit.elbs import SETTINGS

FORWARD = {"path": "/", "server_group": "web"}
REDIRECT = {
    "path": "/",
    "action": "redirect",
    "redirect_location": "https://example.com/",
    "redirect_status_code": "301",
}
FIXED = {"path": "/", "action": "fixed", "fixed_status_code": "503"}


def complete(data: Any) -> ElbSettings:
    return read_settings(Reader(data, "", []))


def wire(settings: ElbSettings) -> dict[str, Any]:
    return {key: value for key, value in ElbDocument.new(settings).wire.items() if key != "Servers"}


@given(SETTINGS)
def test_settings_survive_the_wire(written: dict[str, Any]) -> None:
    settings = complete(written)
    document = ElbDocument.new(settings)
    assert document.settings == settings
    assert {**ElbDocument().with_settings(settings).wire, "Servers": []} == document.wire
    assert document.with_settings(settings) is document


@given(SETTINGS, SETTINGS)
def test_one_write_makes_the_settings_whatever_stood_there(old: dict[str, Any], new: dict[str, Any]) -> None:
    there = {**wire(complete(old)), "Servers": [{"IPAddress": "192.0.2.1"}], "OriginGuard": {"Token": "t"}}
    after = ElbDocument(there).with_settings(complete(new))
    assert after.settings == complete(new)
    assert (after.wire["Servers"], after.wire["OriginGuard"]) == (there["Servers"], there["OriginGuard"])


def test_keys_that_this_version_does_not_know_stay_inside_of_what_it_writes() -> None:
    old = complete({"bind_ports": [{"proxy_mode": "http", "port": 80}], "rules": [FORWARD, FIXED]})
    there = wire(old)
    there["BindPorts"][0]["Http3"] = True
    there["HealthCheck"]["Body"] = "OK"
    there["Rules"][1]["Comment"] = "by hand"
    there["Gzip"]["Level"] = 3
    assert ElbDocument(there).settings == old, "what is not known is no drift"
    new = complete(
        {
            "bind_ports": [{"proxy_mode": "https", "port": 443}, {"proxy_mode": "http", "port": 80}],
            "rules": [FIXED, REDIRECT],
            "health_check": {"protocol": "tcp"},
            "gzip": True,
        }
    )
    after = ElbDocument(there).with_settings(new).wire
    assert [port.get("Http3") for port in after["BindPorts"]] == [None, True]
    assert [rule.get("Comment") for rule in after["Rules"]] == ["by hand", None]
    assert after["HealthCheck"] == {"Protocol": "tcp", "DelayLoop": 10, "Body": "OK"}
    assert after["Gzip"] == {"Enabled": True, "Level": 3}


def test_an_elb_without_ports_is_not_one_with_the_default_port() -> None:
    assert ElbDocument({"BindPorts": []}).settings.bind_ports == ()
    assert ElbDocument().settings.bind_ports == ()


def test_answers_that_say_less_read_as_defaults() -> None:
    lean: dict[str, Any] = {
        "BindPorts": [{"ProxyMode": "http", "Port": 80}],
        "Timeout": {},
        "StickySession": None,
        "Rules": None,
    }
    assert ElbDocument(lean).settings == ElbSettings()


def test_a_rule_without_an_action_forwards() -> None:
    rule = ElbRule.from_api({"Path": "/", "ServerGroup": "a"})
    assert rule == ElbRule.from_api({"Path": "/", "ServerGroup": "a", "Action": "forward"})
    assert rule != ElbRule.from_api({"Path": "/", "ServerGroup": "b"})
    assert rule.to_api() == {"Path": "/", "ServerGroup": "a"}, "as it came"


def test_a_server_left_out_is_none() -> None:
    empty = wire(ElbSettings())
    assert empty["SorryServer"] == {"IPAddress": "", "Port": None}
    assert empty["Syslog"] == {"Server": "", "Port": 514}, "an empty object is refused by the API"


# Entries


def test_an_entry_goes_back_as_it_came() -> None:
    sent = {"IPAddress": "192.0.2.10", "Port": "80", "Weight": 3}
    entry = ElbEntry.from_api(sent)
    assert (entry.place, entry.server_group, entry.enabled) == (("192.0.2.10", 80), "", True)
    assert entry.to_api() == sent
    assert replace(entry, enabled=False).to_api() == {**sent, "Enabled": False}
    assert replace(entry, server_group="web").to_api() == {**sent, "ServerGroup": "web"}
    assert ElbEntry("192.0.2.10", 80, "web").to_api() == {
        "IPAddress": "192.0.2.10",
        "Port": 80,
        "ServerGroup": "web",
        "Enabled": True,
        "ProxySSL": False,
    }


def test_entries_and_rules_change_and_nothing_else() -> None:
    document = ElbDocument({**wire(complete({"rules": [FORWARD, FIXED]})), "Novelty": 1})
    entry = ElbEntry("192.0.2.10", 80)
    after = document.with_entries([entry], document.rules[1:])
    assert (after.entries, after.rules) == ((entry,), document.rules[1:])
    assert {**after.wire, "Servers": [], "Rules": document.wire["Rules"]} == {**document.wire, "Servers": []}


# Let's Encrypt


@pytest.mark.parametrize("names", [(), ("example.com",), ("example.com", "www.example.com", "a.example.com")])
def test_names_of_lets_encrypt(names: tuple[str, ...]) -> None:
    document = ElbDocument({"Novelty": 1}).with_lets_encrypt_names(names)
    assert (document.lets_encrypt_names, document.wire["Novelty"]) == (names, 1)
    assert ElbDocument().lets_encrypt_names == ()
