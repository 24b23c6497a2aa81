"""`widen` and `hear_cancel` against the real host of the locked pulumi and grpcio: if their insides change, this is
where it shows."""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dill
import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sakura_fleet.provider.engine_cancel import hear_cancel, interrupted
from sakura_fleet.provider.workers import widen
from tests.unit.provider.slow_provider import TOGETHER, SlowProvider
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[3]
STOCK_WORKERS = 4


@contextmanager
def host(**environment: str) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """The host as the engine starts it, and a connection to it."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.dynamic", "127.0.0.1:0"],
        cwd=ROOT,
        env={
            **os.environ,
            "PULUMI_PROJECT": "test",
            "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
            **environment,
        },
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().decode().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield provider_pb2_grpc.ResourceProviderStub(channel)
    finally:
        process.kill()
        process.communicate()


def properties(**values: Any) -> struct_pb2.Struct:
    async def serialize() -> struct_pb2.Struct:
        return await rpc.serialize_properties(values, {})

    return asyncio.run(serialize())


def checks_together(stub: provider_pb2_grpc.ResourceProviderStub, count: int, **news: Any) -> list[bool]:
    """Send checks at the same time; whether each met all others."""
    provider = base64.b64encode(dill.dumps(SlowProvider())).decode()
    request = provider_pb2.CheckRequest(news=properties(__provider=provider, **news))
    with ThreadPoolExecutor(count) as pool:
        answers = list(pool.map(lambda _: stub.Check(request, wait_for_ready=True, timeout=PATIENCE), range(count)))
    return [bool(answer.inputs["together"]) for answer in answers]


def test_more_calls_than_the_stock_host_allows_run_at_once() -> None:
    assert TOGETHER > STOCK_WORKERS
    with host(SLOW_PROVIDER_WIDEN="yes") as stub:
        assert checks_together(stub, TOGETHER) == [True] * TOGETHER


def test_the_stock_host_runs_four_at_once_which_is_why_it_is_widened() -> None:
    with host(SLOW_PROVIDER_WIDEN="no", SLOW_PROVIDER_PATIENCE="0.5") as stub:
        assert checks_together(stub, TOGETHER) == [False] * TOGETHER


def test_outside_a_host_nothing_is_widened() -> None:
    assert widen() is None


@pytest.mark.parametrize(("limit", "wanted", "expected"), [(4, 64, 64), (100, 64, 100)])
def test_a_limit_is_raised_and_never_lowered(limit: int, wanted: int, expected: int) -> None:
    pool = ThreadPoolExecutor(limit)
    server = SimpleNamespace(_state=SimpleNamespace(thread_pool=pool))
    assert server is not None  # found as a local of this frame, as the host's is
    assert widen(wanted) == expected
    assert pool._max_workers == expected
    pool.shutdown()


def test_outside_a_host_no_cancel_is_heard() -> None:
    assert not hear_cancel()
    assert not interrupted()


def test_the_engines_cancel_is_heard_while_calls_are_under_way() -> None:
    with host(SLOW_PROVIDER_WIDEN="yes") as stub, ThreadPoolExecutor(1) as pool:
        checks_together(stub, TOGETHER)  # the first call of all lets the host hear it
        checks = pool.submit(checks_together, stub, TOGETHER, until_cancel=True)
        stub.Cancel(empty_pb2.Empty(), wait_for_ready=True, timeout=PATIENCE)
        assert checks.result() == [True] * TOGETHER
