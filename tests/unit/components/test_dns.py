"""The sets that the component's helpers say, and what is refused before anything is registered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pulumi
import pytest

from components.dns import (
    DnsRecords,
    DnsRecordsArgs,
    address_records,
    elb_record,
    https_alias,
    https_record,
    https_record_for,
)
from sakura_fleet import tokens
from sakura_fleet.model.dns import RecordSet, RecordSetArgs
from sakura_fleet.model.elb import BindPort, ElbArgs, ElbSettings
from sakura_fleet.model.reference import ElbReference, Reference, ServerReference
from sakura_fleet.model.serving import Serving
from tests.unit.components.program import run

SERVER = ServerReference("sfr:0000000000000001", "113800000001", ["is1b"])
OTHER = ServerReference("sfr:0000000000000002", "113800000002", ["is1b"])
ELB = ElbReference("", "113800000003")


def texts(*sets: RecordSet) -> list[str]:
    """What the sets say once every reference is known."""

    def resolve(reference: Reference, record_type: str) -> str:
        address = f"198.51.100.{reference.id[-1]}"
        return address if record_type == "A" else "site-3.proxylb1.sakura.ne.jp"

    assert args(*sets).check() == []
    known = [declared.resolved(resolve) for declared in sets]
    return [f"{found.name} {found.ttl} {found.type} {value.text()}" for found in known for value in found.values]


def test_hosts() -> None:
    assert texts(
        address_records("www", SERVER, OTHER), https_record("www", SERVER), https_alias("www.example.com")
    ) == [
        "www 3600 A 198.51.100.1",
        "www 3600 A 198.51.100.2",
        "www 30 HTTPS 10 . alpn=h3,h2 ipv4hint=198.51.100.1",
        "@ 3600 HTTPS 0 www.example.com.",
    ]
    assert texts(https_record("www", alpn=["h2"], priority=1)) == ["www 30 HTTPS 1 . alpn=h2"]


@pytest.mark.parametrize(
    ("failover", "address"), [(False, "A 198.51.100.3"), (True, "ALIAS site-3.proxylb1.sakura.ne.jp.")]
)
def test_behind_an_elb(failover: bool, address: str) -> None:
    assert texts(elb_record("@", ELB, failover=failover)) == [f"@ 30 {address}"]


@dataclass
class Host:
    """What `https_record_for` reads."""

    serving: Serving


@pytest.mark.parametrize(
    ("protocols", "servers", "text"),
    [
        (("http/1.1", "h2", "h3"), [SERVER], "10 . alpn=h3,h2 ipv4hint=198.51.100.1"),
        (("h2", "http/1.1"), [], "10 . alpn=h2"),
        (("http/1.1",), [], "10 ."),
        (("h3", "h2"), [SERVER, OTHER], "10 . alpn=h3,h2 no-default-alpn ipv4hint=198.51.100.1,198.51.100.2"),
    ],
)
def test_a_record_says_what_is_served(protocols: tuple[str, ...], servers: list[Any], text: str) -> None:
    host = Host(Serving(protocols=protocols, servers=servers))
    assert texts(https_record_for("www", host)) == [f"www 30 HTTPS {text}"]


def test_without_https_there_is_no_record() -> None:
    assert args(https_record_for("www", Host(Serving(protocols=())))).typed([]) == ([], [])


@pytest.mark.parametrize(
    ("ports", "protocols"),
    [
        ([("https", 443, True)], ("h2", "http/1.1")),
        ([("http", 80, False), ("https", 443, False)], ("http/1.1",)),
        ([("https", 8443, True)], ()),
        ([("http", 443, False)], ()),
        ([], ()),
    ],
)
def test_what_an_elb_serves(ports: list[tuple[str, int, bool]], protocols: tuple[str, ...]) -> None:
    bind_ports = tuple(BindPort(proxy_mode=mode, port=port, http2=http2) for mode, port, http2 in ports)
    assert ElbArgs(settings=ElbSettings(bind_ports=bind_ports)).serving == Serving(protocols=protocols)


def test_an_elb_made_elsewhere_is_believed_to_speak_http2() -> None:
    assert ElbArgs(lookup="113800000003").serving == Serving(protocols=("h2", "http/1.1"))


def args(*sets: RecordSet | RecordSetArgs, zone: str = "example.com") -> DnsRecordsArgs:
    return DnsRecordsArgs(zone=zone, record_sets=sets)


def test_check_says_everything_at_once() -> None:
    broken = args(RecordSetArgs("www", "A", ["x"]), RecordSetArgs("@", "CNAME", ["a.example.net."]), zone="com").check()
    assert [(p.path, p.rule) for p in broken] == [
        ("zone", "zone-name"),
        ("record_sets[0].values[0]", "a-value"),
        ("record_sets[1]", "cname-apex"),
    ]


@pytest.mark.parametrize(
    ("built", "path", "rule"),
    [
        (address_records("BAD NAME!!", SERVER), "name", "record-name"),
        (address_records("www." * 20 + "www", SERVER), "name", "record-name"),
        (address_records("www", SERVER, ttl=-5), "ttl", "range"),
        (address_records("www", SERVER, SERVER), "values[1]", "duplicate-value"),
        (address_records("www", ServerReference("", "113800000001", ["is1b"])), "values[0]", "reference"),
        (https_record("www", ServerReference("sfr:1", "113800000001", [])), "values[0]", "reference"),
        (elb_record("www", ElbReference("", ""), failover=False), "values[0]", "reference"),
        (https_alias("not a name ..", "www"), "values[0]", "svcb-target"),
        (https_alias("single"), "values[0]", "svcb-relative-target"),
        (https_record("www", priority=70_000), "values[0]", "svcb-priority"),
        (https_record("www", alpn=["a" * 256]), "values[0]", "svcb-alpn"),
        (https_record("www", alpn=["h2c"]), "values[0]", "svcb-cleartext-alpn"),
        (https_record("_443._https", priority=1), "", "svcb-owner"),
        (RecordSet.of_texts("www", "A", ["192.0.2.256"]), "values[0]", "a-value"),
        (RecordSet.of_texts("www", "HTTPS", ["1 . port=x"]), "values[0]", "svcb-port"),
        (RecordSet.of_texts("www", "SPF", ["v=spf1 -all"]), "type", "unknown-value"),
        (RecordSet.of_texts("www", "A", ["192.0.2.1"], allow=["no-such-rule"]), "allow[0]", "unknown-rule"),
    ],
)
def test_sets_of_the_builder_functions_are_judged(built: RecordSet, path: str, rule: str) -> None:
    problems = args(RecordSetArgs("a", "A", ["192.0.2.1"]), built).check()
    assert [(p.path, p.rule) for p in problems] == [(f"record_sets[1].{path}".removesuffix("."), rule)]


def test_a_name_of_a_builder_function_is_written_as_the_cloud_holds_it() -> None:
    declared, problems = args(address_records("WWW", SERVER)).typed([])
    assert (problems, [found.name for found in declared]) == ([], ["www"])


def test_a_rule_may_be_allowed_for_a_set_of_a_builder_function() -> None:
    alias = replace(https_alias("single", "www"), allow=("svcb-relative-target",))
    declared, problems = args(alias).typed([])
    assert (problems, [found.inputs()["values"] for found in declared]) == ([], [["0 single"]])


def test_problems_count_the_sets_as_the_program_wrote_them() -> None:
    empty = address_records("none")
    broken = args(empty, RecordSetArgs("www", "A", ["x"]), empty, RecordSetArgs("@", "CNAME", ["a.example.net."]))
    assert [(p.path, p.rule) for p in broken.check()] == [
        ("record_sets[1].values[0]", "a-value"),
        ("record_sets[3]", "cname-apex"),
    ]


def test_what_is_known_later_passes() -> None:
    later: pulumi.Output[str] = object.__new__(pulumi.Output)  # no engine runs that could give it a value
    server = ServerReference(later, later, ["is1b"])
    assert args(address_records("www", server), https_record("www", server)).check() == []


def test_what_is_known_later_may_be_a_value_and_nothing_else() -> None:
    later: Any = object.__new__(pulumi.Output)
    sets = [RecordSetArgs("www", "TXT", [later]), RecordSetArgs("@", "MX", [{"priority": 10, "target": later}])]
    declared, problems = args(*sets).typed([])
    assert problems == []
    assert [found.inputs()["values"] for found in declared] == [[later], [{"priority": 10, "target": later}]]
    assert [(p.path, p.rule) for p in args(RecordSetArgs(later, "A", ["192.0.2.1"])).check()] == [
        ("record_sets[0].name", "type")
    ]


def test_a_program_s_values_are_written_in_one_form() -> None:
    hint = {"priority": 1, "target": ".", "ipv4hint": [{"server": SERVER}]}
    sets = [
        RecordSetArgs("WWW", "AAAA", ["2001:DB8::1"]),
        RecordSetArgs("www", "HTTPS", [{"priority": 1.0, "alpn": ["h2"]}, hint]),
        RecordSetArgs("a", "A", [{"server": SERVER}]),
    ]
    declared, _ = args(*sets).typed([])
    assert [(found.name, found.inputs()["values"]) for found in declared] == [
        ("www", ["2001:db8::1"]),
        ("www", ["1 . alpn=h2", {"priority": 1, "target": ".", "ipv4hint": [{"server": SERVER.inputs()}]}]),
        ("a", [{"server": SERVER.inputs()}]),
    ]


def test_a_reference_is_written_as_the_plain_mapping_that_resources_carry() -> None:
    later: Any = object.__new__(pulumi.Output)
    hint = {"priority": later, "ipv4hint": [{"server": SERVER}]}
    sets = [RecordSetArgs("www", "HTTPS", [hint]), elb_record("@", ELB, failover=True)]
    declared, problems = args(*sets).typed([])
    assert problems == []
    assert [found.inputs()["values"] for found in declared] == [
        [{"priority": later, "ipv4hint": [{"server": SERVER.inputs()}]}],
        [{"elb": {"key": "", "id": "113800000003"}}],
    ]


def test_a_group_of_no_servers_has_no_set() -> None:
    assert args(address_records("www")).typed([]) == ([], [])


def test_a_zone_that_is_taken_over() -> None:
    taken = DnsRecordsArgs(zone="example.com", record_sets=[], adopt_zone="113800000041", description="d", tags=["t"])
    _, made = run(lambda: DnsRecords("dns", taken))
    zone = made.of(tokens.DNS_ZONE)["dns-zone"]
    assert (zone["adopt"], zone["description"], zone["tags"]) == ("113800000041", "d", ["t"])
    assert made.of(tokens.DNS_RECORD_SETS)["dns-records"]["adopt"] is False
