"""One comment a pull request and stack, against a GitHub API of the test's own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program.fleet import ROOT
from tests.workflows.github import BOT, GitHub, serving
from tests.workflows.steps import plain_env, run_text, shell


@pytest.fixture
def github() -> Iterator[GitHub]:
    with serving(GitHub()) as server:
        yield server


def comment(github: GitHub, temp: Path, stack: str = "production", **env: str) -> subprocess.CompletedProcess[str]:
    """The workflow's own step."""
    given = plain_env(
        NUMBER="7",
        STACK=stack,
        RUNNER_TEMP=str(temp),
        GITHUB_TOKEN="a-token",
        GITHUB_REPOSITORY="a/b",
        GITHUB_API_URL=f"http://127.0.0.1:{github.server_port}",
        no_proxy="*",
        **env,
    )
    return shell(run_text("preview", "comment.sh"), ROOT, given, timeout=60)


def test_made_once_then_replaced(github: GitHub, tmp_path: Path) -> None:
    github.add("I like it", "somebody")
    for text in ('first "quoted" $HOME `x` 日本語', "second"):
        (tmp_path / "preview.md").write_text(f"### {text}\n")
        done = comment(github, tmp_path)
        assert done.returncode == 0, done.stderr
        assert [comment["body"] for comment in github.comments] == [
            "I like it",
            f"<!-- sakura-fleet: preview production -->\n### {text}\n",
        ]


def test_each_stack_has_its_own(github: GitHub, tmp_path: Path) -> None:
    (tmp_path / "preview.md").write_text("text\n")
    for stack in ("production", "staging", "production", "staging"):
        assert comment(github, tmp_path, stack).returncode == 0
    assert len(github.comments) == 2


def test_found_behind_many_others(github: GitHub, tmp_path: Path) -> None:
    for number in range(100):
        github.add(f"comment {number}", "somebody")
    mine = github.add("<!-- sakura-fleet: preview production -->\nold")
    for number in range(100):
        github.add(f"comment {number}", "somebody")
    (tmp_path / "preview.md").write_text("new\n")
    assert comment(github, tmp_path).returncode == 0
    assert len(github.comments) == 201
    assert mine["body"].endswith("new\n")


def test_a_person_who_quotes_the_marker_keeps_the_comment(github: GitHub, tmp_path: Path) -> None:
    github.add("<!-- sakura-fleet: preview production -->\nmine", "somebody")
    (tmp_path / "preview.md").write_text("new\n")
    assert comment(github, tmp_path).returncode == 0
    assert [comment["user"]["login"] for comment in github.comments] == ["somebody", BOT]
    assert github.comments[0]["body"].endswith("mine")


def test_a_preview_that_never_began_is_told_too(github: GitHub, tmp_path: Path) -> None:
    assert comment(github, tmp_path, GITHUB_RUN_ID="42").returncode == 0
    assert "did not get that far" in github.comments[0]["body"]
    assert "https://github.com/a/b/actions/runs/42" in github.comments[0]["body"]


def test_too_long_a_text_is_cut(github: GitHub, tmp_path: Path) -> None:
    (tmp_path / "preview.md").write_text("日" * 100_000)
    assert comment(github, tmp_path).returncode == 0
    assert len(github.comments[0]["body"]) == 65_000


def test_a_refusal_fails_with_githubs_words_and_without_the_token(github: GitHub, tmp_path: Path) -> None:
    github.refuse = True
    (tmp_path / "preview.md").write_text("text\n")
    done = comment(github, tmp_path)
    assert done.returncode == 1
    assert "Resource not accessible" in done.stderr
    assert "a-token" not in done.stdout + done.stderr
    assert github.comments == []
