"""The name of a state: made once, kept by the backend, asked for once a run. A script stands for the engine."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sakura_fleet.errors import EngineError
from sakura_fleet.provider import state_identity
from sakura_fleet.provider.state_identity import identity_of_state, is_identity, recorded_identity

ENGINE = """#!/bin/sh
echo "$*" >> {folder}/calls
[ ! -e {folder}/fails-"$3" ] || {{ echo "error: the bucket is not reachable" >&2; exit 255; }}
case "$3" in
ls) cat {folder}/tags 2>/dev/null || echo '{{}}' ;;
set) printf '{{"%s": "%s"}}' "$4" "$5" > {folder}/tags ;;
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
    monkeypatch.setattr(state_identity, "_failed", {})


def calls(backend: Path) -> list[str]:
    return [line.split()[2] for line in (backend / "calls").read_text().splitlines()]


def test_it_is_made_once_and_found_by_every_run(backend: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = identity_of_state("production")
    assert is_identity(made)
    assert calls(backend) == ["ls", "set"]
    assert (backend / "calls").read_text().splitlines()[-1].endswith("--stack production --non-interactive")
    next_run(monkeypatch)
    assert identity_of_state("production") == made
    assert calls(backend) == ["ls", "set", "ls"]


def test_many_threads_ask_once(backend: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: identity_of_state("production"), range(8)))) == 1
    assert calls(backend) == ["ls", "set"]


def test_another_backend_has_another(backend: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = identity_of_state("production")
    (backend / "tags").unlink()
    next_run(monkeypatch)
    assert identity_of_state("production") != made


@pytest.mark.parametrize("command", ["ls", "set"])
def test_a_backend_that_does_not_answer_is_an_error_and_asked_once(backend: Path, command: str) -> None:
    (backend / f"fails-{command}").touch()
    for _ in range(2):
        with pytest.raises(EngineError, match=r"nothing was changed.*\n.*bucket is not reachable") as failed:
            identity_of_state("production")
        assert f"`pulumi stack tag {command}" in str(failed.value)
    assert calls(backend) == (["ls"] if command == "ls" else ["ls", "set"])


def test_a_failure_leaves_the_identity_as_it_is(backend: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = identity_of_state("production")
    next_run(monkeypatch)
    (backend / "fails-ls").touch()
    with pytest.raises(EngineError):
        identity_of_state("production")
    (backend / "fails-ls").unlink()
    next_run(monkeypatch)
    assert identity_of_state("production") == made


@pytest.mark.parametrize(
    "answer", ["", "[]", "no JSON", '{"sakura-fleet:state": 1}', '{"sakura-fleet:state": "sfs:typo"}']
)
def test_an_answer_that_cannot_be_used_is_an_error(backend: Path, answer: str) -> None:
    (backend / "tags").write_text(answer)
    with pytest.raises(EngineError, match="nothing was changed"):
        identity_of_state("production")
    assert calls(backend) == ["ls"]
    assert (backend / "tags").read_text() == answer


def test_tags_of_others_are_no_identity(backend: Path) -> None:
    (backend / "tags").write_text('{"owner": "somebody"}')
    assert recorded_identity("production", backend) == ""
    assert calls(backend) == ["ls"]


def test_no_engine_to_ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(EngineError, match="pulumi"):
        identity_of_state("production")
