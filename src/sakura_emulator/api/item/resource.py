"""The envelope that all classes of `commonserviceitem` share."""

from __future__ import annotations

from typing import Any

from sakura_emulator.api.item.classes import behaviour
from sakura_emulator.api.resource import Resource, common_shape
from sakura_emulator.call import Answer, Call
from sakura_emulator.errors import conflict, not_found
from sakura_emulator.store import Record
from sakura_emulator.values import digest, number
from sakura_emulator.wire import JSON


class Items(Resource):
    """Items of all classes lie in one collection; most are global, some belong to the zone they were made in."""

    __slots__ = ()

    def zone(self, call: Call) -> str:
        """Items are found from all zones."""
        return ""

    def require(self, call: Call, object_id: Any) -> Record:
        """The item with this ID that the call's zone sees."""
        text = str(object_id)
        record = call.cloud.store.get("item", number(text))
        if record is None or record.zone not in ("", call.zone):
            raise not_found(f"commonserviceitem {text}")
        return record

    def all(self, call: Call) -> list[Record]:
        """The items that the call's zone sees."""
        return [record for record in call.cloud.store.all("item") if record.zone in ("", call.zone)]

    def of_class(self, call: Call, *classes: str) -> Record:
        """The item that the path names, of one of these classes."""
        record = self.get(call)
        if record["class"] not in classes:
            raise not_found(f"commonserviceitem {record.id} is of class {record['class']}")
        return record


def settings_hash(record: Record) -> str:
    """The hash of the settings as they are."""
    return digest(record["settings"])


def check_hash(call: Call, record: Record, body: JSON) -> None:
    """409 if the request names another hash than that of the settings it would replace."""
    expected = body.get("SettingsHash")
    if not expected:
        return
    enforced = call.cloud.settings.settings_hash == "enforce"
    if call.fault == "stale_hash" or (enforced and expected != settings_hash(record)):
        raise conflict("original_hash_mismatch", f"commonserviceitem {record.id} was changed in between")


def shape(call: Call, record: Record) -> JSON:
    """The whole item."""
    rules = behaviour(record["class"])
    provider = {"ID": rules.provider_id, "Class": record["class"], "Name": rules.provider_name}
    return {
        **common_shape(call, record),
        "Availability": "available",
        "ServiceClass": record["service_class"],
        "SettingsHash": settings_hash(record),
        "Provider": {**provider, "ServiceClass": rules.service_class},
        "Settings": record["settings"],
        "Status": rules.status(call, record),
    }


def answer(call: Call, record: Record, status: int = 200) -> Answer:
    """The item after a change."""
    return ITEM.answer(call, record, status)


ITEM = Items("item", "CommonServiceItem", "CommonServiceItems", shape, zonal=False)
