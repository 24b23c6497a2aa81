"""`archive`: the public ones of the catalogue, and a user's own."""

from __future__ import annotations

from sakura_emulator.api import ftp
from sakura_emulator.api.disk import rules
from sakura_emulator.api.resource import Resource, common_shape
from sakura_emulator.call import Answer, Call, done
from sakura_emulator.catalogue.places import ZONES
from sakura_emulator.errors import ApiError, bad_request, conflict
from sakura_emulator.store import Record
from sakura_emulator.values import integer, reference
from sakura_emulator.wire import JSON

_PLAN = {"ID": 2, "StorageClass": "iscsi1204", "Name": "標準プラン"}


def shape(call: Call, record: Record) -> JSON:
    """The whole archive."""
    zone = ZONES[record.zone]
    store = call.cloud.store
    uploading = ftp.is_open(record)
    disk = store.get("disk", record.get("source_disk", 0))
    archive = store.get("archive", record.get("source_archive", 0))
    return {
        **common_shape(call, record),
        "DisplayOrder": record.id,
        "Scope": record.get("scope", "user"),
        "Availability": "uploading" if uploading else rules.availability(record, call.now),
        "SizeMB": record["size"],
        "MigratedMB": 0 if uploading else rules.migrated(record, call.now),
        "WaitingJobCount": 0,
        "JobStatus": None,
        "ServiceClass": f"cloud/archive/{record['size'] // 1024}g",
        "Plan": _PLAN,
        "SourceDisk": _source(disk, call.now) if disk else None,
        "SourceArchive": _source(archive, call.now) if archive else None,
        "OriginalArchive": {"ID": record.get("original") or record.id},
        "SourceInfo": None,
        "BundleInfo": None,
        "Storage": {
            "ID": zone["ID"] * 100000 + 97001,
            "Name": f"sac-{record.zone}-arc-st01",
            "Class": "iscsi1204",
            "Zone": {"ID": zone["ID"], "Name": zone["Name"]},
        },
    }


def _source(record: Record, now: float) -> JSON:
    state = rules.availability(record, now)
    return {"ID": record.id, "Name": record["name"], "Availability": state, "SizeMB": record["size"]}


def create(call: Call) -> Answer:
    """POST /archive: from a disk, from an archive, or blank and waiting for an upload."""
    body = call.envelope("Archive")
    for key, kind in (("SourceDisk", "disk"), ("SourceArchive", "archive")):
        source_id = reference(body.get(key), key)
        if not source_id:
            continue
        source = call.cloud.store.get(kind, source_id)
        if source is None or source.zone != ARCHIVE.zone(call):
            raise ApiError(400, "param_res_not_found", f"{key} {source_id}")
        ftp.require_closed(source)
        if rules.availability(source, call.now) != "available":
            raise conflict("archive_is_incomplete", f"{kind} {source_id} is not available")
        fields = {"size": source["size"], f"source_{kind}": source.id, "original": source.get("original") or 0}
        if kind == "archive":
            fields["original"] = source.get("original") or source.id
        record = ARCHIVE.create(call, **fields, **rules.copying(call, "source"))
        ready = rules.availability(record, call.now) == "available"
        return ARCHIVE.answer(call, record, 201 if ready else 202, True if ready else "Accepted")
    size = integer(body, "SizeMB")
    if size <= 0 or size % 1024:
        raise bad_request("invalid_range", f"SizeMB {size}")
    record = ARCHIVE.create(call, size=size, uploading=True, ready_from=call.now, ready_at=call.now)
    return ARCHIVE.answer(call, record, 201, FTPServer=ftp.server(call, record))


def update(call: Call) -> Answer:
    """PUT /archive/:id."""
    record = ARCHIVE.own(call)
    ARCHIVE.change(call, record)
    return ARCHIVE.answer(call, record)


def delete(call: Call) -> Answer:
    """DELETE /archive/:id."""
    record = ARCHIVE.own(call)
    rules.require_quiet(record, call.now)
    call.cloud.store.delete(record)
    return done()


def open_ftp(call: Call) -> Answer:
    """PUT /archive/:id/ftp: wait for an upload, change the password, or give a key to share it."""
    record = ARCHIVE.own(call)
    if call.body.get("Shared"):
        return done(SharedKey=f"{record.zone}:{record.id}:{call.cloud.settings.word(record.id)}")
    return done(FTPServer=ftp.open_(call, record))


def close_ftp(call: Call) -> Answer:
    """DELETE /archive/:id/ftp: the upload is done."""
    ftp.close(ARCHIVE.own(call))
    return done()


ARCHIVE = Resource("archive", "Archive", "Archives", shape)
ROUTES = ARCHIVE.routes(
    ("POST", "archive", create),
    ("PUT", "archive/:id", update),
    ("DELETE", "archive/:id", delete),
    ("PUT", "archive/:id/ftp", open_ftp),
    ("DELETE", "archive/:id/ftp", close_ftp),
)
