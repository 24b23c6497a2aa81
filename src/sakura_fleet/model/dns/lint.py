"""What is wrong with the records of a zone taken together: beside each other, and at the names that they lead to.

One set of rules for four callers. A program's own sets are judged before anybody has asked the zone (`complete` is
False: what is missing may be in the zone), the provider judges them among the records of others, `dns plan` judges
all of a zone, and the policies what a stack declares. A problem's path is the set, as in `www HTTPS`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.dns import lint_svcb
from sakura_fleet.model.dns.merge import Key, Record, ttl_of
from sakura_fleet.model.dns.names import MAX_RECORDS
from sakura_fleet.model.dns.rdata import ADDRESS_TYPES, HOST_TYPES, SVCB_TYPES, TYPES, target_of
from sakura_fleet.model.dns.record_set import RecordSet
from sakura_fleet.model.dns.rules import severity_of, with_way_out
from sakura_fleet.model.dns.svcb import Severity
from sakura_fleet.model.dns.svcb.names import DomainName
from sakura_fleet.model.dns.zone_view import Broken, ZoneView

MANY_RECORDS: Final = MAX_RECORDS * 8 // 10


def lint(
    records: Iterable[Record],
    *,
    zone: str,
    of: Collection[Key] | None = None,
    joining: Collection[Key] = (),
    complete: bool = True,
) -> list[Problem]:
    """The problems of the sets `of` (all of them unless said) among `records`; those of `joining` are new."""
    view = ZoneView(records, zone, complete)
    judged = view.sets.keys() if of is None else [key for key in of if key in view.sets]
    problems = list(_how_many(view)) if complete else []
    problems += _beside_cnames(view, judged)
    for key in judged:
        problems += [Problem(set_path(key), rule, message) for rule, message in _broken(view, key)]
    for key in joining:
        if key[1] == "HTTPS" and key in view.sets:
            message = "browsers that see it use https only: a certificate that they trust must be there first"
            problems.append(Problem(set_path(key), "svcb-https-only", message))
    return problems


def set_path(key: Key) -> str:
    """How a set is named in a problem."""
    return f"{key[0]} {key[1]}"


def check_merged(
    merged: Sequence[Record], wanted: Iterable[RecordSet], *, zone: str, warnings: list[Problem] | None = None
) -> list[Problem]:
    """What would break the zone, or the wanted sets, once they are beside the records of others.

    What is only to be known goes to `warnings`, unless the sets alone have shown it before.
    """
    wanted = list(wanted)
    keys_of = [declared.key for declared in wanted]
    allowed = {set_path(declared.key): declared.allowed for declared in wanted}
    problems = []
    for problem in lint(merged, zone=zone, of=keys_of):
        if problem.rule in allowed.get(problem.path, ()):
            continue
        if severity_of(problem) is not Severity.WARNING:
            problems.append(with_way_out(problem))
        elif warnings is not None:
            warnings.append(problem)
    if warnings:
        known = lint([record for record in merged if record.key in {*keys_of}], zone=zone, of=keys_of, complete=False)
        warnings[:] = [warning for warning in warnings if warning not in known]
    return problems


def _how_many(view: ZoneView) -> Iterator[Problem]:
    count = sum(map(len, view.sets.values()))
    if count > MAX_RECORDS:
        message = f"the zone would have {count} records; at most {MAX_RECORDS} are allowed"
        yield Problem("", "too-many-records", message)
    elif count > MANY_RECORDS:
        yield Problem("", "many-records", f"the zone has {count} records, and {MAX_RECORDS} is the limit")


def _broken(view: ZoneView, key: Key) -> Broken:
    kind = key[1]
    yield from _alone(view, key)
    yield from _ttls(view, key)
    yield from _labels(view, key)
    if kind in SVCB_TYPES:
        yield from lint_svcb.chain(view, key)
        yield from lint_svcb.hints(view, key)
        if view.complete:
            values = view.svcb(key)
            yield from lint_svcb.targets(view, key, values)
            yield from lint_svcb.owner_without_address(view, key, values)
    elif kind == "CNAME":
        yield from lint_svcb.chain(view, key)
    if kind in HOST_TYPES or kind in ("CNAME", "ALIAS"):
        yield from _targets(view, key)


def _beside_cnames(view: ZoneView, judged: Iterable[Key]) -> Iterator[Problem]:
    """One problem a name: at its CNAME, or at the first set that is judged where the CNAME is not."""
    first: dict[str, Key] = {}
    for key in judged:
        if key[1] == "CNAME" or key[0] not in first:
            first[key[0]] = key
    for name, key in first.items():
        types = view.types[name]
        if "CNAME" in types and len(types) > 1:
            if view.complete:
                others = "the zone would have " + "; ".join(str(view.sets[name, kind][0]) for kind in types)
            else:
                others = "there is " + ", ".join(sorted({*types} - {"CNAME"}))
            message = f"no other record may be beside a CNAME, but {others}; remove one of them"
            yield Problem(set_path(key), "cname-beside-others", message)


def _alone(view: ZoneView, key: Key) -> Broken:
    if key == ("@", "CNAME"):
        yield (
            "cname-apex",
            "the zone itself has SOA and NS, and nothing may be beside a CNAME; use ALIAS, or HTTPS with priority 0",
        )
    values = view.sets[key]
    if key[1] == "MX" and len(values) > 1 and any(target_of(record.data) == "." for record in values):
        yield "null-mx-beside-others", "`0 .` says that the name takes no mail; it is the only value"


def _ttls(view: ZoneView, key: Key) -> Broken:
    ttls = sorted({ttl_of(record) for record in view.sets[key]})
    if len(ttls) > 1:
        shown = ", ".join(map(str, ttls))
        yield "unequal-ttls", f"the records of one set have the TTLs {shown}; name servers make one of them; give one"


def _labels(view: ZoneView, key: Key) -> Broken:
    targets = [target_of(record.data) for record in view.sets[key]]
    if key[1] in SVCB_TYPES:
        targets = [svcb.target.text() for svcb in view.svcb(key)]
    for text in dict.fromkeys([key[0], *filter(None, targets)]):
        if "xn--" not in text.casefold():
            continue
        try:
            broken = DomainName.read(text)[0].broken_a_labels()
        except ValueError:
            continue
        for label in broken:
            yield "idna-label", f"{label} begins as an internationalized label does, and means none (IDNA 2008)"


def _targets(view: ZoneView, key: Key) -> Broken:
    """Hosts that CNAME, ALIAS, MX, NS and SRV lead to, inside the zone."""
    kind = key[1]
    for record in view.sets[key]:
        target = target_of(record.data)
        name = view.relative(target) if target else None
        if name is None:
            continue
        if kind in HOST_TYPES and "CNAME" in view.types.get(name, ()):
            yield "target-is-cname", f"{target} is a CNAME, and {kind} must name a host; write the name behind it"
        elif view.complete and not view.has(name, TYPES if kind == "CNAME" else ADDRESS_TYPES):
            what = "nothing" if kind == "CNAME" else "no address"
            yield "target-without-address", f"{target} is in this zone, which has {what} there; add it"
