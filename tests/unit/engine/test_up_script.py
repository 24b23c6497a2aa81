"""`make up SIZE=`: a size that the stack file does not allow changes nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("size", ["11", "abc", "-1", "2.5", "٣"])
def test_a_size_that_cannot_be_is_refused_before_anything_is_changed(size: str) -> None:
    file = ROOT / "stacks" / "Pulumi.local.yaml"
    before = file.read_text()
    done = subprocess.run([ROOT / "scripts" / "up", size], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, ""), "no emulator is started and no stack made, which would be said"
    assert f"SIZE={size} is not a number of servers from 0 to 10" in done.stderr
    assert file.read_text() == before
