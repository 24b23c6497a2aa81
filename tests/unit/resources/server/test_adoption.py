"""What no template can say of a server keeps it from being taken over; what a preview cannot know is not judged."""

from __future__ import annotations

from typing import Any

import pytest

from sakura_fleet.client import Server
from sakura_fleet.errors import AdoptionError
from sakura_fleet.provider.lifecycle import Unknown
from sakura_fleet.resources.server.adoption import beyond_templates
from sakura_fleet.resources.server.server_lifecycle import ServerLifecycle
from tests.emulator.support import Api
from tests.unit.world import ZONE, World, server_inputs

LIFE = ServerLifecycle()
PLAIN: dict[str, Any] = {
    "ID": 113800000020,
    "Name": "web1",
    "Description": "",
    "CreatedAt": "2026-08-01T09:30:00+09:00",
    "Tags": [],
    "Icon": None,
    "Availability": "available",
    "InterfaceDriver": "virtio",
    "ServerPlan": {
        "CPU": 1,
        "MemoryMB": 2048,
        "GPU": 0,
        "GPUModel": None,
        "CPUModel": "uncategorized",
        "Commitment": "standard",
        "Generation": 100,
        "ConfidentialVM": False,
    },
    "Instance": {"Status": "up", "CDROM": None},
    "Disks": [
        {
            "ID": 113800000022,
            "Name": "web1-disk",
            "SizeMB": 20480,
            "Availability": "available",
            "Connection": "virtio",
            "EncryptionAlgorithm": "none",
            "EncryptionKey": None,
        }
    ],
    "Interfaces": [],
    "PrivateHost": None,
}
"""A server as the API answers it (`GET server/:id`)."""
SPECIAL: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("ServerPlan", {"GPU": 1, "GPUModel": "nvidia_v100"}, "it has a GPU (nvidia_v100)"),
    ("ServerPlan", {"GPU": 1}, "it has a GPU (1)"),
    ("ServerPlan", {"CPUModel": "amd_epyc_7713p"}, "its plan has the CPU model amd_epyc_7713p"),
    ("ServerPlan", {"ConfidentialVM": True}, "it is a confidential VM"),
    ("PrivateHost", {"ID": 113800000099}, "it is on the private host 113800000099"),
    ("Instance", {"Status": "up", "CDROM": {"ID": 113800000098}}, "the CD-ROM 113800000098 is inserted"),
    ("Disks", {"EncryptionAlgorithm": "aes256_xts"}, "disk 113800000022 is encrypted"),
)


def body(part: str, change: dict[str, Any]) -> dict[str, Any]:
    """The server with a part that is changed."""
    plain = PLAIN[part]
    return {**PLAIN, part: [{**plain[0], **change}] if isinstance(plain, list) else {**(plain or {}), **change}}


@pytest.mark.parametrize(("part", "change", "words"), SPECIAL, ids=lambda value: str(value)[:40])
def test_what_no_template_can_say(part: str, change: dict[str, Any], words: str) -> None:
    (reason,) = beyond_templates(Server.from_api(body(part, change)))
    assert reason.startswith(f"{words}, which cannot be declared")


def test_a_plain_server_has_nothing_of_it() -> None:
    assert list(beyond_templates(Server.from_api(PLAIN))) == []


def elsewhere(world: World) -> Server:
    return world.client.servers.create(ZONE, name="old", core=1, memory_gb=2, nics=["shared"])


def declared(server: Server, **changes: Any) -> dict[str, Any]:
    return server_inputs(adopt=server.id, disks=[], **changes)


def test_a_server_with_a_cdrom_is_taken_over_once_it_is_ejected(world: World) -> None:
    server = elsewhere(world)
    api = Api(world.emulator.url)
    with api.http:
        image = api.make("cdrom", "CDROM", Name="iso", SizeMB=5120)["ID"]
        api.call("DELETE", f"cdrom/{image}/ftp")
        api.call("PUT", f"server/{server.id}/cdrom", {"CDROM": {"ID": image}})
        (problem,) = LIFE.check(world.next_run(), {}, declared(server)).problems
        assert f"the CD-ROM {image} is inserted" in problem.message
        with pytest.raises(AdoptionError, match="Nothing of it was changed"):
            LIFE.create(world.next_run(), declared(server))
        assert world.servers(ZONE)[0].name == "old"
        api.call("DELETE", f"server/{server.id}/cdrom")
    assert LIFE.check(world.next_run(), {}, declared(server)).problems == []
    LIFE.create(world.next_run(), declared(server))
    assert world.servers(ZONE)[0].name == "web-001"


UNKNOWN = Unknown()
NOT_KNOWN: tuple[dict[str, Any], ...] = (
    *({key: UNKNOWN} for key in ("zones", "disks", "network_interfaces", "startup_scripts", "packet_filters", "tags")),
    *({key: [UNKNOWN]} for key in ("zones", "disks", "network_interfaces", "startup_scripts", "tags")),
    {"plan": UNKNOWN},
    {"plan": {"core": UNKNOWN, "memory": 2, "dedicated_cpu": False}},
    {"disks": [{"size": UNKNOWN}]},
    {"network_interfaces": [{"upstream": UNKNOWN, "ip_address": "", "netmask_len": 0, "default_route": ""}]},
    {"edit_parameter": UNKNOWN},
    {"edit_parameter": {"ssh_keys": UNKNOWN}},
    {"interface_driver": UNKNOWN},
    {"slot": UNKNOWN},
    {"owner_tags": UNKNOWN},
)


@pytest.mark.parametrize("changes", NOT_KNOWN, ids=str)
def test_what_a_preview_cannot_know_is_judged_in_the_run(world: World, changes: dict[str, Any]) -> None:
    server = elsewhere(world)
    (key,) = changes
    checked = LIFE.check(world.next_run(), {}, {**declared(server), **changes})
    assert checked.problems == []
    assert checked.notices == [f"whether server {server.id} can be taken over shows in the run; not known yet: {key}"]
    LIFE.diff({**declared(server), "zone": ZONE}, {**declared(server), **changes})


@pytest.mark.parametrize(
    "changes",
    [{"packet_filters": [UNKNOWN]}, {"icon_id": UNKNOWN}, {"description": UNKNOWN},
     {"startup_scripts": [{"note_id": UNKNOWN, "digest": UNKNOWN, "uses_name": False}]}],
    ids=str,
)  # fmt: skip
def test_texts_that_are_not_known_yet_keep_nobody_from_judging_the_rest(world: World, changes: dict[str, Any]) -> None:
    server = elsewhere(world)
    (notice,) = LIFE.check(world.next_run(), {}, {**declared(server), **changes}).notices
    assert "is taken over, not made" in notice
    (problem,) = LIFE.check(world.next_run(), {}, {**declared(server, interface_driver="e1000"), **changes}).problems
    assert "has the interface driver virtio instead of e1000" in problem.message


def test_an_unknown_id_is_judged_in_the_run(world: World) -> None:
    checked = LIFE.check(world.next_run(), {}, {**declared(elsewhere(world)), "adopt": UNKNOWN})
    assert (checked.problems, len(checked.notices)) == ([], 1)
