"""Keeps secrets out of messages: a server may echo what it was sent, and messages end up in logs and in CI."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping

from sakura_fleet.client.credentials import Credentials

__all__ = ["hider", "secrets_in", "secrets_of"]

SECRET_KEYS = frozenset({"Password", "PrivateKey", "Token"})  # of request bodies
SECRET_OBJECTS = frozenset({"Variables"})  # what startup scripts get: each value may be a secret
SHORTEST = 6  # characters; masking a shorter text would only garble the message


def secrets_of(credentials: Credentials) -> tuple[str, ...]:
    """The API key in each form in which a request carries it."""
    pair = f"{credentials.token}:{credentials.secret}".encode()
    return (base64.b64encode(pair).decode(), credentials.secret, credentials.token)


def secrets_in(body: object) -> Iterator[str]:
    """The passwords, private keys and script variables of a request body."""
    if isinstance(body, Mapping):
        for key, value in body.items():
            if key in SECRET_OBJECTS and isinstance(value, Mapping):
                yield from (str(secret) for secret in value.values())
            elif key in SECRET_KEYS and isinstance(value, str):
                yield value
            else:
                yield from secrets_in(value)
    elif isinstance(body, list | tuple):
        for value in body:
            yield from secrets_in(value)


def hider(*secrets: str) -> Callable[[str], str]:
    """A function that replaces each of `secrets` by `***`."""
    masked = [secret for secret in secrets if len(secret) >= SHORTEST]

    def hide(message: str) -> str:
        for secret in masked:
            message = message.replace(secret, "***")
        return message

    return hide
