"""The life cycle of an ELB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sakura_fleet.errors import FleetError, NotFoundError, Problem
from sakura_fleet.model import elb as model
from sakura_fleet.model.names import RESOURCE_ID
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.server.template import read_description, read_tags
from sakura_fleet.ownership import OwnerTags, own_tags
from sakura_fleet.provider.idempotent_create import create_idempotently
from sakura_fleet.provider.lifecycle import (
    Found,
    Inputs,
    Lifecycle,
    Outputs,
    Unknown,
    adopted_already,
    canonical,
    label_changes,
    refuse_another_owner,
    takeover,
)
from sakura_fleet.provider.references import find_elb
from sakura_fleet.provider.session import Session
from sakura_fleet.provider.shared_document import edit

if TYPE_CHECKING:
    from sakura_fleet.client import Elb


class ElbLifecycle(Lifecycle):
    """An ELB of ours, or (`lookup`) one that was made elsewhere and is only looked at."""

    defaults = {
        "name": "",
        "lookup": "",
        "plan": 100,
        "region": "is1",
        "vip_failover": False,
        "settings": {},
        "description": "",
        "tags": [],
        "icon_id": "",
        "adopt": "",
    }
    replacing = frozenset({"lookup", "region", "vip_failover"})
    creation_only = frozenset({"adopt"})

    def problems(self, session: Session, olds: Inputs, inputs: Inputs) -> list[Problem]:
        problems: list[Problem] = []
        reader = Reader(inputs, "", problems, Unknown)
        if inputs["lookup"]:
            if inputs["name"] or inputs["settings"]:
                reader.problem("lookup", "lookup", "an ELB that is looked up is not changed; remove name and settings")
            return problems
        reader.text("name", pattern=r".{1,64}", shape="a name of 1 to 64 characters")
        plan = reader.whole("plan")
        if plan not in model.PLANS:
            reader.problem("plan", "elb-plan", f"{plan} is not one of {', '.join(map(str, model.PLANS))}")
        reader.text("region", choices=model.REGIONS)
        reader.flag("vip_failover")
        read_description(reader)
        read_tags(reader)
        reader.text("icon_id", "", pattern=RESOURCE_ID, shape="the 12 digits of an icon's ID")
        settings = reader.child("settings")
        model.read_settings(settings)
        settings.close()
        return problems

    def normalized(self, inputs: Inputs) -> Inputs:
        if inputs["lookup"]:
            return inputs
        # Complete settings, so that a release that adds one shows no change for those who do not use it.
        return {**inputs, "settings": model.read_settings(Reader(inputs["settings"], "settings", []))}

    def adoptable(self, session: Session, olds: Inputs, inputs: Inputs) -> tuple[list[Problem], list[str]]:
        return ([], []) if inputs["lookup"] else _adoptable(self, session, olds, inputs)

    def comparable(self, key: str, value: Any) -> Any:
        return sorted(value) if key == "tags" and isinstance(value, list) else value

    def create(self, session: Session, inputs: Inputs) -> tuple[str, Outputs]:
        if inputs["lookup"]:
            elb = looked_up(session, inputs["lookup"])
            return elb.id, _outputs(elb, inputs)
        found = self._find(session, inputs)
        if found is None:
            elb = self._make(session, inputs)
        else:
            _refuse_another(found, inputs)
            # Labels first: by its owner tag the ELB is found again, should its plan change and the rest not come to be.
            elb = self._planned(session, self._written(session, found, inputs), inputs)
        return elb.id, _outputs(elb, inputs)

    def read(self, session: Session, object_id: str, outputs: Outputs) -> Found | None:
        try:
            elb = _locate(session, outputs)
        except NotFoundError:
            return None
        inputs = {key: value for key, value in outputs.items() if key in self.defaults or key == "owner_tags"}
        if not outputs.get("lookup"):
            owner_tags = OwnerTags.from_tags(elb.tags)
            inputs.update(
                {
                    "owner_tags": owner_tags.inputs() if owner_tags else {**outputs["owner_tags"], "resource": ""},
                    "name": elb.name,
                    "description": elb.description,
                    "tags": own_tags(elb.tags),
                    "icon_id": elb.icon_id or "",
                    "plan": elb.plan,
                    "region": elb.region or outputs["region"],
                    "vip_failover": elb.vip_failover,
                    "settings": model.from_wire(elb.settings),
                }
            )
        return Found(object_id, inputs, _outputs(elb, inputs))

    def update(self, session: Session, object_id: str, olds: Outputs, news: Inputs) -> Outputs:
        elb = _locate(session, {**news, "elb_id": olds["elb_id"]})
        if news["lookup"]:
            return _outputs(elb, news)
        return _outputs(self._planned(session, self._written(session, elb, news), news), news)

    def delete(self, session: Session, object_id: str, outputs: Outputs) -> None:
        if outputs.get("lookup"):
            return
        try:
            elb = _locate(session, outputs)
            others = [f"{one['IPAddress']}:{one['Port']}" for one in elb.settings.get("Servers") or []]
            if others:
                raise FleetError(
                    f"the ELB {elb.name} ({elb.id}) still sends requests to {', '.join(others)}, which are not of this "
                    "stack; take them out of it first. Nothing was deleted"
                )
            session.client.elbs.delete(elb.id)
        except NotFoundError:
            return

    def _find(self, session: Session, inputs: Inputs) -> Elb | None:
        return _adopted(session, inputs) if inputs["adopt"] else _owner_tagged(session, inputs)

    def _make(self, session: Session, inputs: Inputs) -> Elb:
        def make() -> Elb:
            return session.client.elbs.create(
                plan=int(inputs["plan"]),
                settings={**model.to_wire(inputs["settings"]), "Servers": []},
                region=inputs["region"],
                vip_failover=inputs["vip_failover"],
                **_labels(inputs),
            )

        return create_idempotently(session, f"the ELB {inputs['name']}", make, lambda _: self._find(session, inputs))

    def _planned(self, session: Session, elb: Elb, inputs: Inputs) -> Elb:
        """The ELB with the wanted plan; it may have a new ID from then on."""
        if elb.plan == int(inputs["plan"]):
            return elb
        try:
            return session.client.elbs.change_plan(elb.id, int(inputs["plan"]), region=elb.region)
        except NotFoundError:
            # The call was repeated after a lost answer, and the first one has given the ELB another ID.
            changed = _owner_tagged(session, inputs)
            if changed is None or changed.plan != int(inputs["plan"]):
                raise
            return changed

    def _written(self, session: Session, elb: Elb, inputs: Inputs) -> Elb:
        """One write for labels and settings; entries and whatever else stands there stay as they are."""
        labels = _labels(inputs)

        def means_the_same(current: Elb) -> bool:
            return canonical(model.from_wire(current.settings)) == canonical(inputs["settings"])

        def differs(current: Elb) -> bool:
            same_labels = (current.name, current.description, sorted(current.tags), current.icon_id) == (
                labels["name"],
                labels["description"],
                labels["tags"],
                labels["icon_id"],
            )
            return not same_labels or not means_the_same(current)

        def write(current: Elb) -> Elb:
            # Settings that mean the same go back as they came.
            settings = current.settings
            if not means_the_same(current):
                settings = model.merged(settings, inputs["settings"])
            return session.client.elbs.update(
                current.id, settings=settings, settings_hash=current.settings_hash, **labels
            )

        elb_id = elb.id
        return edit(
            session,
            f"the ELB {elb.name} ({elb_id})",
            read=lambda: session.client.elbs.read(elb_id),
            differs=differs,
            write=write,
        )


def _adoptable(
    lifecycle: ElbLifecycle, session: Session, olds: Inputs, inputs: Inputs
) -> tuple[list[Problem], list[str]]:
    """What keeps an ELB from being taken over; where nothing does, the run says what will change on it."""
    if olds or not inputs["adopt"]:
        return adopted_already(lifecycle, olds, inputs), []
    try:
        elb = _adopted(session, inputs)
        _refuse_another(elb, inputs)
    except FleetError as error:
        return [Problem("adopt", "adopt", str(error).removeprefix("adopt: "))], []
    now, wanted = model.from_wire(elb.settings), model.read_settings(Reader(inputs["settings"], "settings", []))
    changes = label_changes(elb, _labels(inputs))
    changes += [f"plan {elb.plan} -> {inputs['plan']}"] if elb.plan != int(inputs["plan"]) else []
    changes += [key for key in now if canonical(now[key]) != canonical(wanted[key])]
    return [], [takeover(f"the ELB {elb.name} ({elb.id})", changes)]


def _adopted(session: Session, inputs: Inputs) -> Elb:
    """The ELB that `adopt` names."""
    try:
        elb = session.client.elbs.read(str(inputs["adopt"]))
    except NotFoundError as error:
        if taken := _owner_tagged(session, inputs):  # adopted by an earlier run; a plan change gave it another ID
            return taken
        raise FleetError(f"adopt: there is no ELB {inputs['adopt']}; check the ID") from error
    refuse_another_owner(f"ELB {elb.id}", OwnerTags.from_tags(elb.tags), OwnerTags.from_inputs(inputs["owner_tags"]))
    return elb


def _labels(inputs: Inputs) -> dict[str, Any]:
    return {
        "name": inputs["name"],
        "description": inputs["description"],
        "tags": OwnerTags.from_inputs(inputs["owner_tags"]).tag(inputs["tags"]),
        "icon_id": inputs["icon_id"] or None,
    }


def _outputs(elb: Elb, inputs: Inputs) -> Outputs:
    return {
        **inputs,
        "elb_id": elb.id,
        "fqdn": elb.fqdn or "",
        "vip": elb.vip or "",
        "proxy_networks": list(elb.proxy_networks),
    }


def _refuse_another(elb: Elb, inputs: Inputs) -> None:
    """Stop where an ELB that is there cannot become what the inputs say, as that needs a new one."""
    for key, actual in (("region", elb.region or inputs["region"]), ("vip_failover", elb.vip_failover)):
        if actual != inputs[key]:
            raise FleetError(
                f"ELB {elb.id} has another {key} than declared, {actual}, which cannot be changed; declare the one it "
                "has, or remove it. Nothing was changed"
            )


def _owner_tagged(session: Session, inputs: Inputs) -> Elb | None:
    """The ELB with our owner tag; the oldest, should there be several."""
    resource = OwnerTags.from_inputs(inputs["owner_tags"]).resource
    return min(session.client.elbs.find(tags=[resource]), key=lambda elb: elb.id, default=None)


def _locate(session: Session, outputs: Outputs) -> Elb:
    """The ELB as it is now, also after a plan change gave it a new ID. Raises `NotFoundError`."""
    key = "" if outputs.get("lookup") else OwnerTags.from_inputs(outputs["owner_tags"]).resource
    return find_elb(session, {"key": key, "id": outputs["elb_id"]})


def looked_up(session: Session, wanted: str) -> Elb:
    elbs = session.client.elbs.find()
    found = [elb for elb in elbs if wanted in (elb.id, elb.name)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(elb.id for elb in found)
        raise FleetError(f"lookup: {len(found)} ELBs are called {wanted!r} ({ids}); look it up by its ID")
    names = ", ".join(sorted(elb.name for elb in elbs)) or "none"
    raise FleetError(f"lookup: there is no ELB with the ID or name {wanted!r}; the account has {names}")
