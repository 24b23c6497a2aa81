"""An ELB's settings: every bound at both edges."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from sakura_fleet.model.elb import (
    CONTENT_TYPES,
    MAX_RESPONSE_HEADERS,
    PLANS,
    PROXY_MODES,
    REGIONS,
    SSL_POLICIES,
    ElbSettings,
    read_elb,
    read_settings,
)
from sakura_fleet.model.reading import Reader
from tests.unit.elbs import SETTINGS
from tests.unit.model.read import read, rules

MATCH = {"path": "/"}
FORWARD = {**MATCH, "server_group": "web"}
REDIRECT = {**MATCH, "action": "redirect", "redirect_location": "https://example.com/", "redirect_status_code": "301"}
FIXED = {**MATCH, "action": "fixed", "fixed_status_code": "503"}


def settings_of(data: Any) -> tuple[ElbSettings, list[tuple[str, str]]]:
    """Settings read and closed, and what is wrong with them."""

    def whole(reader: Reader) -> ElbSettings:
        settings = read_settings(reader)
        reader.close()
        return settings

    settings, problems = read(whole, data)
    return settings, rules(problems)


def complete(data: Any) -> ElbSettings:
    settings, problems = settings_of(data)
    assert problems == []
    return settings


def refused(**data: Any) -> list[tuple[str, str]]:
    return settings_of(data)[1]


def elb_of(**data: Any) -> tuple[Any, list[tuple[str, str]]]:
    elb, problems = read(read_elb, data)
    return elb, rules(problems)


def test_nothing_said_is_a_whole_elb() -> None:
    settings = complete({})
    assert settings == ElbSettings()
    assert settings.bind_ports == complete({"bind_ports": [{"proxy_mode": "http", "port": 80}]}).bind_ports


@given(SETTINGS)
def test_settings_are_plain_and_complete_as_inputs(written: dict[str, Any]) -> None:
    settings = complete(written)
    assert complete(settings.inputs()) == settings
    assert json.loads(json.dumps(settings.inputs())).keys() == ElbSettings().inputs().keys()


@pytest.mark.parametrize(
    ("path", "low", "high"),
    [
        (("timeout",), 10, 600),
        (("health_check", "delay_loop"), 10, 60),
        (("bind_ports", 0, "port"), 1, 65_535),
        (("sorry_server", "port"), 1, 65_535),
        (("syslog", "port"), 1, 65_535),
    ],
    ids=str,
)
def test_numbers_within_their_bounds(path: tuple[Any, ...], low: int, high: int) -> None:
    beside = {"sorry_server": {"ip_address": "192.0.2.90"}, "syslog": {"server": "192.0.2.91"}}

    def written(value: Any) -> dict[str, Any]:
        match path:
            case (key,):
                return {key: value}
            case (key, _, inner):
                return {key: [{"proxy_mode": "http", inner: value}]}
            case (key, inner):
                return {key: {**beside.get(key, {}), inner: value}}
        raise AssertionError(path)

    where = ".".join(f"{part}" for part in path).replace(".0.", "[0].")
    for value in (low, high, float(low)):
        assert refused(**written(value)) == []
    for value in (low - 1, high + 1):
        assert refused(**written(value)) == [(where, "range")]
    assert refused(**written("http")) == [(where, "type")]
    assert refused(**written(True)) == [(where, "type")]


def test_at_most_two_ports_and_ten_headers() -> None:
    port = {"proxy_mode": "http", "port": 80}
    assert refused(bind_ports=[port, {**port, "port": 81}]) == []
    assert refused(bind_ports=[port] * 3) == [("bind_ports", "too-many-ports")]
    header = {"header": "Cache-Control", "value": "public, max-age=60"}
    assert refused(bind_ports=[{**port, "response_headers": [header] * MAX_RESPONSE_HEADERS}]) == []
    assert refused(bind_ports=[{**port, "response_headers": [header] * (MAX_RESPONSE_HEADERS + 1)}]) == [
        ("bind_ports[0].response_headers", "too-many-headers")
    ]
    assert refused(bind_ports=[{**port, "response_headers": [{"header": "a b"}]}]) == [
        ("bind_ports[0].response_headers[0].header", "shape"),
        ("bind_ports[0].response_headers[0].value", "required"),
    ]


@pytest.mark.parametrize("mode", PROXY_MODES)
def test_what_each_mode_of_a_port_can_do(mode: str) -> None:
    def port(**more: Any) -> list[tuple[str, str]]:
        return refused(bind_ports=[{"proxy_mode": mode, "port": 80, **more}])

    assert port() == []
    assert port(redirect_to_https=True) == (
        [] if mode == "http" else [("bind_ports[0].redirect_to_https", "redirect-mode")]
    )
    assert port(http2=True) == ([] if mode == "https" else [("bind_ports[0].http2", "http2-mode")])
    for policy in SSL_POLICIES:
        assert port(ssl_policy=policy) == ([] if mode == "https" else [("bind_ports[0].ssl_policy", "ssl-policy-mode")])
    assert port(ssl_policy="SSL-3")[0] == ("bind_ports[0].ssl_policy", "unknown-value")


@pytest.mark.parametrize(
    ("check", "problems"),
    [
        ({"protocol": "tcp"}, []),
        ({"protocol": "tcp", "port": 8080}, [("health_check.port", "unknown-key")]),
        ({"protocol": "tcp", "path": "/"}, [("health_check.path", "health-check")]),
        ({"protocol": "tcp", "host": "example.com"}, [("health_check.path", "health-check")]),
        ({"path": "/live", "host": "example.com"}, []),
        ({"path": "live"}, [("health_check.path", "shape")]),
        ({"path": "/a b"}, [("health_check.path", "shape")]),
        (
            {"protocol": "https"},
            [("health_check.protocol", "unknown-value"), ("health_check.path", "health-check")][:1],
        ),
        ({"paht": "/"}, [("health_check.paht", "unknown-key")]),
    ],
)
def test_health_checks(check: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    assert refused(health_check=check) == problems


@pytest.mark.parametrize("rule", [FORWARD, REDIRECT, FIXED], ids=["forward", "redirect", "fixed"])
def test_a_rule_needs_what_its_action_needs_and_something_to_match(rule: dict[str, Any]) -> None:
    assert refused(rules=[rule]) == []
    needed = [key for key in rule if key.startswith(("server", "redirect", "fixed_status"))]
    for key in needed:
        less = {name: value for name, value in rule.items() if name != key}
        assert refused(rules=[FORWARD, less]) == [(f"rules[1].{key}", "rule-action")]
    unmatched = {name: value for name, value in rule.items() if name != "path"}
    assert refused(rules=[unmatched]) == [("rules[0]", "rule-match")]
    for key in ("host", "source_ips", "request_header_name"):
        assert refused(rules=[{**unmatched, key: "x"}]) == []


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("action", ("forward",), ("drop",)),
        ("redirect_status_code", ("301", "302"), ("300", "303", "200")),
        ("fixed_status_code", ("200", "403", "503"), ("404", "500")),
        ("fixed_content_type", CONTENT_TYPES, ("text/css",)),
        ("server_group", ("a", "0123456789", "a-b_C"), ("01234567890", "a b", "グループ")),
    ],
)
def test_the_words_of_a_rule(key: str, good: tuple[str, ...], bad: tuple[str, ...]) -> None:
    for word in good:
        assert refused(rules=[{**FORWARD, key: word}]) == []
    for word in bad:
        assert [path for path, _ in refused(rules=[{**FORWARD, key: word}])] == [f"rules[0].{key}"]


def test_problems_come_all_at_once_with_their_paths() -> None:
    assert refused(
        bind_ports=[{"proxy_mode": "udp", "port": 0}], gzip="yes", timeout=9, rules=[{}], sticky_sesion=True
    ) == [
        ("bind_ports[0].proxy_mode", "unknown-value"),
        ("bind_ports[0].port", "range"),
        ("rules[0].server_group", "rule-action"),
        ("rules[0]", "rule-match"),
        ("gzip", "type"),
        ("timeout", "range"),
        ("sticky_sesion", "unknown-key"),
    ]


def test_a_server_left_out_is_none() -> None:
    settings = complete({"sorry_server": {}, "syslog": {"port": 514}})
    assert (settings.sorry_server, settings.syslog) == (None, None)
    assert (settings.inputs()["sorry_server"], settings.inputs()["syslog"]) == ({}, {})


# The stack's ELB


def test_an_elb_of_the_stack() -> None:
    elb, problems = elb_of(name="web", gzip=True)
    assert problems == []
    assert (elb.name, elb.plan, elb.region, elb.settings) == ("web", 100, "is1", complete({"gzip": True}))
    assert elb_of()[1] == [("name", "required")]


@pytest.mark.parametrize("plan", PLANS)
def test_plans(plan: int) -> None:
    assert elb_of(name="web", plan=plan)[1] == []
    assert elb_of(name="web", plan=plan + 1)[1] == [("plan", "elb-plan")]


@pytest.mark.parametrize(("key", "high"), [("up_deadline", 3_600), ("min_healthy_time", 600), ("drain_timeout", 3_600)])
def test_times(key: str, high: int) -> None:
    for seconds in (0, high):
        elb, problems = elb_of(name="web", **{key: seconds})
        assert (problems, getattr(elb, key)) == ([], seconds)
    for seconds in (-1, high + 1):
        assert elb_of(name="web", **{key: seconds})[1] == [(key, "range")]


def test_other_settings_of_the_stack() -> None:
    for region in REGIONS:
        assert elb_of(name="web", region=region)[1] == []
    assert elb_of(name="web", region="is2")[1] == [("region", "unknown-value")]
    assert elb_of(name="x" * 64)[1] == []
    assert elb_of(name="x" * 65)[1] == [("name", "shape")]
    assert elb_of(name="web", icon_id="1")[1] == [("icon_id", "shape")]
    assert elb_of(name="web", bindports=[])[1] == [("bindports", "unknown-key")]


def test_an_elb_that_is_looked_up_takes_only_what_does_not_change_it() -> None:
    elb, problems = elb_of(lookup="tk-elb", vip_failover=True, drain_timeout=5)
    assert (problems, elb.lookup, elb.settings, elb.vip_failover) == ([], "tk-elb", ElbSettings(), True)
    for key, value in {"name": "a", "plan": 500, "tags": ["a"], "description": "d", "gzip": True}.items():
        assert elb_of(lookup="tk-elb", **{key: value})[1] == [("lookup", "lookup")]


def test_an_elb_that_is_taken_over() -> None:
    elb, problems = elb_of(name="web", adopt="113800000031")
    assert (problems, elb.adopt) == ([], "113800000031")
    assert elb_of(name="web", adopt="tk-elb")[1] == [("adopt", "shape")]
    assert elb_of(lookup="tk-elb", adopt="113800000031")[1] == [("lookup", "lookup")]
