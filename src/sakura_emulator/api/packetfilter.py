"""`packetfilter`: rules in order, guarded by a hash."""

from __future__ import annotations

from typing import Any

from sakura_emulator.api.resource import Resource, common_shape
from sakura_emulator.call import Answer, Call, done
from sakura_emulator.errors import bad_request, conflict
from sakura_emulator.store import Record
from sakura_emulator.values import digest, objects
from sakura_emulator.wire import JSON

PROTOCOLS = ("http", "https", "tcp", "udp", "icmp", "fragment", "ip")
ACTIONS = ("allow", "deny")
_TEXTS = ("Protocol", "SourceNetwork", "SourcePort", "DestinationPort", "Action", "Description")
_RULES_MAX = 30  # unverified


def shape(call: Call, record: Record) -> JSON:
    """One filter; it has neither tags nor an icon."""
    full = common_shape(call, record)
    kept = {key: full[key] for key in ("ID", "Name", "Description", "CreatedAt", "ModifiedAt")}
    rules = record["rules"]
    extra = {"ExpressionHash": digest(rules), "RequiredHostVersion": "0.0", "Notice": ""}
    return {**kept, "Expression": rules, **extra}


def _rule(rule: Any) -> JSON:
    if not isinstance(rule, dict):
        raise bad_request("invalid_format", "Expression holds something that is no rule")
    fields = {key: "" if rule.get(key) is None else str(rule[key]) for key in _TEXTS}
    if fields["Protocol"] not in PROTOCOLS:
        raise bad_request("invalid_format", f"Protocol {fields['Protocol']!r} is none of {', '.join(PROTOCOLS)}")
    if fields["Action"] not in ACTIONS:
        raise bad_request("invalid_format", f"Action {fields['Action']!r} is none of {', '.join(ACTIONS)}")
    return fields


def _rules(body: JSON) -> list[JSON]:
    rules = [_rule(rule) for rule in objects(body, "Expression")]
    if len(rules) > _RULES_MAX:
        raise bad_request("invalid_range", f"{len(rules)} rules; {_RULES_MAX} are allowed")
    return rules


def create(call: Call) -> Answer:
    """POST /packetfilter."""
    record = PACKETFILTER.create(call, rules=_rules(call.envelope("PacketFilter")))
    return PACKETFILTER.answer(call, record, 201)


def update(call: Call) -> Answer:
    """PUT /packetfilter/:id; an OriginalExpressionHash must be that of the rules as they are."""
    record = PACKETFILTER.own(call)
    expected = call.body.get("OriginalExpressionHash")
    enforced = call.cloud.settings.settings_hash == "enforce"
    if expected and (call.fault == "stale_hash" or (enforced and expected != digest(record["rules"]))):
        raise conflict("original_hash_mismatch", f"packetfilter {record.id} was changed in between")
    body = PACKETFILTER.change(call, record)
    if "Expression" in body:
        record["rules"] = _rules(body)
    return PACKETFILTER.answer(call, record)


def delete(call: Call) -> Answer:
    """DELETE /packetfilter/:id of a filter that no interface uses."""
    record = PACKETFILTER.own(call)
    users = call.cloud.store.by("interface", "packet_filter", record.id)
    if users:
        raise conflict("disconnect_b4_delete", f"packetfilter {record.id} is used by {len(users)} interfaces")
    call.cloud.store.delete(record)
    return done()


PACKETFILTER = Resource("packetfilter", "PacketFilter", "PacketFilters", shape)
ROUTES = PACKETFILTER.routes(
    ("POST", "packetfilter", create),
    ("PUT", "packetfilter/:id", update),
    ("DELETE", "packetfilter/:id", delete),
)
