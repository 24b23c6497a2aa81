"""The life cycle of a withdrawal: it acts on a change only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns import Record
from sakura_fleet.model.dns.svcb import Svcb
from sakura_fleet.model.reading import Reader
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Found, Inputs, Lifecycle, Outputs, Unknown
from sakura_fleet.provider.session import Session
from sakura_fleet.resources.dns.zone_records import rewrite


class Http3WithdrawalLifecycle(Lifecycle):
    """Nothing is made anywhere: the object is what was announced."""

    defaults = {"content": ""}

    def problems(self, session: Session, olds: Inputs, inputs: Inputs) -> list[Problem]:
        problems: list[Problem] = []
        reader = Reader(inputs, "", problems, Unknown)
        reader.text("zone_name")
        reader.texts("names")
        reader.texts("protocols")
        reader.whole("ttl", minimum=10)
        return problems

    def create(self, session: Session, inputs: Inputs) -> tuple[str, Outputs]:
        return OwnerTags.from_inputs(inputs["owner_tags"]).resource, {**inputs, "withdrawn": 0}

    def read(self, session: Session, object_id: str, outputs: Outputs) -> Found | None:
        inputs = {key: value for key, value in outputs.items() if key != "withdrawn"}
        return Found(object_id, inputs, dict(outputs))

    def update(self, session: Session, object_id: str, olds: Outputs, news: Inputs) -> Outputs:
        gone = {protocol for protocol in olds["protocols"] if protocol not in news["protocols"]}
        whole = olds.get("content", "") != news["content"]
        names = {name.casefold() for name in olds["names"]}
        zones = session.client.dns_zones.find() if (gone or whole) and names else []

        def change(existing: Sequence[Record]) -> list[Record]:
            if whole:
                return [record for record in existing if record.key[0] not in names or not _leads_to_a_host(record)]
            return [_without(record, gone) if record.key[0] in names else record for record in existing]

        what = "the HTTPS records" if whole else ", ".join(sorted(gone))
        stay = "stay" if whole or len(gone) > 1 else "stays"
        for zone in zones:
            if zone.name == olds["zone_name"]:
                rewrite(session, zone.id, change)
                # Also where nothing was left to write: an earlier run may have been killed in its wait.
                session.log.info(f"{what} withdrawn; waiting {olds['ttl']} s until no cache has it")
                session.waiter.pause(
                    float(olds["ttl"]), "caches to forget it", f"{what} {stay} withdrawn, and the host serves as before"
                )
        return {**news, "withdrawn": int(olds.get("withdrawn") or 0) + whole}

    def delete(self, session: Session, object_id: str, outputs: Outputs) -> None:
        """The records go with the resource that they belong to."""


def _leads_to_a_host(record: Record) -> bool:
    """Whether it is an HTTPS record in service mode; one in alias mode says nothing of what is served."""
    value = record.data if record.key[1] == "HTTPS" else None
    return isinstance(value, Svcb) and not value.is_alias


def _without(record: Record, gone: set[str]) -> Record:
    """The record without the protocols `gone`; itself where it names none of them."""
    value = record.data if record.key[1] == "HTTPS" else None
    if not isinstance(value, Svcb) or not gone.intersection(value.alpn):
        return record
    return replace(record, text=value.without_alpn(gone).text(), source=None)
