"""`note`: start-up scripts. They are stored, not interpreted."""

from __future__ import annotations

import re

from sakura_emulator.api.resource import Resource, common_shape
from sakura_emulator.call import Answer, Call
from sakura_emulator.errors import bad_request
from sakura_emulator.store import Record
from sakura_emulator.values import text
from sakura_emulator.wire import JSON

CLASSES = ("shell", "yaml_cloud_config", "json")


def shape(call: Call, record: Record) -> JSON:
    """One note; its description comes from the script's metadata."""
    return {
        **common_shape(call, record),
        "Description": _description(record["content"]),
        "Class": record["class"],
        "Content": record["content"],
        "Scope": record.get("scope", "user"),
        "Availability": "available",
    }


def _description(content: str) -> str:
    block = re.search(r"^#\s*@sacloud-desc-begin\s*\n(.*?)^#\s*@sacloud-desc-end", content, re.DOTALL | re.MULTILINE)
    if block:
        return "\n".join(line.lstrip("#").strip() for line in block[1].splitlines())
    lines = re.findall(r"^#\s*@sacloud-desc[ \t]+(.+)$", content, re.MULTILINE)
    return "\n".join(line.strip() for line in lines)


def _class(body: JSON, default: str) -> str:
    value = text(body, "Class", default) or default
    if value not in CLASSES:
        raise bad_request("invalid_format", f"note class {value}; one of {', '.join(CLASSES)}")
    return value


def create(call: Call) -> Answer:
    """POST /note."""
    body = call.envelope("Note")
    record = NOTE.create(call, content=text(body, "Content"), **{"class": _class(body, "shell")})
    return NOTE.answer(call, record, 201)


def update(call: Call) -> Answer:
    """PUT /note/:id."""
    record = NOTE.own(call)
    body = NOTE.change(call, record)
    record["content"] = text(body, "Content", record["content"])
    record["class"] = _class(body, record["class"])
    return NOTE.answer(call, record)


NOTE = Resource("note", "Note", "Notes", shape, zonal=False)
ROUTES = NOTE.routes(("POST", "note", create), ("PUT", "note/:id", update), ("DELETE", "note/:id", NOTE.remove))
