"""An approval is asked of an environment that is there and has reviewers, against a GitHub API of our own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.program.fleet import ROOT
from tests.workflows.github import Answering, serving
from tests.workflows.steps import plain_env, run_text, shell

REVIEWED: dict[str, Any] = {
    "name": "approve-production",
    "protection_rules": [{"type": "required_reviewers", "reviewers": [{}]}],
}
NOBODY = "the environment approve-production has no required reviewers"
NOT_FOUND = {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}


class GitHub(ThreadingHTTPServer):
    """The one answer of GitHub's API that is asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.content = 200, dict[str, Any]()


class Handler(Answering, BaseHTTPRequestHandler):
    server: GitHub

    def do_GET(self) -> None:
        assert self.path == "/repos/a/b/environments/approve-production"
        assert self.headers["Authorization"] == "Bearer a-token"
        self.answer(self.server.status, self.server.content)


@pytest.fixture
def github() -> Iterator[GitHub]:
    with serving(GitHub()) as server:
        yield server


def check(github: GitHub, status: int, content: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """The workflow's own step, for an answer of GitHub's."""
    github.status, github.content = status, content
    given = plain_env(
        STACK="production",
        GITHUB_TOKEN="a-token",
        GITHUB_REPOSITORY="a/b",
        GITHUB_API_URL=f"http://127.0.0.1:{github.server_port}",
        no_proxy="*",
    )
    return shell(run_text("deploy-stack", "check-environment.sh"), ROOT, given, timeout=60)


def other(*rules: str) -> dict[str, Any]:
    """An environment that is protected, but by no reviewers."""
    return {**REVIEWED, "protection_rules": [{"type": rule} for rule in rules]}


@pytest.mark.parametrize("others", [(), ("branch_policy", "wait_timer")])
def test_one_with_reviewers_will_do(github: GitHub, others: tuple[str, ...]) -> None:
    rules = [*other(*others)["protection_rules"], *REVIEWED["protection_rules"]]
    done = check(github, 200, {**REVIEWED, "protection_rules": rules})
    assert done.returncode == 0, done.stderr
    assert "the environment approve-production has required reviewers" in done.stderr


@pytest.mark.parametrize(
    ("status", "content", "words"),
    [
        (404, NOT_FOUND, "there is no environment approve-production, and GitHub would make one"),
        (200, {"name": "approve-production"}, NOBODY),
        (200, other(), NOBODY),
        (200, other("branch_policy"), NOBODY),
        (200, other("wait_timer"), NOBODY),
        (200, other("branch_policy", "wait_timer"), NOBODY),
        (200, {**REVIEWED, "protection_rules": [{"type": "required_reviewers", "reviewers": []}]}, NOBODY),
    ],
)
def test_one_that_approves_by_itself_is_refused_with_the_way_out(
    github: GitHub, status: int, content: dict[str, Any], words: str
) -> None:
    done = check(github, status, content)
    assert done.returncode == 1
    assert words in done.stderr
    assert "make it under Settings → Environments with required reviewers (docs/ci.md)" in done.stderr


@pytest.mark.parametrize("status", [401, 403])
def test_no_answer_is_no_approval(github: GitHub, status: int) -> None:
    done = check(github, status, {"message": "Resource not accessible by integration"})
    assert done.returncode == 1
    assert "cannot be told, so nothing was deployed; GitHub's answer: " in done.stderr
