"""Lies on the wire of a run in this process: answers are changed once they have come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.calls import shape
from tests.lies.lie import Rule, falsified
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
                    content = falsified(content, rule)
        return httpx.Response(response.status_code, content=content)

    before = world.wire.answer
    world.wire.answer = answer
    try:
        yield told
    finally:
        world.wire.answer = before
