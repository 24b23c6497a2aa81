"""SSH public keys (API path `sshkey`, global). They have no tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sakura_fleet.client._api import GlobalApi
from sakura_fleet.client._fields import Fields
from sakura_fleet.client._values import Json, text

__all__ = ["SshKey", "SshKeysApi"]


@dataclass(frozen=True, slots=True)
class SshKey:
    """One public key; `fingerprint` is the MD5 of the key, in hex with colons."""

    id: str
    name: str
    description: str
    public_key: str
    fingerprint: str
    created_at: datetime | None

    @classmethod
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        return cls(
            **fields.named(),
            description=fields.blank_text("Description"),
            public_key=fields.text("PublicKey"),
            fingerprint=text(fields.get("Fingerprint")),
        )


class SshKeysApi(GlobalApi[SshKey]):
    """Public keys that disks can be prepared with."""

    PATH, SINGULAR, PLURAL = "sshkey", "SSHKey", "SSHKeys"
    VALUE = SshKey

    def find(self, *, tags: Sequence[str] = (), name: str | None = None, description: str = "") -> list[SshKey]:
        """As of every kind, and with `description` those alone that have this text in theirs."""
        return self._find(self._zone, tags=tags, name=name, description=description)

    def create(self, *, name: str, public_key: str, description: str = "") -> SshKey:
        """Store a public key in OpenSSH's one-line form."""
        return self._create(self._zone, {"Name": name, "Description": description, "PublicKey": public_key})

    def update(self, key_id: str, *, name: str, description: str) -> SshKey:
        """Change name and description; the key itself cannot be changed."""
        return self._update(self._zone, key_id, {"Name": name, "Description": description})
