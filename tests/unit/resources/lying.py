"""Lies on the wire of a run in this process: answers are changed once they have come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.calls import shape
from tests.lies.lie import BUSY, PAGE, WRITE_LIES, Lie, Rule, falsified
from tests.unit.world import World

ALWAYS = 1_000_000
"""As a rule's `times`: from its first call on."""


@contextmanager
def lied_to(world: World, *rules: Rule) -> Iterator[list[str]]:
    """Lie within the block as the rules say; yields the calls that were lied about."""
    told: list[str] = []
    seen = dict.fromkeys(rules, 0)

    def answer(call: str, response: httpx.Response) -> httpx.Response:
        method, _, path = call.partition(" ")
        content = response.read()
        for rule in rules:
            if (rule.method, rule.path) == (method, f"/{shape(path)}"):
                seen[rule] += 1
                if rule.nth <= seen[rule] < rule.nth + rule.times:
                    told.append(call)
                    if rule.lie in WRITE_LIES:
                        return _after(world, rule.lie, response)
                    content = falsified(content, rule)
        return httpx.Response(response.status_code, content=content)

    before = world.wire.answer
    world.wire.answer = answer
    try:
        yield told
    finally:
        world.wire.answer = before


def _after(world: World, lie: Lie, response: httpx.Response) -> httpx.Response:
    """What comes of a call that was carried out."""
    match lie:
        case Lie.GATEWAY_503:
            return httpx.Response(503, content=PAGE, headers={"Content-Type": "text/html"})
        case Lie.API_503:
            return httpx.Response(503, json=BUSY)
        case Lie.CUT_AFTER:
            raise httpx.RemoteProtocolError("the connection was closed without an answer")
        case _:
            world.wire.again(response.request)
            return httpx.Response(response.status_code, content=response.content)
