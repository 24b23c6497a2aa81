"""SSH public keys in the form of an `authorized_keys` line."""

from __future__ import annotations

import base64
from typing import Final

from sakura_fleet.errors import Problem

KEY_TYPES: Final = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)


def check_public_key(key: str, path: str) -> list[Problem]:
    """What is wrong with a public key; empty when nothing is. A private key is never repeated in the message."""
    if "PRIVATE KEY" in key:
        return [Problem(path, "ssh-private-key", "this is a private key; put the public one here (the .pub file)")]
    words = key.split()
    if len(words) < 2 or words[0] not in KEY_TYPES:
        return [
            Problem(
                path, "ssh-key-type", f"a public key is TYPE BASE64 [COMMENT] with TYPE one of {', '.join(KEY_TYPES)}"
            )
        ]
    try:
        blob = base64.b64decode(words[1], validate=True)
    except ValueError:  # binascii.Error, or characters outside ASCII
        return [Problem(path, "ssh-key-encoding", f"the key after {words[0]} is not base64; copy the .pub file whole")]
    length = int.from_bytes(blob[:4], "big")
    if blob[4 : 4 + length] != words[0].encode():
        return [Problem(path, "ssh-key-mismatch", f"the key's own type is not {words[0]}; copy the .pub file whole")]
    return []
