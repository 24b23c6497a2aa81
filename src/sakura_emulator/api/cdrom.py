"""`cdrom`: one shared ISO image a zone, and a user's own."""

from __future__ import annotations

from sakura_emulator.api import ftp
from sakura_emulator.api.resource import Resource, common_shape
from sakura_emulator.call import Answer, Call, done
from sakura_emulator.catalogue.places import ZONES
from sakura_emulator.errors import conflict
from sakura_emulator.store import Record
from sakura_emulator.values import integer
from sakura_emulator.wire import JSON


def shape(call: Call, record: Record) -> JSON:
    """The whole CD-ROM."""
    zone = ZONES[record.zone]
    return {
        **common_shape(call, record),
        "DisplayOrder": record.id,
        "Scope": record.get("scope", "user"),
        "Availability": "uploading" if ftp.is_open(record) else "available",
        "SizeMB": record["size"],
        "ServiceClass": f"cloud/cdrom/{record['size'] // 1024}g",
        "Storage": {
            "ID": zone["ID"] * 100000 + 97001,
            "Class": "iscsi1204",
            "Zone": {"ID": zone["ID"], "Name": zone["Name"]},
        },
    }


def create(call: Call) -> Answer:
    """POST /cdrom: empty, waiting for an upload."""
    record = CDROM.create(call, size=integer(call.envelope("CDROM"), "SizeMB"), uploading=True)
    return CDROM.answer(call, record, 201, FTPServer=ftp.server(call, record))


def update(call: Call) -> Answer:
    """PUT /cdrom/:id."""
    record = CDROM.own(call)
    CDROM.change(call, record)
    return CDROM.answer(call, record)


def delete(call: Call) -> Answer:
    """DELETE /cdrom/:id of one that is in no server."""
    record = CDROM.own(call)
    if any(server["cdrom"] == record.id for server in call.cloud.store.all("server")):
        raise conflict("cdrom_in_use", f"cdrom {record.id} is in a server")
    call.cloud.store.delete(record)
    return done()


def open_ftp(call: Call) -> Answer:
    """PUT /cdrom/:id/ftp: wait for an upload, or change the password."""
    return done(FTPServer=ftp.open_(call, CDROM.own(call)))


def close_ftp(call: Call) -> Answer:
    """DELETE /cdrom/:id/ftp: the upload is done."""
    ftp.close(CDROM.own(call))
    return done()


CDROM = Resource("cdrom", "CDROM", "CDROMs", shape)
ROUTES = CDROM.routes(
    ("POST", "cdrom", create),
    ("PUT", "cdrom/:id", update),
    ("DELETE", "cdrom/:id", delete),
    ("PUT", "cdrom/:id/ftp", open_ftp),
    ("DELETE", "cdrom/:id/ftp", close_ftp),
)
