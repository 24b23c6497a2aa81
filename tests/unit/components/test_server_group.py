"""`ServerGroup` against Pulumi's mocks: which resources a group is made of, and under which names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pulumi
import pytest
from pulumi.runtime import rpc

from components import ServerGroup
from sakura_fleet import tokens
from sakura_fleet.model.server.group import ServerGroupArgs
from sakura_fleet.model.server.packet_filter import PacketFilterRule
from sakura_fleet.model.server.template import EditParameter, MachinePlan, NetworkInterface, ServerTemplate
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.resources import Server, StartupScript, Switch
from tests.unit.components.program import FLEET, PROJECT, STACK, Registered, run, run_with_outputs

SWITCH = "113800000010"
SCRIPT = "#!/bin/sh\necho {{ .Name }}\n"
ARGS = ServerGroupArgs(
    name="web",
    zones=("is1b", "is1c"),
    size=3,
    max_size=10,
    template=ServerTemplate(
        plan=MachinePlan(core=2, memory=4),
        edit_parameter=EditParameter(startup_scripts=(SCRIPT, "#!/bin/sh\n")),
        tags=("web",),
        description="d",
    ),
)


def group_of(args: ServerGroupArgs = ARGS, **options: Any) -> tuple[ServerGroup, Registered]:
    return run(lambda: ServerGroup("front", args, **options))


def with_interfaces(*interfaces: NetworkInterface, **changes: Any) -> ServerGroupArgs:
    return replace(ARGS, **{"template": replace(ARGS.template, network_interfaces=interfaces), **changes})


def test_what_a_group_registers() -> None:
    group, made = group_of()
    generation = ARGS.generation
    assert made.names == [
        f"Server front-{generation}-001",
        f"Server front-{generation}-002",
        f"Server front-{generation}-003",
        "ServerGroup front",
        "StartupScript front-startup-1",
        "StartupScript front-startup-2",
    ]
    assert [member.name for member in group.members] == ["web-001", "web-002", "web-003"]


def test_members_take_slots_and_zones_in_turn() -> None:
    _, made = group_of()
    servers = list(made.of(tokens.SERVER).values())
    assert [(server["name"], server["slot"], server["zones"]) for server in servers] == [
        ("web-001", 0, ["is1b", "is1c"]),
        ("web-002", 1, ["is1b", "is1c"]),
        ("web-003", 2, ["is1b", "is1c"]),
    ]


def test_outputs_of_the_members() -> None:
    outputs = run_with_outputs(lambda: [member.output() for member in ServerGroup("front", ARGS).members])
    keys = [output.pop("key") for output in outputs]
    assert outputs == [
        {"name": "web-001", "zone": "is1b", "address": "192.0.2.1"},
        {"name": "web-002", "zone": "is1c", "address": "192.0.2.2"},
        {"name": "web-003", "zone": "is1b", "address": "192.0.2.3"},
    ]
    assert len(set(keys)) == 3


def test_a_members_key_is_its_mark_from_fleet_and_urn() -> None:
    group, made = group_of()
    (name, inputs) = next(iter(made.of(tokens.SERVER).items()))
    # The mocks count the stack as a parent type, which the engine does not.
    types = f"pulumi:pulumi:Stack${tokens.SERVER_GROUP}${tokens.SERVER}"
    urn = f"urn:pulumi:{STACK}::{PROJECT}::{types}::{name}"
    assert inputs["owner_tags"] == OwnerTags.of(FLEET, urn).inputs()
    keys = run_with_outputs(lambda: [member.key for member in ServerGroup("front", ARGS).members])
    assert keys[0] == inputs["owner_tags"]["resource"]
    assert group.members[0].name == inputs["name"]


def test_every_resource_carries_owner_tags() -> None:
    _, made = group_of(with_interfaces(NetworkInterface(packet_filter=(PacketFilterRule(protocol="ip"),))))
    owners = [resource.inputs["owner_tags"] for resource in made.resources if resource.typ != tokens.SERVER_GROUP]
    assert {owner["fleet"] for owner in owners} == {OwnerTags.of(FLEET, "").fleet}
    assert len({owner["resource"] for owner in owners}) == len(owners)


def test_another_size_adds_or_removes_the_highest_numbers_only() -> None:
    _, small = group_of(replace(ARGS, size=1))
    _, large = group_of()
    assert set(small.names) < set(large.names)
    for name, inputs in small.of(tokens.SERVER).items():
        assert large.of(tokens.SERVER)[name] == inputs


def test_an_empty_group_keeps_its_scripts() -> None:
    group, made = group_of(replace(ARGS, size=0))
    assert group.members == []
    assert made.names == ["ServerGroup front", "StartupScript front-startup-1", "StartupScript front-startup-2"]


def test_another_template_makes_members_of_other_names() -> None:
    changed = replace(ARGS, template=replace(ARGS.template, plan=MachinePlan(core=4, memory=8)))
    _, before = group_of()
    _, after = group_of(changed)
    assert not set(before.of(tokens.SERVER)) & set(after.of(tokens.SERVER))
    names = [[server["name"] for server in made.of(tokens.SERVER).values()] for made in (before, after)]
    assert names[0] == names[1]  # the cloud's names stay


@pytest.mark.parametrize("change", [{"tags": ("x",)}, {"description": "x"}, {"icon_id": "112300511981"}])
def test_labels_change_in_place(change: dict[str, Any]) -> None:
    _, before = group_of()
    _, after = group_of(replace(ARGS, template=replace(ARGS.template, **change)))
    assert before.names == after.names


def test_a_script_is_one_note_for_the_whole_group() -> None:
    _, made = group_of()
    scripts = made.of(tokens.STARTUP_SCRIPT)
    assert [(script["name"], script["content"]) for script in scripts.values()] == [
        ("web-startup-1", SCRIPT),
        ("web-startup-2", "#!/bin/sh\n"),
    ]
    for server in made.of(tokens.SERVER).values():
        assert [(script["note_id"], script["uses_name"]) for script in server["startup_scripts"]] == [
            ("id-of-front-startup-1", True),
            ("id-of-front-startup-2", False),
        ]
        assert len({script["digest"] for script in server["startup_scripts"]}) == 2


def test_packet_filters_are_made_once_a_zone_and_interface() -> None:
    web, ip = PacketFilterRule(protocol="tcp", destination_port="80"), PacketFilterRule(protocol="ip")
    upstream = {"is1b": SWITCH, "is1c": "113800000011"}
    _, made = group_of(
        with_interfaces(
            NetworkInterface(packet_filter=(web,)),
            NetworkInterface(upstream=upstream),
            NetworkInterface(upstream=upstream, packet_filter=(ip,)),
        )
    )
    filters = made.of(tokens.PACKET_FILTER)
    assert {name: (it["name"], it["zone"], it["rules"]) for name, it in filters.items()} == {
        "front-nic0-is1b": ("web-nic0", "is1b", [web.inputs()]),
        "front-nic0-is1c": ("web-nic0", "is1c", [web.inputs()]),
        "front-nic2-is1b": ("web-nic2", "is1b", [ip.inputs()]),
        "front-nic2-is1c": ("web-nic2", "is1c", [ip.inputs()]),
    }
    for server in made.of(tokens.SERVER).values():
        assert server["packet_filters"] == [
            {"is1b": "id-of-front-nic0-is1b", "is1c": "id-of-front-nic0-is1c"},
            "",
            {"is1b": "id-of-front-nic2-is1b", "is1c": "id-of-front-nic2-is1c"},
        ]
        assert [nic["upstream"] for nic in server["network_interfaces"]] == ["shared", upstream, upstream]


def test_every_server_takes_an_address_of_the_same_block() -> None:
    interface = NetworkInterface(upstream=SWITCH, assign_cidr_block="192.168.0.16/24", default_route="192.168.0.1")
    _, made = group_of(with_interfaces(interface, zones=("is1b",)))
    nics = [server["network_interfaces"][0] for server in made.of(tokens.SERVER).values()]
    assert [(nic["assign_cidr_block"], nic["default_route"]) for nic in nics] == [
        ("192.168.0.16/24", "192.168.0.1")
    ] * 3


def test_a_server_gets_all_of_the_template() -> None:
    _, made = group_of(replace(ARGS, shutdown_force=True), password="hunter22")
    server = next(iter(made.of(tokens.SERVER).values()))
    assert server["plan"] == {"core": 2, "memory": 4, "dedicated_cpu": False}
    assert [disk["os_type"] for disk in server["disks"]] == ["almalinux"]
    assert (server["tags"], server["description"], server["shutdown_force"]) == (["web"], "d", True)
    assert "startup_scripts" not in server["edit_parameter"]
    assert rpc.is_rpc_secret(server["password"])
    assert rpc.unwrap_rpc_secret(server["password"]) == "hunter22"


def test_without_a_password_there_is_none() -> None:
    _, made = group_of()
    assert "password" not in next(iter(made.of(tokens.SERVER).values()))


def test_broken_settings_stop_the_program_before_anything_is_registered() -> None:
    with pytest.raises(pulumi.RunError) as caught:
        group_of(replace(ARGS, size=11, min_size=1, name_format="x"))
    assert "2 problems in server group front; nothing of it was changed [input]:" in str(caught.value)
    assert "[size-range]" in str(caught.value)
    assert "[name-format]" in str(caught.value)


def test_a_stack_without_fleet_id_is_refused() -> None:
    with pytest.raises(pulumi.RunError, match="run `sakura-fleet init`"):
        run(lambda: ServerGroup("front", ARGS), fleet_id="")


class Provider(pulumi.ProviderResource):
    def __init__(self) -> None:
        super().__init__("pulumi-python", "mine", {})


@pytest.mark.parametrize(
    "options",
    [
        lambda provider: pulumi.ResourceOptions(provider=provider),
        lambda provider: pulumi.ResourceOptions(providers=[provider]),
        lambda provider: pulumi.ResourceOptions(providers={"pulumi-python": provider}),
    ],
    ids=["provider", "providers", "providers by name"],
)
@pytest.mark.parametrize(
    "declare",
    [
        lambda opts: Switch("s", name="s", zone="is1b", opts=opts),
        lambda opts: ServerGroup("front", ARGS, opts=opts),
    ],
    ids=["resource", "group"],
)
def test_an_explicit_provider_is_refused_with_the_reason(options: Any, declare: Any) -> None:
    with pytest.raises(pulumi.RunError, match="an explicit provider is not supported, as one run has one API key"):
        run(lambda: declare(options(Provider())))


def test_a_secret_script_is_refused_with_the_way_out() -> None:
    def program() -> None:
        StartupScript("s", name="s", content=pulumi.Output.secret("#!/bin/sh\nhunter22\n"))

    with pytest.raises(pulumi.RunError, match="Keep secrets out of it") as caught:
        run(program)
    assert "hunter22" not in str(caught.value)


def test_a_server_by_itself() -> None:
    _, made = run(lambda: Server("one", name="one", zones=["is1b"], password="hunter22"))
    (inputs,) = made.of(tokens.SERVER).values()
    assert inputs["startup_scripts"] == []
    assert inputs["network_interfaces"][0]["upstream"] == "shared"
    assert "zone" not in inputs or inputs["zone"] is None


def test_adopted_servers_take_the_places_of_their_numbers(caplog: pytest.LogCaptureFixture) -> None:
    _, made = group_of(replace(ARGS, adopt={1: "113800000021", 3: "113800000023"}))
    assert [server["adopt"] for server in made.of(tokens.SERVER).values()] == ["113800000021", "", "113800000023"]
    assert "not taken over" not in caplog.text
    group_of(replace(ARGS, size=1, adopt={1: "113800000021", 3: "113800000023"}))
    assert "server_group.adopt: number 3 is over the size 1, so not taken over" in caplog.text


def test_an_adopted_packet_filter_is_that_of_its_zone() -> None:
    interface = NetworkInterface(
        packet_filter=(PacketFilterRule(protocol="ip"),), adopt_packet_filter={"is1c": "113800000051"}
    )
    _, made = group_of(with_interfaces(interface))
    assert [packet_filter["adopt"] for packet_filter in made.of(tokens.PACKET_FILTER).values()] == ["", "113800000051"]
