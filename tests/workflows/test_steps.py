"""The workflows' steps with a real engine against the emulator, in a clone of a local bare repository."""

from __future__ import annotations

import hashlib
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sakura_emulator.server import running
from tests.program.crash import HeardEngine, clock_stands
from tests.program.fleet import ROOT, Fleet
from tests.waiting import PATIENCE, wait_for
from tests.workflows.steps import Checkout, git, new_checkout, plain_env, run_text, set_size, shell


def preview(checkout: Checkout, **env: str) -> tuple[int, str]:
    """Run the preview's step; its exit code and its Markdown."""
    done = checkout.step("preview", "preview.sh", **env)
    return done.returncode, (checkout.temp / "preview.md").read_text()


def deploy(checkout: Checkout, *, code: int = 0) -> str:
    done = checkout.step("deploy-stack", "deploy.sh")
    assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def at_main(checkout: Checkout) -> None:
    """What actions/checkout does at a job's begin."""
    checkout.git("fetch", "--quiet", "origin")
    checkout.git("checkout", "--quiet", "--force", "-B", "main", "origin/main")


def scale(checkout: Checkout, request: str, *, code: int = 0, between: Callable[[], None] = lambda: None) -> str:
    """The scale job, from its checkout to the push."""
    at_main(checkout)
    output = ""
    for script, expected in (("checkout-deployed.sh", 0), ("scale.sh", code), ("push-size.sh", 0)):
        if script == "push-size.sh":
            between()
        done = checkout.step("scale", script, REQUEST=request, GITHUB_REF_NAME="main")
        assert done.returncode == expected, f"{script}: {done.stdout}\n{done.stderr}"
        output += done.stdout + done.stderr
    return output


def template_change(checkout: Checkout, tag: str = "new") -> str:
    """Commit a change that has nothing to do with the size: another tag on every server."""
    text = checkout.stack_file.read_text()
    changed = re.sub(r"( +)tags:\n( +)- web\n", rf"\g<0>\2- {tag}\n", text)
    assert changed != text
    checkout.stack_file.write_text(changed)
    return checkout.commit(f"A tag: {tag}")


def tags(fleet: Fleet) -> list[bool]:
    return ["new" in server["Tags"] for server in fleet.servers()]


