"""A provider host asks whether its engine is still there."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from sakura_fleet.provider.engine_watch import engine_gone


@pytest.mark.parametrize(
    "arguments", [["host"], ["host", "-q"], ["host", "tests/unit"], ["host", "::"], ["host", ":x"]]
)
def test_outside_a_host_nothing_is_gone(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    monkeypatch.setattr(sys, "argv", arguments)
    assert not engine_gone()


def test_an_engine_that_listens_is_there_and_one_that_does_not_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as engine:
        monkeypatch.setattr(sys, "argv", ["host", f"127.0.0.1:{engine.getsockname()[1]}"])
        assert not engine_gone()
    assert engine_gone()


_HOST = """
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from sakura_fleet.provider.engine_watch import end_quickly

class Last:
    def __del__(self):
        print("taken apart")

last = Last()
end_quickly()
calls, others = ThreadPoolExecutor(1), ThreadPoolExecutor(1)

def call():
    with suppress(RuntimeError):  # once the interpreter has begun to end, no pool takes anything
        while True:
            others.submit(int).result()
    print("call ended")

calls.submit(call)
"""


def _end(*last_lines: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", "\n".join([_HOST, *last_lines])], capture_output=True, text=True)


def test_a_host_ends_once_its_calls_have_and_takes_nothing_apart() -> None:
    done = _end()
    assert (done.returncode, done.stdout, done.stderr) == (0, "call ended\n", "")


def test_a_host_that_fails_says_so_all_the_same() -> None:
    done = _end("raise SystemError('no port')")
    assert done.returncode == 1
    assert "no port" in done.stderr
