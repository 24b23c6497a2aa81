"""The name of a state: made once, kept by the backend, asked for once a run. A script stands for the engine."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sakura_fleet.provider import state_identity
from sakura_fleet.provider.state_identity import identity_of_state, is_identity

ENGINE = """#!/bin/sh
echo "$*" >> {folder}/calls
[ ! -e {folder}/no-tags ] || exit 255
case "$3" in
get) cat {folder}/tag ;;
set) echo "$5" > {folder}/tag ;;
esac
"""


@pytest.fixture(autouse=True)
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that stands for the backend."""
    engine = tmp_path / "pulumi"
    engine.write_text(ENGINE.format(folder=tmp_path))
    engine.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), os.environ["PATH"]]))
    next_run(monkeypatch)
    return tmp_path


def next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_identity, "_known", {})


def calls(backend: Path) -> list[str]:
    return [line.split()[2] for line in (backend / "calls").read_text().splitlines()]


def test_it_is_made_once_and_found_by_every_run(backend: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = identity_of_state("production")
    assert is_identity(made)
    assert calls(backend) == ["get", "set"]
    assert (backend / "calls").read_text().splitlines()[-1].endswith("--stack production --non-interactive")
    next_run(monkeypatch)
    assert identity_of_state("production") == made
    assert calls(backend) == ["get", "set", "get"]


def test_many_threads_ask_once(backend: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: identity_of_state("production"), range(8)))) == 1
    assert calls(backend) == ["get", "set"]


def test_another_backend_has_another(backend: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = identity_of_state("production")
    (backend / "tag").unlink()
    next_run(monkeypatch)
    assert identity_of_state("production") != made


def test_a_backend_without_tags_has_none(backend: Path) -> None:
    (backend / "no-tags").touch()
    assert identity_of_state("production") == ""
    assert identity_of_state("production") == ""
    assert calls(backend) == ["get", "set"]


def test_no_engine_to_ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert identity_of_state("production") == ""
