"""The rules as Pulumi's policies: unknown values, secrets, what was declared before, levels, and the page about it
all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyResource,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.deserialize import deserialize_properties, serialize_properties
from pulumi_policy.policy import PolicyCustomTimeouts, PolicyResourceOptions
from pulumi_policy.proxy import UNKNOWN_NUMBER_VALUE, UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policies import docs
from policies.levels import KINDS, LEVELS, kind_of
from policies.pack import Pack, plain
from policies.properties import UNKNOWN
from policies.rule import Resource
from policies.rules import RULES
from sakura_fleet import tokens
from tests.unit.policies.support import BY_ID, GROUP, elb, resource, server

ROOT = Path(__file__).resolve().parents[3]
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "hush-hush"}


def options(parent: str | None = None) -> PolicyResourceOptions:
    return PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), [], parent)


def on_the_wire(value: Any) -> Any:
    """Properties as the engine sends them: no integers, and texts for what is not known."""
    if value is UNKNOWN:
        return UNKNOWN_STRING_VALUE
    if isinstance(value, Mapping):
        return {key: on_the_wire(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [on_the_wire(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def arguments(judged: Resource, config: dict[str, Any] | None = None) -> ResourceValidationArgs:
    props = unknown_checking_proxy(deserialize_properties(on_the_wire(judged.props)))
    return ResourceValidationArgs(
        judged.type, props, judged.urn, judged.name, options(judged.parent or None), None, config
    )


def policies(kind: str = "production") -> dict[str, Policy]:
    return {policy.name: policy for policy in Pack(RULES, kind, kind).policies()}


def validated(policy: Policy, judged: Resource, config: dict[str, Any] | None = None) -> list[str]:
    assert isinstance(policy, ResourceValidationPolicy)
    found: list[str] = []
    policy.validate(arguments(judged, config), lambda message, _urn: found.append(message))
    return found


def collector(urns: list[str | None]) -> Callable[[str, str | None], None]:
    return lambda _message, urn: urns.append(urn)


def test_every_rule_is_a_policy_with_its_words() -> None:
    made = policies()
    assert list(made) == [rule.id for rule in RULES]
    assert len(set(made)) == len(RULES)
    for rule in RULES:
        assert rule.id == rule.id.lower().replace(" ", "-").replace("_", "-")
        assert (made[rule.id].description, made[rule.id].remediation_steps) == (rule.what, rule.way_out)
        assert isinstance(made[rule.id], ResourceValidationPolicy if rule.types else StackValidationPolicy)
        assert bool(rule.types) == bool(rule.check_resource) != bool(rule.check_stack)
        assert all((rule.what, rule.why, rule.way_out))
        assert rule.what.endswith(".")
        assert rule.why.endswith(".")
        assert not rule.way_out.endswith(".")


@pytest.mark.parametrize("kind", KINDS)
def test_levels_follow_the_kind_of_stack(kind: str) -> None:
    made = policies(kind)
    for rule in RULES:
        assert rule.levels.of(kind) in LEVELS
        assert made[rule.id].enforcement_level == EnforcementLevel(rule.levels.of(kind))
    mandatory = {name for name, policy in made.items() if policy.enforcement_level == EnforcementLevel.MANDATORY}
    assert bool(mandatory) == (kind != "local")


@pytest.mark.parametrize(
    ("stack", "configured", "kind"),
    [
        ("production", None, "production"),
        ("tokyo", None, "production"),
        ("latest", None, "production"),
        ("staging", None, "staging"),
        ("Staging-2", None, "staging"),
        ("local", None, "local"),
        ("dev_mika", None, "local"),
        ("test.1", None, "local"),
        ("tokyo", "local", "local"),
        ("local", "production", "production"),
    ],
)
def test_the_name_tells_the_kind(stack: str, configured: str | None, kind: str) -> None:
    assert kind_of(stack, configured) == kind


def test_a_kind_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="must be one of production, staging, local"):
        kind_of("tokyo", "prod")


def test_values_as_the_sdk_hands_them_over() -> None:
    wire = {
        "a": 1.0,
        "b": 1.5,
        "c": [UNKNOWN_NUMBER_VALUE, {"d": UNKNOWN_STRING_VALUE}],
        "e": SECRET,
        "__provider": "x",
    }
    expected = {"a": 1, "b": 1.5, "c": [UNKNOWN, {"d": UNKNOWN}], "e": "hush-hush"}
    assert plain(unknown_checking_proxy(deserialize_properties(wire))) == expected
    assert plain(unknown_checking_proxy(deserialize_properties(wire, True))) == expected
    assert repr(UNKNOWN) == "UNKNOWN"


BAD = {
    "production-two-zones": server(zones=["is1b"]),
    "size-within-limits": server(slot=9),
    "elb-health-check": elb(health_check={"protocol": "tcp"}),
    "elb-redirect-to-https": elb(bind_ports=[{"proxy_mode": "http"}, {"proxy_mode": "https"}]),
    "https-record-agrees": resource(
        tokens.DNS_RECORD_SETS,
        "records",
        zone_name="example.com",
        record_sets=[{"name": "@", "type": "HTTPS", "values": ["0 www.example.com."]}],
    ),
    "dns-records-sound": resource(
        tokens.DNS_RECORD_SETS,
        "records",
        zone_name="example.com",
        record_sets=[{"name": "www", "type": "HTTPS", "values": ["1 . alpn=h3-29"]}],
    ),
    "ssh-not-open": resource(tokens.PACKET_FILTER, "filter", rules=[]),
    "interface-without-filter": server(packet_filters=[""]),
    "password-login-off": server(edit_parameter={"disable_pw_auth": False}),
    "plan-limit": server(plan={"core": 64, "memory": 1}),
    "disk-limit": server(disks=[{"size": 400}]),
    "required-tags": server(tags=[]),
}
"""For each rule about a resource, one that breaks it."""


def test_there_is_a_bad_resource_for_every_rule() -> None:
    assert set(BAD) == {rule.id for rule in RULES if rule.types}


@pytest.mark.parametrize("rule_id", BAD)
def test_a_violation_is_reported_with_the_way_out(rule_id: str) -> None:
    (message,) = validated(policies()[rule_id], BAD[rule_id])
    assert message.endswith(f"\nWay out: {BY_ID[rule_id].way_out}")


def unknowns(value: Any) -> Iterator[Any]:
    """The same properties with one value after the other not known yet."""
    if isinstance(value, Mapping):
        for key in value:
            yield {**value, key: UNKNOWN}
            yield from ({**value, key: inner} for inner in unknowns(value[key]))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield [*value[:index], UNKNOWN, *value[index + 1 :]]
            yield from ([*value[:index], inner, *value[index + 1 :]] for inner in unknowns(value[index]))


@pytest.mark.parametrize("judged", [server(), elb(), *BAD.values()], ids=lambda resource: resource.name)
def test_what_is_not_known_makes_no_violation_and_no_error(judged: Resource) -> None:
    """Whatever is not known yet, nothing is reported that would not be reported with it known."""
    for name, policy in policies().items():
        if not isinstance(policy, ResourceValidationPolicy):
            continue
        known = validated(policy, judged)
        for props in unknowns(judged.props):
            found = validated(policy, Resource(judged.urn, judged.type, props, judged.parent))
            assert set(found) <= set(known), (name, props)


def marked(value: Any, number: list[int]) -> Any:
    """The same properties, but every text that no rule looks for is a recognisable one."""
    if isinstance(value, Mapping):
        return {key: marked(inner, number) for key, inner in value.items()}
    if isinstance(value, list):
        return [marked(inner, number) for inner in value]
    number[0] += 1
    return (
        value
        if not isinstance(value, str) or value in ("", "shared", "http", "https", "tcp", "HTTPS")
        else (value if value.startswith("0 ") else f"hush{number[0]}")
    )


@pytest.mark.parametrize("rule_id", BAD)
def test_messages_hold_no_property(rule_id: str) -> None:
    bad = BAD[rule_id]
    props = {**marked(bad.props, [0]), "password": "hush-password", "name": "hush-name"}
    found = validated(policies()[rule_id], Resource(bad.urn, bad.type, props, bad.parent))
    assert found
    assert "hush" not in "".join(found)
    for value in ("400", "64"):
        assert value not in "".join(found)


def test_settings_come_from_the_engine_and_else_from_the_rule() -> None:
    policy = policies()["plan-limit"]
    assert validated(policy, server(), {"max_core": 1.0})
    assert validated(policy, server(plan={"core": 2, "memory": 64}), {"max_core": 1.0})[1:]
    assert policy.config_schema
    assert policy.config_schema.properties["max_core"]["type"] == "integer"
    assert policies()["required-tags"].config_schema.properties["tags"]["items"] == {"type": "string"}  # type: ignore


def test_a_record_is_judged_by_the_server_declared_before() -> None:
    host, member = server("www", around=tokens.CADDY_HOST), server()
    for behind, expected in ((host, 0), (member, 1)):
        policy = policies()["https-record-agrees"]
        assert validated(policy, behind) == []
        reference = {"server": {"key": behind.props["owner_tags"]["resource"], "id": UNKNOWN, "zones": ["is1b"]}}
        sets = [
            {"name": "www", "type": "A", "values": [reference]},
            {"name": "www", "type": "HTTPS", "values": [{"priority": 10, "target": ".", "alpn": ["h3"]}]},
        ]
        records = resource(tokens.DNS_RECORD_SETS, "records", zone_name="example.com", record_sets=sets)
        assert len(validated(policy, records)) == expected


def test_the_whole_stack_is_judged_by_the_inputs_of_today() -> None:
    made = policies()
    validated(made["size-within-limits"], server())  # the engine shows each resource first, with its inputs
    stale = {**server().props, "labels": {"min_size": 0, "max_size": 4}}
    group = PolicyResource(tokens.SERVER_GROUP, {}, GROUP, "web", options(), None, None, [], {})
    member = PolicyResource(tokens.SERVER, stale, server().urn, server().name, options(), None, group, [], {})
    for name in ("size-not-below-minimum", "production-two-members"):
        policy = made[name]
        found: list[str | None] = []
        assert isinstance(policy, StackValidationPolicy)
        policy.validate(StackValidationArgs([group, member]), collector(found))
        assert found == [GROUP]


def test_a_remediation_leaves_secrets_secret() -> None:
    wire = {**on_the_wire(server(tags=["web"]).props), "password": SECRET, "address": UNKNOWN_STRING_VALUE}
    props = unknown_checking_proxy(deserialize_properties(wire, True))
    judged = server()
    args = ResourceValidationArgs(judged.type, props, judged.urn, judged.name, options(), None, None)
    policy = policies()["required-tags"]
    assert isinstance(policy, ResourceValidationPolicy)
    changed: Any = policy.remediate(args)
    assert serialize_properties(changed) == {**wire, "tags": ["web", "production"]}
    args = ResourceValidationArgs(tokens.SWITCH, props, judged.urn, judged.name, options(), None, None)
    assert policy.remediate(args) is None


def test_a_remediation_with_nothing_to_do_changes_nothing() -> None:
    props = unknown_checking_proxy(deserialize_properties(on_the_wire(server().props), True))
    judged = server()
    policy = policies()["required-tags"]
    assert isinstance(policy, ResourceValidationPolicy)
    args = ResourceValidationArgs(judged.type, props, judged.urn, judged.name, options(), None, None)
    assert policy.remediate(args) is None


def test_the_page_is_the_one_made_from_the_rules() -> None:
    committed = (ROOT / "docs" / "policies.md").read_text("utf-8")
    assert committed == docs.page(), "run `python -m policies.docs > docs/policies.md`"
    for rule in RULES:
        assert f"\n### {rule.id}\n" in committed
    assert json.dumps(docs.EXAMPLE, indent=2) in committed
