"""`sshkey`: public keys with their MD5 fingerprint."""

from __future__ import annotations

import base64
import binascii
import hashlib

from sakura_emulator.api.resource import Resource, common_shape
from sakura_emulator.call import Answer, Call
from sakura_emulator.errors import bad_request
from sakura_emulator.store import Record
from sakura_emulator.values import text
from sakura_emulator.wire import JSON


def shape(call: Call, record: Record) -> JSON:
    """One key; it has neither tags nor an icon."""
    full = common_shape(call, record)
    kept = {key: full[key] for key in ("ID", "Name", "Description", "CreatedAt")}
    return {**kept, "PublicKey": record["public_key"], "Fingerprint": record["fingerprint"]}


def fingerprint(public_key: str) -> str:
    """MD5 of the decoded key blob, in pairs of hex digits."""
    parts = public_key.split()
    try:
        blob = base64.b64decode(parts[1], validate=True)
        length = int.from_bytes(blob[:4], "big")
    except (IndexError, binascii.Error, ValueError):
        raise bad_request("invalid_format", "PublicKey is not an OpenSSH public key") from None
    if blob[4 : 4 + length] != parts[0].encode() or not length:
        raise bad_request("invalid_format", "PublicKey is not an OpenSSH public key: its type does not match its blob")
    digits = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    return ":".join(digits[i : i + 2] for i in range(0, 32, 2))


def create(call: Call) -> Answer:
    """POST /sshkey."""
    public_key = text(call.envelope("SSHKey"), "PublicKey")
    record = SSHKEY.create(call, public_key=public_key, fingerprint=fingerprint(public_key))
    return SSHKEY.answer(call, record, 201)


def update(call: Call) -> Answer:
    """PUT /sshkey/:id: name and description only."""
    record = SSHKEY.own(call)
    SSHKEY.change(call, record)
    return SSHKEY.answer(call, record)


SSHKEY = Resource("sshkey", "SSHKey", "SSHKeys", shape, zonal=False)
ROUTES = SSHKEY.routes(
    ("POST", "sshkey", create), ("PUT", "sshkey/:id", update), ("DELETE", "sshkey/:id", SSHKEY.remove)
)
