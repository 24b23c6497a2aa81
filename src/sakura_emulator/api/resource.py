"""What most resources have in common: find, read, and the envelope around one object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sakura_emulator.call import Answer, Call
from sakura_emulator.catalogue.places import ZONES
from sakura_emulator.clock import stamp
from sakura_emulator.errors import ApiError, not_found
from sakura_emulator.find import find, find_records
from sakura_emulator.query import condition
from sakura_emulator.store import Record
from sakura_emulator.values import common, identifier, number
from sakura_emulator.wire import JSON

Handler = Callable[[Call], Answer]
Route = tuple[str, str, Handler]
Shape = Callable[[Call, Record], JSON]


@dataclass(frozen=True, slots=True)
class Resource:
    """A collection of stored objects."""

    path: str  # also the kind in the store
    singular: str
    plural: str
    shape: Shape
    zonal: bool = True

    def zone(self, call: Call) -> str:
        """The zone of the call, or none for a global resource, whose calls may name any zone."""
        if not self.zonal:
            return ""
        if call.zone not in ZONES:
            raise ApiError(404, "resource_path_not_found", f"there is no zone {call.zone}")
        return call.zone

    def get(self, call: Call, arg: str = "id") -> Record:
        """The object that the path names."""
        return self.require(call, call.args[arg])

    def require(self, call: Call, object_id: Any) -> Record:
        """An object of the call's zone, or 404."""
        zone = self.zone(call)
        text = str(object_id)
        record = call.cloud.store.get(self.path, number(text))
        if record is None or record.zone != zone:
            raise not_found(f"{self.path} {text}" + (f" in {zone}" if zone else ""))
        return record

    def named(self, call: Call, object_id: int) -> Record:
        """An object of the call's zone that a parameter names, or 400."""
        record = call.cloud.store.get(self.path, object_id)
        if record is None or (self.zonal and record.zone != call.zone):
            raise ApiError(400, "param_res_not_found", f"{self.path} {object_id}")
        return record

    def own(self, call: Call, arg: str = "id") -> Record:
        """The object that the path names, as a copy to change; shared ones are the vendor's."""
        record = self.get(call, arg)
        if record.shared:
            raise ApiError(403, "forbidden", f"{self.path} {record.id} is shared")
        return call.cloud.store.edit(record)

    def create(self, call: Call, **fields: Any) -> Record:
        """A new object with a name and its usual company."""
        store = call.cloud.store
        zone = self.zone(call)
        data = {**named_fields(call, call.envelope(self.singular)), **fields, "created": call.now, "modified": call.now}
        return store.put(Record(store.new_id(), self.path, zone, data))

    def change(self, call: Call, record: Record) -> JSON:
        """Take over the common fields of an update; the object of the body is returned for the others."""
        body = call.envelope(self.singular)
        record.data |= named_fields(call, body, record)
        record["modified"] = call.now
        return body

    def all(self, call: Call) -> list[Record]:
        """The objects that the call's zone sees."""
        zone = self.zone(call)
        return [record for record in call.cloud.store.all(self.path) if record.zone == zone]

    # Handlers

    def find(self, call: Call) -> Answer:
        """GET /path."""
        return Answer(find_records(self.all(call), partial(self.shape, call), condition(call.query), self.plural))

    def read(self, call: Call) -> Answer:
        """GET /path/:id."""
        return Answer({self.singular: self.shape(call, self.get(call)), "is_ok": True})

    def remove(self, call: Call) -> Answer:
        """DELETE /path/:id of what nothing else depends on."""
        call.cloud.store.delete(self.own(call))
        return Answer({"Success": True, "is_ok": True})

    def answer(self, call: Call, record: Record, status: int = 200, success: Any = True, **extra: Any) -> Answer:
        """The object after a change."""
        body = {self.singular: self.shape(call, record), **extra, "Success": success, "is_ok": True}
        return Answer(body, status)

    def routes(self, *handlers: Route) -> list[Route]:
        """Find and read, with the handlers of the resource."""
        return [("GET", self.path, self.find), ("GET", f"{self.path}/:id", self.read), *handlers]


def named_fields(call: Call, body: JSON, old: Record | None = None) -> JSON:
    """Name, Description, Tags and Icon of a request, checked; the icon must exist."""
    fields = common(body, None if old is None else old.data)
    icon = fields["icon"]
    if icon and "Icon" in body and call.cloud.store.get("icon", icon) is None:
        raise ApiError(400, "param_res_not_found", f"icon {icon}")
    return fields


def common_shape(call: Call, record: Record) -> JSON:
    """The keys that every object has."""
    data = record.data
    return {
        "ID": record.id,
        "Name": data["name"],
        "Description": data["description"],
        "Tags": data["tags"],
        "Icon": icon_shape(call, data["icon"]),
        "CreatedAt": stamp(data["created"]),
        "ModifiedAt": stamp(data["modified"]),
    }


def icon_shape(call: Call, icon_id: int) -> JSON | None:
    """The icon of an object, or null."""
    icon = call.cloud.store.get("icon", icon_id) if icon_id else None
    if icon is None:
        return None
    return {"ID": icon.id, "URL": icon_url(icon.id), "Name": icon["name"], "Scope": icon.get("scope", "user")}


def icon_url(icon_id: int) -> str:
    """Where the image would be."""
    return f"https://icon.invalid/{icon_id}.png"


def fixed(path: str, singular: str, plural: str, items: Callable[[Call], list[JSON]]) -> list[Route]:
    """Find and read for a list of the catalogue."""

    def find_all(call: Call) -> Answer:
        return Answer(find(items(call), condition(call.query), plural))

    def read(call: Call) -> Answer:
        wanted = identifier(call.args["id"])
        for item in items(call):
            if item.get("ID") == wanted:
                return Answer({singular: item, "is_ok": True})
        raise not_found(f"{path} {call.args['id']}")

    return [("GET", path, find_all), ("GET", f"{path}/:id", read)]
