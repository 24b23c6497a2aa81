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

    def problems(self, session: Session, olds: Inputs, inputs: Inputs) -> list[Problem]:
        problems: list[Problem] = []
        reader = Reader(inputs, "", problems, Unknown)
        reader.text("zone_name")
        reader.texts("names")
        reader.texts("protocols")
        reader.whole("ttl", minimum=10)
        return problems

    def create(self, session: Session, inputs: Inputs) -> tuple[str, Outputs]:
        return OwnerTags.from_inputs(inputs["owner_tags"]).resource, dict(inputs)

    def read(self, session: Session, object_id: str, outputs: Outputs) -> Found | None:
        return Found(object_id, dict(outputs), dict(outputs))

    def update(self, session: Session, object_id: str, olds: Outputs, news: Inputs) -> Outputs:
        gone = {protocol for protocol in olds["protocols"] if protocol not in news["protocols"]}
        names = {name.casefold() for name in olds["names"]}
        zones = session.client.dns_zones.find() if gone and names else []

        def change(existing: Sequence[Record]) -> list[Record]:
            return [_without(record, gone) if record.key[0] in names else record for record in existing]

        for zone in zones:
            if zone.name == olds["zone_name"]:
                rewrite(session, zone.id, change)
                # Also where nothing was left to write: an earlier run may have been killed in its wait.
                session.log.info(f"{', '.join(sorted(gone))} withdrawn; waiting {olds['ttl']} s until no cache has it")
                session.waiter.pause(float(olds["ttl"]), "caches to forget it")
        return dict(news)

    def delete(self, session: Session, object_id: str, outputs: Outputs) -> None:
        """The records go with the resource that they belong to."""


def _without(record: Record, gone: set[str]) -> Record:
    """The record without the protocols `gone`; itself where it names none of them."""
    value = record.data if record.key[1] == "HTTPS" else None
    if not isinstance(value, Svcb) or not gone.intersection(value.alpn):
        return record
    return replace(record, text=value.without_alpn(gone).text(), source=None)
