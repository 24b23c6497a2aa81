"""What must hold for every workflow: pinned actions, least permissions, secrets only in guarded environments."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.program.fleet import ROOT
from tests.workflows.steps import ACTIONS, SCRIPTS, WORKFLOWS, load, plain_env, workflow

PINNED = re.compile(r"uses: +[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
STEPS = sorted(path for path in SCRIPTS.glob("*.sh") if path.name != "lib.sh")
NEVER_CANCELLED = {"deploy-stack": "deploy", "scale": "scale", "drift": "drift"}


def jobs() -> list[tuple[str, str, dict[str, Any]]]:
    return [(path.stem, name, job) for path in WORKFLOWS for name, job in load(path)["jobs"].items()]


def actionlint(*arguments: str, text: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    command = [str(SCRIPTS / "actionlint.sh"), *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=plain_env(**env), input=text, capture_output=True, text=True, check=False
    )


def test_the_six_workflows_are_there() -> None:
    assert {path.stem for path in WORKFLOWS} >= {"ci", "preview", "deploy", "drift", "scale", "image"}


def test_actionlint() -> None:
    assert shutil.which("go"), "Go is needed: actionlint is built from the Go module proxy (tools/actionlint)"
    done = actionlint("-no-color")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    wrong = actionlint("-no-color", "-", text="on: push\njobs: {a: {runs-on: nowhere, steps: [{run: ls $x}]}}\n")
    assert wrong.returncode == 1
    assert "nowhere" in wrong.stdout
    assert "SC2086" in wrong.stdout, "shellcheck did not look at the steps"


def test_actionlint_without_go_says_what_to_install(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "cat", "uname", "awk", "dirname", "env", "mkdir"):
        (tools / name).symlink_to(str(shutil.which(name)))
    (tools / "python3").symlink_to(sys.executable)
    done = actionlint(XDG_CACHE_HOME=str(tmp_path / "cache"), PATH=str(tools))
    assert done.returncode == 1
    assert "install Go 1." in done.stderr


def test_shellcheck() -> None:
    shellcheck = str(shutil.which("shellcheck", path=plain_env()["PATH"]))
    done = subprocess.run(
        [shellcheck, "-x", *map(str, SCRIPTS.glob("*.sh"))], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", STEPS, ids=lambda path: path.stem)
def test_every_step_explains_itself(path: Path) -> None:
    if path.name == "actionlint.sh":
        return  # passes all arguments on
    shown = subprocess.run([path, "-h"], cwd=ROOT, env=plain_env(), capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert f"\n  {path.name}" in shown.stdout
    assert "#!" not in shown.stdout
    assert "set -euo pipefail" in path.read_text()
    command = [path, *"abcdefghijkl"]
    wrong = subprocess.run(command, cwd=ROOT, env=plain_env(), capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stderr) == (2, shown.stdout)


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_actions_are_pinned_by_hash_and_name_their_version(path: Path) -> None:
    for line in path.read_text().splitlines():
        if re.search(r"^\s*-?\s*uses:", line) and "uses: ./" not in line:
            assert PINNED.search(line), line


def test_one_action_has_one_hash() -> None:
    found: dict[str, set[str]] = {}
    for path in [*WORKFLOWS, *ACTIONS]:
        for name, pin in re.findall(r"uses: +([\w./-]+)@(.+)", path.read_text()):
            found.setdefault(name, set()).add(pin)
    assert {name: pins for name, pins in found.items() if len(pins) > 1} == {}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_permissions_begin_with_none(path: Path) -> None:
    content = load(path)
    assert content["permissions"] == {}
    for name, job in content["jobs"].items():
        assert isinstance(job.get("permissions"), dict), f"{path.stem}: the job {name} declares no permissions"


def test_what_may_be_written() -> None:
    writing = {
        (name, scope) for name, _, job in jobs() for scope, access in job["permissions"].items() if access == "write"
    }
    assert writing == {("preview", "pull-requests"), ("scale", "contents"), ("image", "packages"), ("ci", "packages")}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_event_gives_foreign_code_our_secrets(path: Path) -> None:
    events = set(load(path)[True])  # type: ignore[index]
    assert events <= {"push", "pull_request", "workflow_dispatch", "schedule", "workflow_call"}
    assert "pull_request_target" not in path.read_text()


def test_forks_get_no_preview() -> None:
    (job,) = workflow("preview")["jobs"].values()
    assert "head.repo.full_name == github.repository" in job["if"]


def test_whose_a_pull_request_is_says_its_author() -> None:
    """The actor of a run is whoever put the label on, or reopened it."""
    (job,) = workflow("preview")["jobs"].values()
    assert "github.event.pull_request.user.login != 'dependabot[bot]'" in job["if"]
    for path in WORKFLOWS:
        text = path.read_text()
        assert "triggering_actor" not in text
        assert [line.strip() for line in text.splitlines() if "github.actor" in line] == (
            ["username: ${{ github.actor }}"] if path.stem == "image" else []
        ), path.stem


def test_secrets_only_in_environments() -> None:
    for name, key, job in jobs():
        if "secrets." in yaml.safe_dump(job):
            assert "environment" in job, f"{name}: {key}"
    for name in ("preview", "drift"):
        (job,) = workflow(name)["jobs"].values()
        assert job["environment"] == "preview-${{ matrix.stack }}"


def test_secrets_only_in_the_steps_that_need_them() -> None:
    for name, key, job in jobs():
        outside = {part: value for part, value in job.items() if part != "steps"}
        assert set(re.findall(r"secrets\.(\w+)", yaml.safe_dump(outside))) <= {"PULUMI_BACKEND_URL"}, f"{name}: {key}"
        for step in job.get("steps", []):
            if "secrets." in yaml.safe_dump(step):
                assert step["run"].startswith("exec scripts/ci/"), f"{name}: {key}"


def test_no_token_stays_in_a_checkout() -> None:
    for name, _, job in jobs():
        for step in job.get("steps", []):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False, name


def test_no_expression_in_a_script() -> None:
    """Its value would be read as shell code; `env:` is the way."""
    for path in [*WORKFLOWS, *ACTIONS]:
        content = load(path)
        steps = [step for job in content.get("jobs", {}).values() for step in job.get("steps", [])]
        for step in [*steps, *content.get("runs", {}).get("steps", [])]:
            assert "${{" not in step.get("run", ""), path.stem


def test_signals_reach_what_a_step_runs() -> None:
    for name, _, job in jobs():
        for step in job.get("steps", []):
            for line in step.get("run", "").splitlines():
                assert "scripts/" not in line or line.startswith("exec "), f"{name}: {line}"
    for script, command in (("deploy.sh", "exec sakura-fleet deploy"), ("scale.sh", "exec scaler")):
        assert f"\n{command} " in (SCRIPTS / script).read_text()


def test_updates_are_never_cancelled_and_wait_for_each_other() -> None:
    for name, key in NEVER_CANCELLED.items():
        group = workflow(name)["jobs"][key]["concurrency"]
        assert re.fullmatch(r"pulumi-\$\{\{ (inputs|matrix)\.stack \}\}", group["group"]), name
        assert group["cancel-in-progress"] is False
        assert group["queue"] == "max"
    for path in WORKFLOWS:
        assert set(re.findall(r"^ +queue: (.*)$", path.read_text(), re.MULTILINE)) <= {"max"}


def test_an_approval_comes_before_the_group() -> None:
    """A job that waits for its approval holds its concurrency group."""
    content = workflow("deploy-stack")["jobs"]
    assert content["approve"]["environment"] == "approve-${{ inputs.stack }}"
    assert "concurrency" not in content["approve"]
    assert "secrets." not in yaml.safe_dump(content["approve"])
    assert content["deploy"]["needs"] == "approve"


def test_an_environment_is_checked_before_a_job_asks_it_for_an_approval() -> None:
    content = workflow("deploy-stack")["jobs"]
    assert content["approve"]["needs"] == "check"
    assert "environment" not in content["check"], "GitHub would make it"
    (step,) = [step for step in content["check"]["steps"] if "run" in step]
    assert step["run"] == 'exec scripts/ci/check-environment.sh "approve-$STACK"'
    (call,) = workflow("deploy")["jobs"].values()
    assert content["check"]["permissions"].items() <= call["permissions"].items(), "a called workflow gets no more"


def test_the_image_waits_for_linters_and_tests() -> None:
    assert set(workflow("image")[True]) == {"workflow_call"}  # type: ignore[index]
    jobs = workflow("ci")["jobs"]
    assert jobs["image"]["needs"] == "ci"
    assert "always()" not in jobs["image"]["if"]
    assert "pull_request" in jobs["image"]["if"]
    callers = [path.stem for path in WORKFLOWS if "image.yml" in path.read_text()]
    assert callers == ["ci"]


def test_the_comment_is_written_in_any_case() -> None:
    (job,) = workflow("preview")["jobs"].values()
    (step,) = [step for step in job["steps"] if "comment.sh" in step.get("run", "")]
    assert step["if"] == "always()"


def test_schedules_and_their_conditions_agree() -> None:
    text = (ROOT / ".github" / "workflows" / "scale.yml").read_text()
    crons = {entry["cron"] for entry in workflow("scale")[True]["schedule"]}  # type: ignore[index]
    assert set(re.findall(r"github\.event\.schedule == '([^']+)'", text)) == crons


def test_every_setting_is_in_the_docs() -> None:
    page = (ROOT / "docs" / "ci.md").read_text()
    texts = "".join(path.read_text() for path in WORKFLOWS)
    for name in set(re.findall(r"(?:secrets|vars)\.([A-Z_]+)", texts)):
        assert f"`{name}`" in page, name
    for name in ("preview-", "approve-"):
        assert f"`{name}<stack>`" in page


def test_image() -> None:
    (job,) = workflow("image")["jobs"].values()
    build = job["steps"][-1]["with"]
    assert build["platforms"] == "linux/amd64,linux/arm64"
    docker = (ROOT / "Dockerfile").read_text()
    assert "USER 10001" in docker
    version = re.search(r"pulumi_version=(\S+)", (ROOT / "scripts" / "bootstrap").read_text())
    assert version
    assert f"ARG PULUMI_VERSION={version[1]}\n" in docker
    command = re.search(r"command_version=(\S+)", (ROOT / "scripts" / "bootstrap").read_text())
    assert command
    assert f"ARG COMMAND_VERSION={command[1]}\n" in docker
    for line in (ROOT / "scripts" / "pulumi.env").read_text().splitlines():
        assert not re.match("[A-Z]", line) or f"  {line}" in docker, line
