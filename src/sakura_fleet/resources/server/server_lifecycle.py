"""The life cycle of a server: what its inputs must keep, what differs, and when it is made, changed and destroyed.

A server is made in three parts: what is there (`observation`), the steps from there to the spec (`steps`, pure), and
each step by itself (`apply`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from sakura_fleet.errors import NotFoundError, Problem
from sakura_fleet.model.labels import read_description, read_tags
from sakura_fleet.model.names import SERVER_NAME
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.server import inputs as server_inputs
from sakura_fleet.model.server.template import (
    INTERFACE_DRIVERS,
    LONGEST_PASSWORD,
    MAX_NETWORK_INTERFACES,
    SHORTEST_PASSWORD,
)
from sakura_fleet.model.server.template_reader import read_disks, read_plan
from sakura_fleet.model.unknown import holds_unknown
from sakura_fleet.model.zones import ZONES
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.adoption import REFUSALS, adopted_already, refusal
from sakura_fleet.provider.lifecycle import Diff, Found, Inputs, Lifecycle, Outputs, Unknown
from sakura_fleet.provider.session import Session
from sakura_fleet.resources.server import adoption
from sakura_fleet.resources.server.addresses import no_address, with_addresses
from sakura_fleet.resources.server.apply import carry_out
from sakura_fleet.resources.server.observation import Observation, confirm_parts, find_server, observe
from sakura_fleet.resources.server.offer import not_offered
from sakura_fleet.resources.server.readback import inputs_of
from sakura_fleet.resources.server.spec import ServerSpec
from sakura_fleet.resources.server.steps import steps, update_steps
from sakura_fleet.resources.server.teardown import destroy

if TYPE_CHECKING:
    from sakura_fleet import client as api


class ServerLifecycle(Lifecycle):
    """One server with its disks and interfaces."""

    defaults = server_inputs.DEFAULTS
    replacing = frozenset(
        {"plan", "disks", "network_interfaces", "edit_parameter", "startup_scripts", "interface_driver", "zones"}
    )
    creation_only = frozenset({"adopt", "password", "labels"})  # labels: what a policy reads is today's program

    def full(self, properties: Inputs) -> Inputs:
        return server_inputs.full(properties)

    def short(self, properties: Inputs) -> Inputs:
        return server_inputs.short(properties)

    def problems(self, session: Session, olds: Inputs, inputs: Inputs) -> list[Problem]:
        problems: list[Problem] = []
        reader = Reader(inputs, "", problems, Unknown)
        reader.text("name", pattern=SERVER_NAME, shape="a host name of 1 to 64 characters")
        zones = reader.texts("zones")
        for index, zone in enumerate(zones):
            if zone not in ZONES:
                message = f"there is no zone {zone!r}; known are {', '.join(ZONES)}"
                problems.append(Problem(f"zones[{index}]", "unknown-zone", message))
        if not zones and not holds_unknown(inputs["zones"], Unknown):
            problems.append(Problem("zones", "no-zone", "the list is empty; name at least one zone"))
        read_tags(reader)
        read_description(reader)
        reader.text("interface_driver", choices=INTERFACE_DRIVERS)
        read_plan(reader.child("plan"))
        read_disks(reader)
        interfaces = inputs["network_interfaces"]
        if not isinstance(interfaces, Unknown) and len(interfaces) > MAX_NETWORK_INTERFACES:
            message = f"a server takes at most {MAX_NETWORK_INTERFACES} interfaces"
            problems.append(Problem("network_interfaces", "too-many-interfaces", message))
        password = inputs.get("password")
        if not olds and isinstance(password, str) and not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            bounds = f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD}"
            message = f"the password has {len(password)} characters; the cloud takes {bounds}"
            problems.append(Problem("password", "password-length", message))
        asked = ("plan", "disks", "zones")
        known = not any(holds_unknown(inputs[key], Unknown) for key in asked)
        if not problems and known and not inputs["adopt"] and any(olds.get(key) != inputs.get(key) for key in asked):
            problems += not_offered(session, inputs)
        is_new = not olds and not inputs["adopt"]
        if not problems and is_new and not any(_not_comparable(key, value) for key, value in inputs.items()):
            problems += no_address(session, ServerSpec.from_inputs(inputs))
        return problems

    def adoptable(self, session: Session, olds: Inputs, inputs: Inputs) -> tuple[list[Problem], list[str]]:
        if not inputs["adopt"]:
            return [], []
        unknown = [key for key in inputs if _not_comparable(key, inputs[key])]
        if unknown:
            named = "the server" if "adopt" in unknown else f"server {inputs['adopt']}"
            return [], [f"whether {named} can be taken over shows in the run; not known yet: {', '.join(unknown)}"]
        if olds:
            stays = set(olds["zones"]) <= set(inputs["zones"])
            return adopted_already(self, {**olds, "zones": inputs["zones"]} if stays else olds, inputs), []
        spec = ServerSpec.from_inputs(inputs)
        try:
            server = adoption.find_adoptable(session, spec, inputs["adopt"])
        except REFUSALS as error:
            return [refusal(error)], []
        return [], [adoption.announcement(server, spec)]

    def diff(self, olds: Outputs, news: Inputs) -> Diff:
        diff = super().diff(olds, news)
        if (
            not _holds_unknown(news["zones"]) and olds.get("zone") in news["zones"]
        ):  # its zone is still allowed, so the list may change around it
            return Diff(
                tuple(key for key in diff.changed if key not in ("zones", "slot")),
                tuple(key for key in diff.replaces if key != "zones"),
            )
        return diff

    def comparable(self, key: str, value: Any) -> Any:
        if _holds_unknown(value):
            return value
        if key == "startup_scripts":  # the note's ID does not matter to a server that has run it
            return [script["digest"] for script in value]
        if key == "tags":
            return sorted(value)
        return value

    def needs_replacement(self, key: str, olds: Outputs, news: Inputs) -> bool:
        if key == "owner_tags":  # a replacement began and was cut short: what it made already is found by the owner tag
            return OwnerTags.from_inputs(olds["owner_tags"]).is_freed
        return super().needs_replacement(key, olds, news)

    def create(self, session: Session, inputs: Inputs) -> tuple[str, Outputs]:
        spec = ServerSpec.from_inputs(inputs)
        if inputs["adopt"]:
            server = adoption.take_over(session, spec, inputs["adopt"])
            spec = with_addresses(session, spec, server)
        else:
            observed = observe(session, spec, since=session.fresh_enough(spec.owner_tags.resource))
            spec = with_addresses(session, spec, observed.server)
            server = carry_out(session, spec, observed, steps(spec, observed))
        for name, count in Counter(disk.name for disk in server.disks).items():
            if count > 1:
                session.warn_once(
                    f"server {server.name} ({server.id} in {server.zone}) has {count} disks called {name}, and uses "
                    "one; `sakura-fleet repair` shows the others, and removes them where their IDs are given"
                )
        return server.id, _outputs(server, inputs, [disk.id for disk in server.disks], spec.addresses)

    def read(self, session: Session, object_id: str, outputs: Outputs) -> Found | None:
        try:
            server = session.client.servers.read(outputs["zone"], object_id)
        except NotFoundError:
            # A plan change gives a server a new ID; its owner tag stays.
            owner_tags = OwnerTags.from_inputs(outputs["owner_tags"])
            moved = find_server(session, outputs["zones"], owner_tags, since=session.clock())
            if moved is None:
                return None
            server = moved
        upstreams = [interface.get("upstream") or "" for interface in outputs.get("network_interfaces") or []]
        confirm_parts(session, server, upstreams=upstreams, disk_ids=outputs.get("disk_ids") or [])
        inputs = {
            key: value
            for key, value in outputs.items()
            if key in self.defaults or key in ("name", "zones", "owner_tags")
        }
        inputs.update(inputs_of(server, outputs))
        if "password" in outputs:
            inputs["password"] = outputs["password"]
        outs = _outputs(server, inputs, outputs.get("disk_ids") or [], outputs.get("addresses") or [])
        return Found(server.id, inputs, outs)

    def update(self, session: Session, object_id: str, olds: Outputs, news: Inputs) -> Outputs:
        addresses = olds.get("addresses") or []
        spec = ServerSpec.from_inputs(news).told(addresses)
        server = session.client.servers.read(olds["zone"], object_id)
        server = carry_out(session, spec, Observation(server), update_steps(spec, server))
        return _outputs(server, news, olds.get("disk_ids") or [], addresses)

    def delete(self, session: Session, object_id: str, outputs: Outputs) -> None:
        destroy(
            session,
            outputs["zone"],
            object_id,
            disk_ids=outputs.get("disk_ids") or [],
            owner_tags=OwnerTags.from_inputs(outputs["owner_tags"]),
            force=bool(outputs.get("shutdown_force")),
        )


_LABELS: Final = ("name", "description", "icon_id", "password", "labels")
"""What no server is compared with before it is taken over."""


def _not_comparable(key: str, value: Any) -> bool:
    """Whether too little is known of an input; IDs of filters and scripts that the same run makes need not be."""
    if key in _LABELS:
        return False
    if key == "packet_filters":
        return isinstance(value, Unknown)
    return _holds_unknown(value) if key == "startup_scripts" else holds_unknown(value, Unknown)


def _holds_unknown(value: Any) -> bool:
    """Whether a value, or one of a list, is not known yet."""
    return any(isinstance(item, Unknown) for item in (value, *(value if isinstance(value, list | tuple) else ())))


def _outputs(server: api.Server, inputs: Inputs, disk_ids: list[str], addresses: Sequence[str]) -> Outputs:
    """Inputs and results; `disk_ids` are the server's own disks, not what others have connected since, and `addresses`
    what its guest was told for each interface, where it was told any."""
    results = {"zone": server.zone, "address": server.ip_address or "", "disk_ids": disk_ids}
    return {**inputs, **results, **({"addresses": list(addresses)} if any(addresses) else {})}
