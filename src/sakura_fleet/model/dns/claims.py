"""Whose a record set is in a zone that several stacks write to.

A record has no room for owner tags, and the state of one stack knows nothing of another. So a stack that writes to a
zone that is not its own writes down beside each set that it is its: one TXT value a set at `_sakura-fleet`, with its
owner tags, in the same write, so that neither is ever there without the other. What nobody has claimed is the zone's
owner's, or a person's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns.merge import Key, Record
from sakura_fleet.model.dns.record_set import RecordSet
from sakura_fleet.ownership import STATE_NAME, OwnerTags

CLAIMS: Final = "_sakura-fleet"
"""The name in a zone at which claims are."""
_CLAIM: Final = re.compile(r'"?(sf:[0-9a-f]{10} sfr:[0-9a-f]{16}(?: sfs:[0-9a-f]{10})?) ([A-Z]+) (\S+?)"?')


@dataclass(frozen=True, slots=True)
class Claim:
    """One set and the resource whose it is."""

    owner: OwnerTags
    key: Key

    @property
    def text(self) -> str:
        """Its TXT value."""
        name, kind = self.key
        return f"{self.owner.sign('')} {kind} {name}"

    @classmethod
    def of(cls, record: Record) -> Claim | None:
        """The claim that a record is; None where it is none."""
        found = _CLAIM.fullmatch(record.text) if record.key == (CLAIMS, "TXT") else None
        owner = OwnerTags.from_tags(found[1].split()) if found else None
        return cls(owner, (found[3], found[2])) if found and owner else None

    def owner_beside(self, own: OwnerTags) -> str:
        """Whose it is where it is not of the stack with the owner tags `own`, in words, and the way out; else empty.

        The state tells stacks with the same `fleet_id` apart; a preview does not know its own.
        """
        if not self.owner.is_of(own.fleet):
            return (
                f"another fleet, {self.owner.fleet}, that shares this zone; leave it out here, or remove it from that "
                "fleet's program first"
            )
        if own.state and self.owner.is_of_another_state(own.state):
            return (
                f"another stack or state with the same fleet_id, {self.owner.state} ({own.state} here); leave it out "
                "here, or give one of the two stacks another fleet_id and remove it from the other's program first. "
                f"Only where that state is lost for good: `pulumi stack tag set {STATE_NAME} {self.owner.state}`"
            )
        return ""


def check_claims(
    existing: Sequence[Record], wanted: Sequence[RecordSet], owner: OwnerTags, *, shared: bool, adopt: bool
) -> list[Problem]:
    """Which of the wanted sets, new here, are another fleet's; in a shared zone also those that nobody has claimed.

    One that is there with other values is `check_takeover`'s; with equal ones it would be removed with either stack.
    """
    claims = [claim for _, claim in _claims(existing)]
    others = {claim.key: whose for claim in claims if (whose := claim.owner_beside(owner))}
    own = {claim.key for claim in claims} - set(others)
    there = {record.key for record in existing}
    problems = []
    for declared in wanted:
        if declared.key in others:
            message = f"it is a record set of {others[declared.key]}"
            problems.append(Problem(str(declared), "shared-set", message))
        elif shared and not adopt and declared.key in there and declared.key not in own:
            message = (
                "it exists already with these values in a zone that is not this stack's, made by whoever "
                "owns it; leave it out here, or, if this stack is to have it from now on, set `adopt: true`"
            )
            problems.append(Problem(str(declared), "shared-set", message))
    return problems


def with_claims(
    existing: Sequence[Record], wanted: Sequence[RecordSet], owners: Collection[OwnerTags], owner: OwnerTags
) -> list[Record]:
    """The zone with a claim of `owner` for each wanted set, and no other of `owners`; what others claim stays."""
    missing = {declared.key: Claim(owner, declared.key) for declared in wanted}
    gone = set()
    for record, claim in _claims(existing):
        is_named_right = claim.owner == owner and owner.state in ("", claim.owner.state)
        if is_named_right and claim.key in missing:
            del missing[claim.key]
        elif claim.owner in owners:
            gone.add(id(record))
    kept = [record for record in existing if id(record) not in gone]
    made = RecordSet.of_texts(CLAIMS, "TXT", [claim.text for claim in missing.values()])
    return [*kept, *(Record.of(made, value) for value in made.values)]


def _claims(existing: Sequence[Record]) -> Iterator[tuple[Record, Claim]]:
    return ((record, claim) for record in existing if (claim := Claim.of(record)))
