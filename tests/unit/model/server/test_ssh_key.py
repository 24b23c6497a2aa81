"""Public keys: what is taken, what is refused, and that a private key is never repeated."""

from __future__ import annotations

import base64

import pytest

from sakura_fleet.model.server.ssh_key import KEY_TYPES, check_public_key
from tests.unit.model.read import PUBLIC_KEY, rules


def key(kind: str, inner: str | None = None, comment: str = "me@host") -> str:
    name = (kind if inner is None else inner).encode()
    blob = len(name).to_bytes(4, "big") + name + bytes(36)
    return f"{kind} {base64.b64encode(blob).decode()} {comment}"


@pytest.mark.parametrize("text", [PUBLIC_KEY, *map(key, KEY_TYPES), key("ssh-rsa", comment=""), f"  {PUBLIC_KEY}\n"])
def test_public_keys_are_taken(text: str) -> None:
    assert check_public_key(text, "k") == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "ssh-key-type"),
        ("ssh-ed25519", "ssh-key-type"),
        ("ssh-dss AAAA", "ssh-key-type"),
        ("AAAAC3NzaC1lZDI1NTE5AAAA", "ssh-key-type"),
        (f"no-pty {PUBLIC_KEY}", "ssh-key-type"),
        ("ssh-ed25519 AAAA!", "ssh-key-encoding"),
        ("ssh-ed25519 AAAAC3N", "ssh-key-encoding"),
        ("ssh-ed25519 鍵鍵鍵鍵", "ssh-key-encoding"),
        (key("ssh-ed25519", "ssh-rsa"), "ssh-key-mismatch"),
        ("ssh-ed25519 AAAA", "ssh-key-mismatch"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n", "ssh-private-key"),
        ("-----BEGIN RSA PRIVATE KEY-----", "ssh-private-key"),
    ],
)
def test_anything_else_is_one_problem(text: str, rule: str) -> None:
    assert rules(check_public_key(text, "ssh_keys[0]")) == [("ssh_keys[0]", rule)]


def test_a_private_key_is_not_repeated() -> None:
    (problem,) = check_public_key("-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n", "k")
    assert "c2VjcmV0" not in problem.message
