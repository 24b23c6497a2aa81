"""One stack's configuration as Pulumi hands it over: every value a text, every problem at once."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest

from sakura_fleet.errors import InputError
from sakura_fleet.model.api_root import check_api_root, is_emulator
from sakura_fleet.model.stack import StackConfig, read_stack
from tests.unit.model.read import rules

GROUP: dict[str, Any] = {"name": "web", "zones": ["is1b"], "max_size": 5}
BEHIND_AN_ELB: dict[str, Any] = {
    **GROUP,
    "template": {"network_interfaces": [{"upstream": "shared", "expose": {"ports": [80], "server_group_name": "gr1"}}]},
}
ELB: dict[str, Any] = {"name": "shop", "bind_ports": [{"proxy_mode": "http", "port": 80}]}
GOOD = {"fleet_id": "0123456789abcdef", "size": "2", "server_group": json.dumps(GROUP)}


def stack(*, secret_keys: tuple[str, ...] = (), **changes: Any) -> StackConfig:
    raw = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    return read_stack(raw, secret_keys=secret_keys, source="stack test")


def problems_of(*, secret_keys: tuple[str, ...] = (), **changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        stack(secret_keys=secret_keys, **changes)
    return rules(caught.value.problems)


def with_script(script: str, *, ascii_only: bool = True) -> str:
    template = {"edit_parameter": {"startup_scripts": [script]}}
    return json.dumps({**GROUP, "template": template}, ensure_ascii=ascii_only)


def test_the_smallest_stack() -> None:
    config = stack()
    assert (config.fleet_id, config.api_root, config.account_id, config.rate_limit) == ("0123456789abcdef", "", "", 0.0)
    assert (config.server_group.name, config.server_group.size) == ("web", 2)


def test_a_full_stack() -> None:
    config = stack(
        api_root="http://127.0.0.1:18080/cloud/zone",
        account_id="113000000001",
        rate_limit="2.5",
        access_token="t" * 20,
        access_token_secret="s" * 20,
        server_password="p" * 20,
        secret_keys=("access_token", "access_token_secret", "server_password"),
    )
    assert config.api_root == "http://127.0.0.1:18080/cloud/zone"
    assert (config.account_id, config.rate_limit) == ("113000000001", 2.5)
    assert not {"t" * 20, "s" * 20, "p" * 20} & {text for text in repr(config).split("'") if text}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"fleet_id": None}, ("fleet_id", "required")),
        ({"fleet_id": "0123456"}, ("fleet_id", "shape")),
        ({"fleet_id": "f" * 65}, ("fleet_id", "shape")),
        ({"fleet_id": "0123456789ABCDEF"}, ("fleet_id", "shape")),
        ({"account_id": "11300000000"}, ("account_id", "shape")),
        ({"account_id": "1130000000012"}, ("account_id", "shape")),
        ({"rate_limit": "0"}, ("rate_limit", "range")),
        ({"rate_limit": "-1"}, ("rate_limit", "range")),
        ({"rate_limit": "true"}, ("rate_limit", "range")),
        ({"rate_limit": "NaN"}, ("rate_limit", "range")),
        ({"rate_limit": "Infinity"}, ("rate_limit", "range")),
        ({"rate_limit": "fast"}, ("rate_limit", "type")),
        ({"server_group": None}, ("server_group.name", "required")),
        ({"size": None}, ("size", "required")),
        ({"size": "6"}, ("size", "size-range")),
        ({"sizes": "6"}, ("sizes", "unknown-key")),
    ],
    ids=str,
)
def test_a_broken_rule_is_named(changes: dict[str, Any], problem: tuple[str, str]) -> None:
    assert problem in problems_of(**changes)


@pytest.mark.parametrize("fleet_id", ["f" * 8, "f" * 64, "local-emulator"])
def test_fleet_ids_at_their_edges(fleet_id: str) -> None:
    assert stack(fleet_id=fleet_id).fleet_id == fleet_id


@pytest.mark.parametrize(
    "root",
    [
        "https://secure.sakura.ad.jp/cloud/zone",
        "https://proxy.example:8443/cloud/zone",
        "http://localhost:18080/cloud/zone",
        "http://127.0.0.1:18080/cloud/zone",
        "http://[::1]:18080/cloud/zone",
        "http://127.8.8.8:18080/cloud/zone",
        "HTTP://LOCALHOST:18080/cloud/zone",
    ],
)
def test_api_roots(root: str) -> None:
    assert check_api_root(root) == ""
    assert is_emulator(root) is root.casefold().startswith("http:")
    assert stack(api_root=root).api_root == root


@pytest.mark.parametrize(
    ("root", "words"),
    [
        ("http://secure.sakura.ad.jp/cloud/zone", "unencrypted"),
        ("http://192.0.2.1:18080/cloud/zone", "unencrypted"),
        ("http://127.0.0.1.example.com/cloud/zone", "unencrypted"),
        ("http://localhost@example.com/cloud/zone", "only scheme, host and path"),
        ("https://secure.sakura.ad.jp/cloud/zone?a=b", "only scheme, host and path"),
        ("secure.sakura.ad.jp/cloud/zone", "is not a URL"),
        ("ftp://127.0.0.1/", "is not a URL"),
        ("https://", "is not a URL"),
        ("http://[::1", "is not a URL"),
    ],
)
def test_api_roots_that_are_refused(root: str, words: str) -> None:
    assert words in check_api_root(root)
    assert problems_of(api_root=root) == [("api_root", "api-root")]


@pytest.mark.parametrize("key", ["access_token", "access_token_secret", "server_password"])
def test_a_secret_in_plain_text_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(InputError) as caught:
        stack(**{key: "hunter2-hunter2"})  # type: ignore[arg-type]
    assert rules(caught.value.problems) == [(key, "plain-secret")]
    assert "hunter2" not in str(caught.value)
    assert f"pulumi config set --secret {key}" in str(caught.value)
    assert stack(secret_keys=(key,), **{key: "hunter2-hunter2"}).fleet_id


@pytest.mark.parametrize("key", ["fleet_id", "size", "server_group", "account_id"])
def test_a_secret_where_none_belongs(key: str) -> None:
    assert problems_of(secret_keys=(key,), account_id="113000000001") == [(key, "unexpected-secret")]


@pytest.mark.parametrize("secret", ["hunter", 'quo"te\\back', "line\nbreak", "パスワード長い", "a<b>&c'd"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_secrets_value_in_a_script_is_refused_however_it_is_written(secret: str, ascii_only: bool) -> None:
    group = with_script(f"#!/bin/sh\necho {secret} | passwd --stdin root\n", ascii_only=ascii_only)
    for written in (group, group.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")):
        found = problems_of(secret_keys=("access_token",), access_token=secret, server_group=written)
        assert found == [("server_group", "secret-in-script")]


def test_a_secret_too_short_to_tell_is_not_looked_for() -> None:
    group = with_script("#!/bin/sh\necho short\n")
    assert stack(secret_keys=("access_token",), access_token="short", server_group=group).fleet_id


@pytest.mark.parametrize(("length", "is_right"), [(11, False), (12, True), (128, True), (129, False)])
def test_a_password_has_the_length_that_the_cloud_takes(length: int, is_right: bool) -> None:
    settings = {"secret_keys": ("server_password",), "server_password": "p" * length}
    if is_right:
        assert stack(**settings).fleet_id  # type: ignore[arg-type]
    else:
        assert problems_of(**settings) == [("server_password", "password-length")]  # type: ignore[arg-type]


def test_all_problems_together_name_their_source() -> None:
    with pytest.raises(InputError) as caught:
        stack(
            fleet_id=None,
            api_root="http://192.0.2.1/",
            rate_limit="0",
            access_token="hunter2-hunter2",
            size="x",
            server_group=json.dumps({**GROUP, "zones": ["is9z"], "minsize": 1}),
        )
    assert {rule for _, rule in rules(caught.value.problems)} >= {
        "required",
        "api-root",
        "range",
        "plain-secret",
        "type",
        "unknown-zone",
        "unknown-key",
    }
    head, *lines = str(caught.value).splitlines()
    assert head == f"{len(lines)} problems in stack test; nothing was changed:"
    assert any(
        line == "  server_group.minsize: no such setting; did you mean min_size? [unknown-key]" for line in lines
    )


@pytest.mark.parametrize(
    ("dns", "broken"),
    [
        ({"adopt_zone": "113800000041", "description": "d", "tags": ["t"]}, []),
        ({"adopt_zone": "example.com"}, [("dns.adopt_zone", "shape")]),
        ({"lookup": True, "adopt_zone": "113800000041"}, [("dns.lookup", "lookup")]),
        ({"lookup": True, "description": "d", "tags": ["t"]}, [("dns.lookup", "lookup")]),
        (
            {"description": "d" * 513, "tags": ["sf:x"]},
            [("dns.description", "length"), ("dns.tags[0]", "reserved-tag")],
        ),
    ],
)
def test_a_zone_that_is_taken_over_has_labels_of_its_own(dns: dict[str, Any], broken: list[tuple[str, str]]) -> None:
    written = json.dumps({"zone": "example.com", **dns})
    if not broken:
        read = stack(dns=written).dns
        assert read is not None
        assert (read.adopt_zone, read.description, read.tags) == ("113800000041", "d", ("t",))
        return
    with pytest.raises(InputError) as caught:
        stack(dns=written)
    assert rules(caught.value.problems) == broken


@pytest.mark.parametrize(
    ("max_size", "ports", "fits"), [(40, [80], True), (41, [80], False), (20, [80, 81], True), (21, [80, 81], False)]
)
@pytest.mark.parametrize("elb", [{"name": "web"}, {"lookup": "web"}])
def test_an_elb_has_room_for_the_largest_size(max_size: int, ports: list[int], fits: bool, elb: dict[str, str]) -> None:
    interface = {"upstream": "shared", "expose": {"ports": ports, "server_group_name": "gr1"}}
    group = {**GROUP, "max_size": max_size, "template": {"network_interfaces": [interface]}}
    settings = {"server_group": json.dumps(group), "elb": json.dumps(elb)}
    if fits:
        assert stack(**settings).server_group.max_size == max_size
    else:
        assert problems_of(**settings) == [("server_group.max_size", "too-many-entries")]
    assert stack(server_group=json.dumps(group)).elb is None, "without an ELB there is no such limit"


def test_numbers_may_be_in_quotes_and_texts_without_them() -> None:
    interface = {
        "upstream": 113800000004,
        "packet_filter": [
            {"protocol": "tcp", "destination_port": 80, "action": "allow"},
            {"protocol": "ip", "action": "deny"},
        ],
    }
    group = {
        **GROUP,
        "max_size": "5",
        "template": {"plan": {"core": "2", "memory": 4}, "network_interfaces": [interface]},
    }
    read = stack(server_group=json.dumps(group)).server_group
    (found,) = read.template.network_interfaces
    assert (read.max_size, read.template.plan.core, read.template.plan.memory) == (5, 2, 4)
    assert (found.upstream, found.packet_filter[0].destination_port) == ("113800000004", "80")


def test_a_value_of_the_wrong_type_is_one_problem() -> None:
    group = {**GROUP, "max_size": [5], "template": {"plan": "large"}}
    assert problems_of(server_group=json.dumps(group)) == [
        ("server_group.max_size", "type"),
        ("server_group.template.plan", "type"),
    ]


@pytest.mark.parametrize(
    ("record_set", "problem"),
    [
        ({"name": "app", "type": "A", "values": ["192.0.2.1"]}, ("dns.record_sets[0]", "duplicate-set")),
        ({"name": "app", "type": "CNAME", "values": ["example.org."]}, ("dns.record_sets[0]", "cname-beside-others")),
    ],
)
def test_record_sets_leave_room_for_those_of_dns_elb(record_set: dict[str, Any], problem: tuple[str, str]) -> None:
    settings = {"elb": json.dumps(ELB), "server_group": json.dumps(BEHIND_AN_ELB)}
    dns: dict[str, Any] = {"zone": "example.com", "elb": "app", "record_sets": [record_set]}
    assert problems_of(**settings, dns=json.dumps(dns)) == [problem]
    assert stack(**settings, dns=json.dumps({**dns, "elb": "other"})).dns is not None


def test_a_clash_with_dns_elb_has_its_own_number_beside_other_problems() -> None:
    settings = {"elb": json.dumps(ELB), "server_group": json.dumps(BEHIND_AN_ELB)}
    without_values = {"name": "first", "type": "TXT", "values": []}
    same = {"name": "app", "type": "A", "values": ["192.0.2.1"]}
    alias = {"name": "app", "type": "CNAME", "values": ["example.org."]}
    dns = {"zone": "example.com", "elb": "app", "record_sets": [without_values, same, alias, same]}
    assert problems_of(**settings, dns=json.dumps(dns)) == [
        ("dns.record_sets[0].values", "no-values"),
        ("dns.record_sets[3]", "duplicate-set"),  # of the set before
        ("dns.record_sets[2]", "cname-beside-others"),  # and the A
        ("dns.record_sets[1]", "duplicate-set"),  # of what dns.elb writes
        ("dns.record_sets[3]", "duplicate-set"),
    ]
    dns["record_sets"] = [without_values, alias]
    assert problems_of(**settings, dns=json.dumps(dns)) == [
        ("dns.record_sets[0].values", "no-values"),
        ("dns.record_sets[1]", "cname-beside-others"),
    ]


def test_an_elb_needs_an_exposed_port() -> None:
    unread = {**GROUP, "template": {"network_interfaces": [{"expose": {"port": [80]}}]}}
    assert problems_of(elb=json.dumps(ELB)) == [("server_group.template.network_interfaces[0].expose.ports", "no-port")]
    assert ("server_group.template.network_interfaces[0].expose.ports", "no-port") not in problems_of(
        elb=json.dumps(ELB), server_group=json.dumps(unread)
    )


BROKEN: dict[str, tuple[Any, str]] = {
    "fleet_id": ("x", "fleet_id"),
    "api_root": ("http://192.0.2.1/", "api_root"),
    "account_id": ("1", "account_id"),
    "rate_limit": (0, "rate_limit"),
    "size": (99, "size"),
    "server_group": ({**BEHIND_AN_ELB, "zones": ["is9z"]}, "server_group.zones[0]"),
    "elb": ({**ELB, "plan": 7}, "elb.plan"),
    "hosts": ([{"name": "www", "zone": "is9z", "sites": [{"name": "www.example.com"}]}], "hosts[0].zone"),
    "dns": ({"zone": "example.com", "tags": ["sf:x"]}, "dns.tags[0]"),
    "scaling": ({"cooldwn": 1}, "scaling.cooldwn"),
    "server_password": ("p" * 5, "server_password"),
    "other": (1, "other"),
}
"""A setting of each section that is wrong by itself, and the path of its problem."""


@pytest.mark.parametrize("pair", list(combinations(BROKEN, 2)), ids="-".join)
def test_what_is_wrong_in_two_sections_is_told_at_once(pair: tuple[str, str]) -> None:
    settings = {"server_group": BEHIND_AN_ELB} | {key: BROKEN[key][0] for key in pair}
    found = problems_of(
        **{key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
    )
    assert {BROKEN[key][1] for key in pair} <= {path for path, _ in found}


def test_what_is_wrong_between_sections_is_told_beside_what_is_wrong_within_them() -> None:
    """Each section has a fault of its own, and each rule over several sections is broken, too."""
    dns = {
        "zone": "example.com",
        "elb": "app",
        "apex": "nobody",
        "tags": ["sf:x"],
        "record_sets": [
            {"name": "app", "type": "A", "values": ["192.0.2.1"]},
            {"name": "www", "type": "CNAME", "values": ["example.org."]},
        ],
    }
    host = {"name": "web-001", "zone": "is1b", "record": "www", "sites": [{"name": "www.example.com"}], "ttl": 1}
    found = problems_of(
        size="99",
        server_group=json.dumps({**BEHIND_AN_ELB, "max_size": 41, "min_size": 2, "zones": ["is9z"]}),
        elb=json.dumps({**ELB, "plan": 7}),
        hosts=json.dumps([host]),
        dns=json.dumps(dns),
        scaling=json.dumps({"up": 10, "down": 20}),
    )
    assert set(found) >= {
        ("server_group.zones[0]", "unknown-zone"),
        ("size", "size-range"),
        ("server_group.max_size", "too-many-entries"),
        ("elb.plan", "elb-plan"),
        ("hosts[0].ttl", "range"),
        ("hosts[0].name", "name-of-member"),
        ("hosts[0].record", "duplicate-record"),
        ("dns.tags[0]", "reserved-tag"),
        ("dns.record_sets[0]", "duplicate-set"),
        ("dns.apex", "no-such-host"),
    }
    assert any(path.startswith("scaling") for path, _ in found)


@pytest.mark.parametrize(
    "changes",
    [
        {"max_size": "many", "elb": ELB},
        {"name": 5.5, "hosts": [{"name": "web-001", "zone": "is1b", "caddyfile": "x"}]},
        {"network_interfaces": "one", "elb": ELB},
        {"hosts": "www", "dns": {"zone": "example.com", "apex": "www"}},
        {
            "hosts": [{"name": "a", "zone": "is1b", "caddyfile": "x", "record": 5.5}],
            "dns": {"zone": "example.com", "apex": "www"},
        },
        {"elb": {**ELB, "vip_failover": "perhaps"}, "dns": {"zone": "example.com", "elb": "@"}},
    ],
    ids=str,
)
def test_a_consequence_of_a_wrong_type_is_no_problem_of_its_own(changes: dict[str, Any]) -> None:
    template = {**BEHIND_AN_ELB["template"]} | {k: changes[k] for k in ("network_interfaces",) if k in changes}
    group = {**BEHIND_AN_ELB, "template": template} | {k: changes[k] for k in ("max_size", "name") if k in changes}
    others = {key: json.dumps(changes[key]) for key in ("elb", "hosts", "dns") if key in changes}
    assert [rule for _, rule in problems_of(server_group=json.dumps(group), **others)] == ["type"]
