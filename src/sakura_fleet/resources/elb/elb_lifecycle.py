"""The life cycle of an ELB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sakura_fleet.errors import NotFoundError, Problem, ResourceError
from sakura_fleet.model.elb import PLANS, REGIONS, ElbSettings, read_settings
from sakura_fleet.model.labels import read_description, read_tags
from sakura_fleet.model.names import RESOURCE_ID
from sakura_fleet.model.reading import Reader
from sakura_fleet.model.reference import ElbReference
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.duplicates import choose
from sakura_fleet.provider.lifecycle import Found, Inputs, Outputs, Unknown, canonical
from sakura_fleet.provider.owner_tagged import OwnerTaggedLifecycle
from sakura_fleet.provider.references import elb_again, elb_named, find_elb
from sakura_fleet.provider.session import Session
from sakura_fleet.provider.shared_document import confirm, edit

if TYPE_CHECKING:
    from sakura_fleet import client as api


class ElbLifecycle(OwnerTaggedLifecycle["api.Elb"]):
    """An ELB of this fleet, or (`lookup`) one that was made elsewhere and is only read.

    A plan change gives an ELB another ID. The resource keeps the first one; `elb_id` is the one of now, and where that
    is gone, too, the owner tag finds the ELB.
    """

    kind = "ELB"
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
        if plan not in PLANS:
            reader.problem("plan", "elb-plan", f"{plan} is not one of {', '.join(map(str, PLANS))}")
        reader.text("region", choices=REGIONS)
        reader.flag("vip_failover")
        read_description(reader)
        read_tags(reader)
        reader.text("icon_id", "", pattern=RESOURCE_ID, shape="the 12 digits of an icon's ID")
        settings = reader.child("settings")
        read_settings(settings)
        settings.close()
        return problems

    def normalized(self, inputs: Inputs) -> Inputs:
        # Complete settings, so that a release that adds one shows no change for those who do not use it.
        return inputs if inputs["lookup"] else {**inputs, "settings": _settings(inputs).inputs()}

    def adoptable(self, session: Session, olds: Inputs, inputs: Inputs) -> tuple[list[Problem], list[str]]:
        return ([], []) if inputs["lookup"] else super().adoptable(session, olds, inputs)

    def told(self, key: str, before: Any, after: Any) -> list[str]:
        match key:
            case "plan":
                return [f"plan {before} -> {after}"]
            case "settings":
                return [name for name in before if canonical(before[name]) != canonical(after[name])]
        return super().told(key, before, after)

    def comparable(self, key: str, value: Any) -> Any:
        return sorted(value) if key == "tags" and isinstance(value, list) else value

    def create(self, session: Session, inputs: Inputs) -> tuple[str, Outputs]:
        if inputs["lookup"]:
            elb = elb_named(session.client, inputs["lookup"], source="lookup")
            return elb.id, {**inputs, **self.results(elb)}
        return super().create(session, inputs)

    def read(self, session: Session, object_id: str, outputs: Outputs) -> Found | None:
        if not outputs.get("lookup"):
            return super().read(session, object_id, outputs)
        try:
            elb = self.fetch(session, outputs, object_id)
        except NotFoundError:
            return None
        inputs = {key: value for key, value in outputs.items() if key in self.defaults or key == "owner_tags"}
        return Found(object_id, inputs, {**inputs, **self.results(elb)})

    def update(self, session: Session, object_id: str, olds: Outputs, news: Inputs) -> Outputs:
        elb = self.fetch(session, {**news, "elb_id": olds["elb_id"]}, object_id)
        if not news["lookup"]:
            elb = self.change(session, elb.id, news)
        return {**news, **self.results(elb)}

    def delete(self, session: Session, object_id: str, outputs: Outputs) -> None:
        if not outputs.get("lookup"):
            super().delete(session, object_id, outputs)

    def find(self, session: Session, inputs: Inputs) -> api.Elb | None:
        """The ELB with this resource's owner tag.

        By that tag alone: it is paid for each month, so one whose fleet tag somebody took off is no reason for another.
        """
        listed = self.listed(session, inputs, OwnerTags.from_inputs(inputs["owner_tags"]))
        return choose(session, self.kind, listed)

    def listed(self, session: Session, inputs: Inputs, owner_tags: OwnerTags) -> list[api.Elb]:
        return session.client.elbs.find(tags=[owner_tags.resource])

    def owner_tags_of(self, item: api.Elb) -> OwnerTags | None:
        return OwnerTags.from_tags(item.tags)

    def fetch(self, session: Session, inputs: Inputs, object_id: str) -> api.Elb:
        key = "" if inputs["lookup"] else OwnerTags.from_inputs(inputs["owner_tags"]).resource
        return find_elb(session, ElbReference(key, inputs.get("elb_id") or object_id))

    def make(self, session: Session, inputs: Inputs) -> api.Elb:
        return session.client.elbs.create(
            plan=int(inputs["plan"]),
            settings=_settings(inputs),
            region=inputs["region"],
            vip_failover=inputs["vip_failover"],
            **_labels(inputs),
        )

    def change(self, session: Session, object_id: str, inputs: Inputs) -> api.Elb:
        # Labels first: by its owner tag the ELB is found again, should its plan change and the rest not come to be.
        return self._with_plan(session, _written(session, object_id, inputs), inputs)

    def remove(self, session: Session, outputs: Outputs, object_id: str) -> None:
        elb = self.fetch(session, outputs, object_id)
        confirm(f"the ELB {elb.name} ({elb.id})", elb, lambda elb: elb_again(session, elb))
        if elb.entries:
            raise ResourceError(
                f"the ELB {elb.name} ({elb.id}) still sends requests to {', '.join(map(str, elb.entries))}, which are "
                "not of this stack; take them out of it first. Nothing was deleted"
            )
        session.client.elbs.delete(elb.id)

    def inputs_of(self, item: api.Elb, last: Outputs) -> Inputs:
        return {
            "name": item.name,
            "description": item.description,
            "tags": OwnerTags.untag(item.tags),
            "icon_id": item.icon_id or "",
            "plan": item.plan,
            "region": item.region or last["region"],
            "vip_failover": item.vip_failover,
            "settings": item.settings.inputs(),
        }

    def results(self, item: api.Elb) -> dict[str, Any]:
        return {
            "elb_id": item.id,
            "fqdn": item.fqdn or "",
            "vip": item.vip or "",
            "proxy_networks": list(item.proxy_networks),
        }

    def _with_plan(self, session: Session, elb: api.Elb, inputs: Inputs) -> api.Elb:
        """The ELB with the wanted plan; it may have a new ID from then on."""
        plan = int(inputs["plan"])
        if elb.plan == plan:
            return elb
        try:
            return session.client.elbs.change_plan(elb.id, plan, region=elb.region)
        except NotFoundError:
            # The call was repeated after a lost answer, and the first one has given the ELB another ID.
            changed = self.find(session, inputs)
            if changed is None or changed.plan != plan:
                raise
            return changed


def _written(session: Session, elb_id: str, inputs: Inputs) -> api.Elb:
    """One write for labels and settings; entries and whatever else is there stay as they are."""
    labels, settings = _labels(inputs), _settings(inputs)

    def differs(elb: api.Elb) -> bool:
        there = {"name": elb.name, "description": elb.description, "tags": sorted(elb.tags), "icon_id": elb.icon_id}
        return there != labels or elb.settings != settings

    return edit(
        session,
        f"the ELB {inputs['name']} ({elb_id})",
        read=lambda: session.client.elbs.read(elb_id),
        again=lambda elb: elb_again(session, elb),
        differs=differs,
        write=lambda elb: session.client.elbs.update(elb, document=elb.document.with_settings(settings), **labels),
    )


def _settings(inputs: Inputs) -> ElbSettings:
    return read_settings(Reader(inputs["settings"], "settings", []))


def _labels(inputs: Inputs) -> dict[str, Any]:
    return {
        "name": inputs["name"],
        "description": inputs["description"],
        "tags": OwnerTags.from_inputs(inputs["owner_tags"]).tag(inputs["tags"]),
        "icon_id": inputs["icon_id"] or None,
    }
