"""A provider host asks whether its engine is still there."""

from __future__ import annotations

import socket
import sys

import pytest

from sakura_fleet.resources.orphan import engine_gone


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
