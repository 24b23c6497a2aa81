"""`icon`."""

from __future__ import annotations

import base64
import binascii

from sakura_emulator.api.resource import Resource, common_shape, icon_url
from sakura_emulator.call import Answer, Call
from sakura_emulator.errors import bad_request
from sakura_emulator.store import Record
from sakura_emulator.values import text
from sakura_emulator.wire import JSON


def shape(call: Call, record: Record) -> JSON:
    """One icon, without its image."""
    full = common_shape(call, record)
    kept = {key: full[key] for key in ("ID", "Name", "Tags", "CreatedAt", "ModifiedAt")}
    return {**kept, "URL": icon_url(record.id), "Scope": record.get("scope", "user"), "Availability": "available"}


def create(call: Call) -> Answer:
    """POST /icon."""
    image = text(call.envelope("Icon"), "Image")
    try:
        known = base64.b64decode(image, validate=True).startswith(b"\x89PNG")
    except (binascii.Error, ValueError):
        known = False
    if not known:
        raise bad_request("invalid_format", "Image is not a PNG in base64")
    return ICON.answer(call, ICON.create(call, image=image), 201)


def update(call: Call) -> Answer:
    """PUT /icon/:id."""
    record = ICON.own(call)
    ICON.change(call, record)
    return ICON.answer(call, record)


ICON = Resource("icon", "Icon", "Icons", shape, zonal=False)
ROUTES = ICON.routes(("POST", "icon", create), ("PUT", "icon/:id", update), ("DELETE", "icon/:id", ICON.remove))
