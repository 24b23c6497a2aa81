"""`WebElb` against Pulumi's mocks: an ELB, and the entries of a group in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components import ServerGroup, WebElb
from sakura_fleet import tokens
from sakura_fleet.model.elb import MAX_ENTRIES, ElbArgs, ElbSettings, Rule
from sakura_fleet.model.server.group import ServerGroupArgs
from sakura_fleet.model.server.template import Expose, NetworkInterface, ServerTemplate
from tests.unit.components.program import Registered, run, run_with_outputs

EXPOSED = NetworkInterface(expose=Expose(ports=(80, 8080), server_group_name="gr1"))
GROUP = ServerGroupArgs(
    name="web", zones=("is1b",), size=2, max_size=50, template=ServerTemplate(network_interfaces=(EXPOSED,))
)
SETTINGS = ElbSettings(gzip=True)
ARGS = ElbArgs(
    name="tk-elb", plan=500, tags=("a",), settings=SETTINGS, up_deadline=1, min_healthy_time=2, drain_timeout=3
)


def program(args: ElbArgs = ARGS, group: ServerGroupArgs = GROUP) -> WebElb:
    return WebElb("front", args, ServerGroup("web", group))


def made(args: ElbArgs = ARGS, group: ServerGroupArgs = GROUP) -> Registered:
    return run(lambda: program(args, group))[1]


def membership(registered: Registered) -> dict[str, Any]:
    return registered.of(tokens.ELB_MEMBERSHIP)["front-web"]


def exposing(*ports: int, size: int = 2) -> ServerGroupArgs:
    interface = NetworkInterface(expose=Expose(ports=ports, server_group_name="gr1"))
    return replace(GROUP, size=size, template=ServerTemplate(network_interfaces=(interface,)))


def test_an_elb_and_its_entries() -> None:
    registered = made()
    elb, entries = registered.of(tokens.ELB)["front"], membership(registered)
    assert (elb["name"], elb["plan"], elb["tags"], elb["settings"]) == ("tk-elb", 500, ["a"], SETTINGS.inputs())
    assert (entries["ports"], entries["server_group_name"]) == ([80, 8080], "gr1")
    assert [entries[key] for key in ("up_deadline", "min_healthy_time", "drain_timeout")] == [1, 2, 3]
    servers = registered.of(tokens.SERVER)
    assert [member["id"] for member in entries["members"]] == [f"id-of-{name}" for name in servers]
    assert [member["key"] for member in entries["members"]] == [
        server["owner_tags"]["resource"] for server in servers.values()
    ]
    assert entries["elb"] == {"key": elb["owner_tags"]["resource"], "id": "id-of-front"}


def test_the_rules_that_name_the_group_are_known_to_its_entries() -> None:
    rules = (
        Rule(path="/old", action="fixed", fixed_status_code="403"),
        Rule(host="a.example", server_group="gr1"),
        Rule(path="/x", server_group="other"),
    )
    entries = membership(made(replace(ARGS, settings=ElbSettings(rules=rules))))
    assert entries["rules"] == [{"at": 1, "rule": rules[1].inputs()}]


def test_an_elb_that_is_taken_over() -> None:
    assert made(replace(ARGS, adopt="113800000031")).of(tokens.ELB)["front"]["adopt"] == "113800000031"


def test_an_elb_made_elsewhere_is_known_by_its_id_alone() -> None:
    registered = made(ElbArgs(lookup="theirs"))
    assert registered.of(tokens.ELB)["front"]["lookup"] == "theirs"
    assert membership(registered)["elb"] == {"key": "", "id": "id-of-front"}


def test_a_group_of_nobody() -> None:
    assert not membership(made(group=exposing(80, size=0))).get("members")


def test_forty_entries_and_no_more() -> None:
    assert len(membership(made(group=exposing(80, size=MAX_ENTRIES)))["members"]) == MAX_ENTRIES
    for group in (exposing(80, size=MAX_ENTRIES + 1), exposing(80, 81, size=21)):
        with pytest.raises(
            pulumi.RunError, match=r"expose\.ports: .* entries; an ELB takes 40: make the group smaller"
        ):
            made(group=group)


@pytest.mark.parametrize("interfaces", [(), (NetworkInterface(),)], ids=["none", "nothing exposed"])
def test_a_group_that_exposes_nothing_is_refused(interfaces: tuple[NetworkInterface, ...]) -> None:
    group = replace(GROUP, template=ServerTemplate(network_interfaces=interfaces))
    with pytest.raises(pulumi.RunError, match=r"\[no-port\]"):
        made(group=group)


def test_the_elb_is_handed_on() -> None:
    assert run_with_outputs(lambda: program().elb.reference.inputs())["id"] == "id-of-front"
