"""FTP of archives and ISO images: open while an upload is waited for.

What is uploaded nobody sees here, so that closing never finds a file missing.
"""

from __future__ import annotations

from sakura_emulator.call import Call
from sakura_emulator.catalogue.places import ZONES
from sakura_emulator.errors import conflict
from sakura_emulator.store import Record
from sakura_emulator.wire import JSON


def server(call: Call, record: Record) -> JSON:
    """Where an image could be uploaded to."""
    place = ZONES[record.zone]["FTPServer"]
    password = call.cloud.settings.word(record.id, record.get("ftp_opened", 0))
    return {**place, "User": f"{record.kind}{record.id}", "Password": password}


def is_open(record: Record) -> bool:
    """Whether an upload is waited for."""
    return bool(record.get("uploading"))


def require_closed(record: Record) -> None:
    """409 while an upload is waited for."""
    if is_open(record):
        raise conflict("ftp_must_be_closed", f"{record.kind} {record.id} waits for an upload")


def open_(call: Call, record: Record) -> JSON:
    """Open it, or with ChangePassword change the password of what is open. The answer says where to upload."""
    changes_password = bool(call.body.get("ChangePassword"))
    if is_open(record) and not changes_password:
        raise conflict("ftp_is_already_open", f"{record.kind} {record.id} waits for an upload")
    if changes_password and not is_open(record):
        raise conflict("ftp_is_already_close", f"{record.kind} {record.id} waits for no upload: no password to change")
    record.data |= {"uploading": True, "ftp_opened": record.get("ftp_opened", 0) + 1}
    return server(call, record)


def close(record: Record) -> None:
    """The upload is done."""
    if not is_open(record):
        raise conflict("ftp_is_already_close", f"{record.kind} {record.id} waits for no upload")
    record["uploading"] = False
