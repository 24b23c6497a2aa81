"""Plans as `pulumi preview --json --show-sames` prints them."""

from __future__ import annotations

from typing import Any

from sakura_fleet import tokens

PREFIX = "urn:pulumi:test::fleet::"
GROUP = f"{PREFIX}{tokens.SERVER_GROUP}::web"


def step(op: str, token: str, name: str, around: str = "", **state: Any) -> dict[str, Any]:
    types = f"{around}${token}" if around else token
    common = {"type": token, "urn": f"{PREFIX}{types}::{name}"}
    if around == tokens.SERVER_GROUP:
        common["parent"] = GROUP
    old, new = state.pop("old", {}), state.pop("new", {})
    made: dict[str, Any] = {"op": op, "urn": common["urn"]}
    if op != "create":
        made["oldState"] = {**common, **state, **old}
    if op not in ("delete", "delete-replaced"):
        made["newState"] = {**common, **state, **new}
    return made


def member(op: str, number: int, generation: str = "aaaaaa") -> dict[str, Any]:
    return step(op, tokens.SERVER, f"web-{generation}-{number:03}", tokens.SERVER_GROUP)


def members(op: str, first: int, last: int, generation: str = "aaaaaa") -> list[dict[str, Any]]:
    return [member(op, number, generation) for number in range(first, last + 1)]


def document(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    summary: dict[str, int] = {}
    for entry in steps:
        summary[entry["op"]] = summary.get(entry["op"], 0) + 1
    return {"steps": list(steps), "changeSummary": summary, **more}
