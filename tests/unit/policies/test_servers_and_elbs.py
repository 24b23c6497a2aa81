"""Rules about single servers and ELBs: what passes, what fails, and what is not known yet."""

from __future__ import annotations

from typing import Any

import pytest

from policies.properties import UNKNOWN
from tests.unit.policies.support import broken, elb, server


def edit(**changes: Any) -> dict[str, Any]:
    return {"edit_parameter": {"disabled": False, "disable_pw_auth": True, **changes}}


@pytest.mark.parametrize(
    ("props", "paths"),
    [
        (edit(), []),
        ({"edit_parameter": {}}, []),
        (edit(disable_pw_auth=False), ["edit_parameter.disable_pw_auth"]),
        (edit(disable_pw_auth=UNKNOWN), []),
        (edit(disabled=UNKNOWN, disable_pw_auth=True), []),
        ({"edit_parameter": UNKNOWN}, []),
        (edit(disabled=True), ["edit_parameter.disabled"]),
        ({**edit(disabled=True), "disks": []}, []),
        ({**edit(disabled=True), "disks": UNKNOWN}, []),
        ({**edit(disabled=True), "disks": [UNKNOWN]}, []),
        ({**edit(disabled=True), "disks": [{"os_type": "", "source_archive": "113000000001"}]}, []),
    ],
)
def test_password_login(props: dict[str, Any], paths: list[str]) -> None:
    assert broken("password-login-off", server(**props)) == paths


@pytest.mark.parametrize(
    ("plan", "paths"),
    [
        ({"core": 8.0, "memory": 32.0}, []),
        ({"core": 9.0, "memory": 32.0}, ["plan.core"]),
        ({"core": 8, "memory": 33}, ["plan.memory"]),
        ({"core": 9, "memory": 33}, ["plan.core", "plan.memory"]),
        ({"core": UNKNOWN, "memory": 33}, ["plan.memory"]),
        ({}, []),
        (UNKNOWN, []),
    ],
)
def test_plan_of_a_server(plan: Any, paths: list[str]) -> None:
    assert broken("plan-limit", server(plan=plan)) == paths


@pytest.mark.parametrize(
    ("plan", "lookup", "paths"),
    [
        (10_000, "", []),
        (50_000.0, "", ["plan"]),
        (UNKNOWN, "", []),
        (50_000, "113000000001", []),
        (50_000, UNKNOWN, []),
    ],
)
def test_plan_of_an_elb(plan: Any, lookup: Any, paths: list[str]) -> None:
    assert broken("plan-limit", elb(plan=plan, lookup=lookup)) == paths


def test_limits_are_settings() -> None:
    assert broken("plan-limit", server(), max_core=1.0) == ["plan.core"]
    assert broken("disk-limit", server(), max_size=19.0, max_total=19.0) == ["disks[0].size", "disks"]


@pytest.mark.parametrize(
    ("sizes", "paths"),
    [
        ([250, 250], []),
        ([251], ["disks[0].size"]),
        ([250, 250, 20], ["disks"]),
        ([UNKNOWN, 260], ["disks[1].size"]),
        ([UNKNOWN], []),
        ([], []),
    ],
)
def test_disks(sizes: list[Any], paths: list[str]) -> None:
    assert broken("disk-limit", server(disks=[{"size": size} for size in sizes])) == paths


@pytest.mark.parametrize("disks", [UNKNOWN, [UNKNOWN], None])
def test_disks_that_are_not_known(disks: Any) -> None:
    assert broken("disk-limit", server(disks=disks)) == []


@pytest.mark.parametrize(
    ("check", "keys"),
    [
        ({"protocol": "http", "path": "/live", "delay_loop": 30.0}, []),
        ({"protocol": "http"}, []),
        ({"protocol": "tcp", "delay_loop": 10}, ["protocol"]),
        ({"protocol": "http", "path": ""}, ["path"]),
        ({"protocol": "http", "path": "/", "delay_loop": 31.0}, ["delay_loop"]),
        ({"protocol": UNKNOWN, "path": "", "delay_loop": UNKNOWN}, []),
        ({"protocol": "http", "path": UNKNOWN}, []),
        ({}, []),
        (UNKNOWN, []),
    ],
)
def test_health_check(check: Any, keys: list[str]) -> None:
    assert broken("elb-health-check", elb(health_check=check)) == [f"settings.health_check.{key}" for key in keys]


HTTPS = {"proxy_mode": "https", "port": 443}


@pytest.mark.parametrize(
    ("ports", "indices"),
    [
        ([{"proxy_mode": "http", "redirect_to_https": True}, HTTPS], []),
        ([{"proxy_mode": "http", "redirect_to_https": False}, HTTPS], [0]),
        ([HTTPS, {"proxy_mode": "http"}], [1]),
        ([{"proxy_mode": "http"}], []),
        ([{"proxy_mode": "tcp"}, HTTPS], []),
        ([{"proxy_mode": "http", "redirect_to_https": UNKNOWN}, HTTPS], []),
        ([{"proxy_mode": UNKNOWN}, HTTPS], []),
        ([{"proxy_mode": "http"}, UNKNOWN], []),
        (UNKNOWN, []),
    ],
)
def test_redirect(ports: Any, indices: list[int]) -> None:
    expected = [f"settings.bind_ports[{index}].redirect_to_https" for index in indices]
    assert broken("elb-redirect-to-https", elb(bind_ports=ports)) == expected


@pytest.mark.parametrize("rule", ["elb-health-check", "elb-redirect-to-https"])
def test_an_elb_made_elsewhere_is_not_judged(rule: str) -> None:
    bad = {"health_check": {"protocol": "tcp"}, "bind_ports": [{"proxy_mode": "http"}, HTTPS]}
    assert broken(rule, elb(**bad))
    assert not broken(rule, elb(**bad, lookup="their-elb"))
    assert not broken(rule, elb(**bad, lookup=UNKNOWN))
    assert not broken(rule, elb(settings=UNKNOWN))
