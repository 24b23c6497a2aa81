"""What is shown while the engine works."""

from __future__ import annotations

import pytest

from sakura_fleet import tokens
from sakura_fleet.cli.progress import WIDTH, Progress, under_way
from sakura_fleet.engine.outcome import Change


def test_the_live_line_says_what_each_wait_sees() -> None:
    assert under_way({"web-002": "", "web-001": "booting"}) == "under way: web-001 (booting), web-002"
    assert under_way({}) == "under way: nothing more"


@pytest.mark.parametrize("count", [1, 2, 7, 100])
@pytest.mark.parametrize("phase", ["", "booting", "ELB UP 0 of 1, DOWN: 192.0.2.1:80", "x" * 50])
def test_the_live_line_fits_80_columns_and_counts_what_it_leaves_out(count: int, phase: str) -> None:
    line = under_way({f"web-a1b2c3-{number:03}": phase for number in range(1, count + 1)})
    assert len(line) <= WIDTH
    shown = line.count("web-a1b2c3-")
    assert shown == count or line.endswith(f" and {count - shown} more")


def test_a_plain_line_has_the_phase(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("plain") as progress:
        progress.change(Change("web-001", tokens.SERVER, "create"))
        progress.change(Change("web-001", tokens.SERVER, "create", phase="disk copying 40 %"))
        progress.change(Change("web-001", tokens.SERVER, "create", "done"))
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["create   web-001: begun", "create   web-001: disk copying 40 %", "create   web-001: done"]