# ── preview ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def snapshot(folder: Path) -> dict[Path, tuple[int, str]]:
    """Every file and folder with its time and content: one that came and went changes its folder's time."""
    return {
        path: (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
        for path in [folder, *folder.rglob("*")]
    }


def test_preview_is_written_down_whether_it_succeeds_or_fails(checkout: Checkout) -> None:
    deploy(checkout)
    checkout.set_size(3)
    file = checkout.stack_file.read_text()
    leak = "the-secret-of-the-key"
    checkout.stack_file.write_text(file.replace("description: hscale-group", f"description: {leak}", 1))
    commit = checkout.commit("Size 3, and a leak")

    before = snapshot(checkout.folder / "state")
    code, text = preview(checkout, COMMIT=commit, SAKURA_ACCESS_TOKEN_SECRET=leak)
    assert code == 0, text
    assert text.startswith("### ✅ `test`: + 1 to create, ~ 2 to update")
    assert "<summary>plan-check</summary>" in text
    assert "takes nothing away" in text
    assert "<summary>pulumi preview, with policies</summary>" in text
    assert "hscale-group-003" in text
    assert f"Commit {commit}" in text
    assert "***" in text
    assert leak not in text
    assert snapshot(checkout.folder / "state") == before, "the backend's keys may be read-only"
    assert checkout.git("status", "--porcelain") == ""
    assert len(checkout.fleet.servers()) == 2

    checkout.set_size(99)
    code, text = preview(checkout, GITHUB_RUN_ID="42", GITHUB_REPOSITORY="a/b")
    assert code == 1
    assert text.startswith("### ❌ `test`: the preview failed (exit code 1)")
    assert "size: 99 is outside" in text
    assert "[run](https://github.com/a/b/actions/runs/42)" in text

    code, text = preview(checkout, PULUMI_BACKEND_URL="")
    assert code == 1
    assert "did not start" in text


def test_a_plan_that_removes_too_much_is_refused_until_a_label_allows_it(checkout: Checkout) -> None:
    checkout.set_size(4)
    checkout.commit("Size 4")
    deploy(checkout)
    checkout.set_size(0)
    checkout.commit("Size 0")
    code, text = preview(checkout)
    assert code == 5
    assert text.startswith("### ❌ `test`: plan-check refuses the plan: - 4 to delete"), text
    labels = '[\n  "bug",\n  "allow-delete:hscale-group"\n]'
    assert preview(checkout, LABELS=labels)[0] == 0


def test_preview_shows_the_size_that_a_deployment_would_keep(checkout: Checkout) -> None:
    deploy(checkout)
    checkout.fleet.run("scaler", "set", "3", "-s", "test", "--yes", XDG_STATE_HOME=str(checkout.temp))
    checkout.git("checkout", "--quiet", "--", "stacks")  # that scaler, on a machine of its own, pushes nothing
    (checkout.folder / "other.txt").write_text("x")
    checkout.commit("Something else")
    code, text = preview(checkout)
    assert code == 0
    assert text.startswith("### ✅ `test`: 6 unchanged")
    assert "With 3 servers, the stack's present size" in text
    assert checkout.git("status", "--porcelain") == ""


# ── deploy, scale, drift ─────────────────────────────────────────────────────────────────────────────────────────────


def drift(checkout: Checkout) -> tuple[int, str]:
    """The drift job; its exit code and its Markdown."""
    at_main(checkout)
    fetched = checkout.step("drift", "checkout-deployed.sh")
    assert fetched.returncode == 0, fetched.stderr
    done = checkout.step("drift", "drift.sh")
    return done.returncode, (checkout.temp / "drift.md").read_text()


def test_only_a_deployment_brings_a_commit_up(checkout: Checkout) -> None:
    older = checkout.head
    deploy(checkout)
    template_change(checkout)
    file = checkout.pushed()

    output = scale(checkout, "up")
    assert "1 later commits are not" in output
    assert tags(checkout.fleet) == [False] * 3
    assert checkout.pushed() == file.replace('size: "2"', 'size: "3"')
    scale(checkout, "up")
    assert tags(checkout.fleet) == [False] * 4
    assert checkout.pushed() == file.replace('size: "2"', 'size: "4"')
    code, text = drift(checkout)
    assert (code, text.partition("\n")[0]) == (0, "### ✅ `test`: the cloud is as deployed")

    at_main(checkout)
    newer = checkout.head
    deploy(checkout)
    assert tags(checkout.fleet) == [True] * 4
    checkout.git("checkout", "--quiet", "--detach", older)
    assert f"{newer} is deployed, which is newer" in deploy(checkout, code=1)
    assert tags(checkout.fleet) == [True] * 4


def test_a_persons_size_wins(checkout: Checkout) -> None:
    deploy(checkout)

    def colleague() -> None:
        theirs = checkout.colleague()
        set_size(theirs / "stacks" / "Pulumi.test.yaml", 6)
        git(theirs, "commit", "--quiet", "--all", "--message", "Size 6")
        git(theirs, "push", "--quiet", "origin", "HEAD:main")

    assert "theirs wins over 3" in scale(checkout, "up", between=colleague)
    assert 'size: "6"' in checkout.pushed()
    assert len(checkout.fleet.servers()) == 3
    # Their commit's own deployment was not approved; the next one brings both up.
    at_main(checkout)
    template_change(checkout)
    deploy(checkout)
    assert tags(checkout.fleet) == [True] * 6


def test_drift_has_an_exit_code_of_its_own(checkout: Checkout) -> None:
    deploy(checkout)
    server = checkout.fleet.servers()[0]
    checkout.fleet.call("PUT", f"server/{server['ID']}", {"Server": {"Description": "by hand"}})
    code, text = drift(checkout)
    assert code == 7
    assert text.startswith("### ⚠️ `test` has drifted: ~ 1 to update")
    assert "by hand" in text
    done = checkout.step("drift", "drift.sh", PULUMI_BACKEND_URL=f"file://{checkout.temp}")
    assert done.returncode not in (0, 7)
    assert "the comparison failed" in (checkout.temp / "drift.md").read_text()


def test_what_is_refused_changes_nothing(checkout: Checkout) -> None:
    before = checkout.head
    assert "outside" in scale(checkout, "set 99", code=2)
    checkout.set_size(99)
    done = checkout.step("deploy-stack", "deploy.sh")
    assert done.returncode != 0
    assert checkout.fleet.servers() == []
    assert git(checkout.origin, "rev-parse", "main") == before


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project's folder in which nothing can be run."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.test.yaml").write_text('config:\n  sakura-fleet:size: "2"\n')
    shutil.copytree(ROOT / "scripts" / "ci", tmp_path / "scripts" / "ci")
    return tmp_path


@pytest.mark.parametrize(
    ("stack", "request_"),
    [
        *(("test", text) for text in ("", "explode", "up 1 2", "set -1", "set $(touch x)", "state --yes", "keep; ls")),
        *((text, "keep") for text in ("../test", "test;ls", "", "other")),
    ],
)
def test_odd_words_are_refused(folder: Path, stack: str, request_: str) -> None:
    env = plain_env(STACK=stack, REQUEST=request_, PULUMI_BACKEND_URL=f"file://{folder}")
    done = shell(run_text("scale", "scale.sh"), folder, env)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("scale.sh: ")
    assert not (folder / "x").exists()


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("preview", "preview.sh"),
        ("deploy-stack", "deploy.sh"),
        ("drift", "checkout-deployed.sh"),
        ("drift", "drift.sh"),
        ("scale", "scale.sh"),
    ],
)
def test_a_missing_backend_is_never_a_folder_of_the_runner(folder: Path, name: str, script: str) -> None:
    env = plain_env(STACK="test", REQUEST="keep", RUNNER_TEMP=str(folder), PULUMI_BACKEND_URL="")
    done = shell(run_text(name, script), folder, env)
    assert done.returncode == 1
    assert "PULUMI_BACKEND_URL is empty" in done.stderr


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Checkout]:
    """A fleet whose servers take their time."""
    with ExitStack() as stack:
        yield new_checkout(tmp_path, stack.enter_context(running(latency="baseline")).url)


def test_a_cancelled_run_reaches_the_engine(slow: Checkout) -> None:
    """GitHub sends SIGINT to the step's first process only; the engine finishes what runs and saves its state."""
    engine = HeardEngine(slow.fleet)
    env = {
        **plain_env(),
        **slow.fleet.env,
        **engine.env,
        "STACK": "test",
        "XDG_STATE_HOME": str(slow.temp / "xdg"),
        "TMPDIR": str(slow.temp),
    }
    command = ["bash", "-e", "-c", run_text("deploy-stack", "deploy.sh")]
    with clock_stands(slow.fleet):
        step = subprocess.Popen(
            command, cwd=slow.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        wait_for("a server to be begun", lambda: bool(slow.fleet.servers()))
        step.send_signal(signal.SIGINT)
        engine.wait_for_interrupt()
    output, _ = step.communicate(timeout=PATIENCE)
    assert step.returncode not in (0, -signal.SIGINT), output
    assert not list((slow.folder / "state").rglob("locks/**/*.json")), "the lock is still there"
    deploy(slow)
    assert len(slow.fleet.servers()) == 2
