"""A program run against Pulumi's mocks: what it would register, and what its outputs would be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pulumi
import pytest
from pulumi.runtime import settings, stack
from pulumi.runtime.config import set_all_config
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks, set_mocks

from sakura_fleet import tokens
from sakura_fleet.model.server import inputs as server_inputs

T = TypeVar("T")
FLEET = "0123456789abcdef"
PROJECT = "test-project"
STACK = "test"
ANSWERED = ["h1", "h2"]
"""What a host is seen to serve whose Caddyfile decides it."""


class Cloud(Mocks):
    """Takes every resource and answers as the cloud would."""

    def __init__(self) -> None:
        self.resources: list[MockResourceArgs] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.resources.append(args)
        found: dict[str, Any] = {}
        if args.typ == tokens.SERVER:
            server = server_inputs.full(args.inputs)
            zones, slot = server["zones"], int(server["slot"])
            found = {"zone": zones[slot % len(zones)], "address": f"192.0.2.{slot + 1}", "disk_ids": []}
        if args.typ == tokens.HOST_PROBE:
            verified = args.inputs["protocols"] if args.inputs.get("required", True) else ANSWERED
            found = {"verified": verified, "certificates": {}}
        if args.typ == tokens.HTTP3_WITHDRAWAL:
            found = {"withdrawn": 7}
        return f"id-of-{args.name}", {**args.inputs, **found}

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], None]:
        raise AssertionError(f"unexpected call {args.token}")


@dataclass(frozen=True)
class Registered:
    """What a program registered: inputs by type token and name, those of servers with their defaults."""

    resources: list[MockResourceArgs] = field(default_factory=list)

    def of(self, token: str) -> dict[str, dict[str, Any]]:
        listed = [resource for resource in self.resources if resource.typ == token]
        found = {resource.name: resource.inputs for resource in listed}
        assert len(found) == len(listed), "a name twice"
        if token == tokens.SERVER:
            found = {name: server_inputs.full(inputs) for name, inputs in found.items()}
        return dict(sorted(found.items()))

    @property
    def names(self) -> list[str]:
        return sorted(f"{resource.typ.rpartition(':')[2]} {resource.name}" for resource in self.resources)


@contextmanager
def loops_closed() -> Iterator[Callable[[], asyncio.AbstractEventLoop]]:
    """Close every event loop made meanwhile: Pulumi's mocks leave one behind in each of their threads."""
    real = asyncio.new_event_loop
    made: list[asyncio.AbstractEventLoop] = []

    def new_event_loop() -> asyncio.AbstractEventLoop:
        made.append(real())
        return made[-1]

    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(asyncio, "new_event_loop", new_event_loop)
            yield new_event_loop
    finally:
        for loop in made:
            loop.close()


def run(program: Callable[[], T], *, fleet_id: str = FLEET, **config: str) -> tuple[T, Registered]:
    """Run a program on an event loop of its own; raises what the program raises."""
    values = {f"sakura-fleet:{key}": value for key, value in {"fleet_id": fleet_id, **config}.items() if value}
    cloud = Cloud()
    results: list[T] = []
    with loops_closed() as new_event_loop:
        loop = new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            set_mocks(cloud, project=PROJECT, stack=STACK, preview=False)
            set_all_config(values, [])

            async def body() -> None:
                await stack.run_pulumi_func(lambda: results.append(program()))

            loop.run_until_complete(body())
        finally:
            settings.reset_options()
            set_all_config({}, [])
            asyncio.set_event_loop(None)
    return results[0], Registered(cloud.resources)


def run_with_outputs(program: Callable[[], Any], **config: str) -> Any:
    """Run a program and give back its result with every output resolved."""
    resolved: list[Any] = []

    def whole() -> None:
        pulumi.Output.from_input(program()).apply(resolved.append)

    run(whole, **config)
    return resolved[0]
