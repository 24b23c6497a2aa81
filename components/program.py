"""How a program runs: what the Pulumi SDK leaves to it when a stack has a thousand servers."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import TypeVar

import pulumi

T = TypeVar("T")


def run_program(declare: Callable[[], T]) -> T:
    """Declare resources and wait for the registrations to begin; the language host then waits for the rest.

    The garbage collector is off: a program ends before there is much to collect, and at 1,000 servers looking for it
    is a third of its time.
    """
    gc.disable()
    declared = declare()
    pulumi.run(_let_registrations_begin)
    return declared


async def _let_registrations_begin() -> None:
    """One turn of the loop: the SDK then waits for each registration once, and not for all of them at each answer."""
    await asyncio.sleep(0)
