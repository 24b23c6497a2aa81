"""The Pulumi engine in .venv/bin: it runs programs, providers and policy packs as the official release does.

Nothing of this project is in the programs here. Each lives in a path with a blank, with a state, a Pulumi home and a
passphrase of its own, so that nothing of the user's is touched.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import uuid
import zipfile
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from pulumi.automation import PulumiCommand
from semver import VersionInfo

from tests.program.crash import CANCELLING
from tests.program.tiny_project import BIN, PACK, PROGRAM, PROJECT, ROOT, THING, Engine, settings
from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = VersionInfo.parse("3.259.0")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    place = tmp_path / "a path"
    project = place / "project"
    state = place / "state"
    for folder in (project, state):
        folder.mkdir(parents=True)
    (place / ".venv").symlink_to(ROOT / ".venv")
    (project / "Pulumi.yaml").write_text(PROJECT)
    (project / "__main__.py").write_text(PROGRAM)
    (project / "thing.py").write_text(THING)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
    engine = Engine(
        project,
        kept
        | settings()
        | {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_HOME": str(place / "home"),
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "not a secret",
            "ENGINE_TEST": uuid.uuid4().hex,
        },
    )
    yield engine
    engine.end()


@pytest.fixture
def stack(engine: Engine) -> Engine:
    engine("stack", "init", "test")
    return engine


def diagnostics(output: str) -> str:
    """The closing part of what `pulumi` prints, where each message is once."""
    return output.partition("Diagnostics:")[2]


def test_a_dynamic_resource_is_created_and_destroyed(stack: Engine) -> None:
    stack("config", "set", "--secret", "secret", "hush")

    output = stack("up", "--yes", "--skip-preview")
    assert "+ 2 created" in output
    assert "hello from the program" in output
    assert "warning" not in output.lower(), "an engine that finds its hosts in an odd place warns"
    assert json.loads(stack("stack", "output", "--json")) == {"id": "thing-1"}
    assert "hush" not in json.dumps(stack.state())

    output = stack("destroy", "--yes", "--skip-preview")
    assert "- 2 deleted" in output


def test_about_names_the_runtime_and_the_dependencies(stack: Engine) -> None:
    about = json.loads(stack("about", "--json", "--transitive"))
    assert about["cliAbout"]["version"] == str(VERSION)
    assert about["runtime"]["language"] == "python"
    assert Path(about["runtime"]["executable"]).parent.samefile(BIN)
    assert {"name": "pulumi", "version": str(VERSION)} in about["dependencies"]


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("raise", "ValueError: what went wrong"),
        ("run error", "error: what went wrong"),
        ("exit", "exited with code 3"),
        ("refused", "the cloud said no"),
    ],
)
def test_a_failure_is_told_once(stack: Engine, mode: str, message: str) -> None:
    told = diagnostics(stack("up", "--yes", "--skip-preview", expect=1, MODE=mode))
    assert told.count(message) == 1, told
    for noise in ("KeyboardInterrupt", "panic", "goroutine", "language host"):
        assert noise not in told


@pytest.mark.parametrize("mode", ["forbidden", "allowed"])
def test_a_mandatory_policy_blocks_a_preview(stack: Engine, mode: str) -> None:
    pack = stack.project.parent / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: {name: python, options: {virtualenv: ../.venv}}\n")
    (pack / "__main__.py").write_text(PACK)

    output = stack("preview", "--policy-pack", str(pack), expect=int(mode == "forbidden"), MODE=mode)
    assert ("stack test must not do what is forbidden" in output) == (mode == "forbidden")


def test_an_unknown_runtime_option_is_refused(stack: Engine) -> None:
    (stack.project / "Pulumi.yaml").write_text(PROJECT.replace("virtualenv", "virtual-env"))
    output = stack("preview", expect=1)
    assert 'unknown key "virtual-env"; the keys are toolchain, typechecker, virtualenv' in output


def make_wheel(folder: Path, name: str) -> None:
    info = f"{name}-9999.dist-info"
    with zipfile.ZipFile(folder / f"{name}-9999-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/__init__.py", "")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 9999\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def test_install_makes_the_environment(engine: Engine) -> None:
    # Pulumi's pip toolchain also wants the newest setuptools and wheel. Offline, empty ones do.
    wheels = engine.project.parent / "wheels"
    wheels.mkdir()
    for name in ("setuptools", "wheel", "tiny_dependency"):
        make_wheel(wheels, name)
    (engine.project / "Pulumi.yaml").write_text(PROJECT.replace("../.venv", "own venv"))
    (engine.project / "requirements.txt").write_text("tiny_dependency\n")

    output = engine("install", PIP_NO_INDEX="1", PIP_FIND_LINKS=wheels.as_uri(), PIP_CONFIG_FILE=os.devnull)
    assert "Finished installing dependencies" in output
    subprocess.run([engine.project / "own venv" / "bin" / "python", "-c", "import tiny_dependency"], check=True)


needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes by their environment")


@needs_proc
def test_an_interrupt_ends_the_program_and_all_it_started(stack: Engine) -> None:
    process = stack.start("up", "--yes", "--skip-preview", MODE="sleep")
    wait_for("the program to run", (stack.project / "started").exists)
    assert any("sleep 600" in line for line in stack.processes().values())

    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, output
    assert "KeyboardInterrupt" not in output
    wait_for("every process to end", lambda: not stack.processes())


@needs_proc
def test_an_interrupt_lets_a_running_create_finish(stack: Engine) -> None:
    process = stack.start("up", "--yes", "--skip-preview", MODE="slow")
    wait_for("the create to be under way", (stack.project / "started").exists)

    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    assert any(CANCELLING in line for line in process.stdout), "the engine did not take the interrupt"
    (stack.project / "go on").touch()
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, output
    state = stack.state()
    assert "thing-1" in [resource.get("id") for resource in state["resources"]]
    assert not state.get("pending_operations")
    wait_for("every process to end", lambda: not stack.processes())


@needs_proc
def test_a_killed_engine_takes_program_and_language_host_along(stack: Engine) -> None:
    process = stack.start("up", "--yes", "--skip-preview", MODE="sleep")
    wait_for("the program to run", (stack.project / "started").exists)
    process.kill()
    process.communicate(timeout=PATIENCE)

    # The provider's host is not among them: it lives on, to finish its calls to the cloud. The fixture ends it.
    def left() -> list[str]:
        return [line for line in stack.processes().values() if "pulumi.dynamic" not in line and "/bin/sh" not in line]

    wait_for("program and language host to end", lambda: not left())


def test_the_automation_api_accepts_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    assert PulumiCommand(version=VERSION).version == VERSION


def test_a_second_bootstrap_does_nothing() -> None:
    bootstrap = [ROOT / "scripts" / "bootstrap"]
    subprocess.run(bootstrap, check=True, capture_output=True)
    before = (BIN / "pulumi").lstat()
    again = subprocess.run(bootstrap, check=True, capture_output=True, text=True)
    assert again.stdout == "bootstrap: ready: nothing to do\n"
    assert (BIN / "pulumi").lstat() == before


def test_bootstrap_leaves_what_is_behind_a_link_as_it_is(tmp_path: Path) -> None:
    theirs, root = tmp_path / "their checkout" / ".venv", tmp_path / "checkout"
    (theirs / "bin").mkdir(parents=True)
    (theirs / "bin" / "python").symlink_to(sys.executable)
    for name in ("bin/pulumi", ".bootstrap-engine", ".bootstrap-packages"):
        (theirs / name).write_text("theirs")
    (theirs / ".bootstrap-place").write_text(f"{theirs.parent}\n")

    def behind() -> dict[Path, tuple[int, int]]:
        return {path: (path.lstat().st_ino, path.lstat().st_mtime_ns) for path in theirs.rglob("*")}

    before = behind()
    for folder in ("scripts", "tools/pulumi"):
        shutil.copytree(ROOT / folder, root / folder)
    (root / "pyproject.toml").touch()
    (root / "requirements.lock").write_text("nowhere==1 --hash=sha256:00\n")  # ends it once .venv is there
    (root / ".venv").symlink_to(theirs)
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PIP_NO_INDEX": "1"}
    run = subprocess.run([root / "scripts" / "bootstrap"], env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert f".venv: replacing the symbolic link to {theirs}; what is behind it stays as it is" in run.stdout
    assert "pip could not install requirements.lock" in run.stderr
    assert behind() == before
    assert not (root / ".venv").is_symlink()
    assert (root / ".venv" / ".bootstrap-place").read_text() == f"{root}\n"


SLOW_VENV = """\
#!/bin/sh
case "$*" in
"-m venv"*)
  echo "from the module"
  until grep -q "venv: still at it" "$SAID"; do sleep 0.01; done
  echo "venv: no room"
  exit 1 ;;
esac
exec "$PYTHON" "$@"
"""


@pytest.mark.parametrize("silence", ["0.01", "3600"])
def test_bootstrap_says_what_lasts_and_names_the_log_of_a_failure(tmp_path: Path, silence: str) -> None:
    """A step that ends once somebody was told that it lasts; with an hour between two lines nobody is told."""
    root, tools, said = tmp_path / "checkout", tmp_path / "tools", tmp_path / "said"
    for folder in ("scripts", "tools/pulumi"):
        shutil.copytree(ROOT / folder, root / folder)
    for name in ("pyproject.toml", "requirements.lock"):
        (root / name).touch()
    tools.mkdir()
    (tools / "python3").write_text(SLOW_VENV)
    (tools / "python3").chmod(0o755)
    if silence == "3600":
        said.write_text("the test: .venv: still at it\n")
    env = {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHON": sys.executable,
        "SAID": str(said),
        "BOOTSTRAP_SILENCE": silence,
    }
    with said.open("ab") as output:  # no terminal
        run = subprocess.run(
            [root / "scripts" / "bootstrap"], env=env, stdout=output, stderr=subprocess.PIPE, text=True, check=False,
            timeout=PATIENCE,
        )  # fmt: skip
    assert run.returncode == 1
    assert ("bootstrap: .venv: still at it after " in said.read_text()) == (silence == "0.01")
    assert "from the module" not in said.read_text(), "what tools say is in the log"
    log = root / ".state" / "bootstrap.log"
    assert "from the module\nvenv: no room\n" in log.read_text()
    assert "venv: no room" in run.stderr
    assert f"all that it said is in {log}" in run.stderr


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_env_exports_the_settings_and_the_path(shell: str) -> None:
    script = dedent("""\
        . scripts/env
        . scripts/env  # a second time adds nothing
        env
    """)
    run = subprocess.run(
        [shell, "-euc", script], cwd=ROOT, env={"PATH": os.environ["PATH"]}, check=True, capture_output=True, text=True
    )
    got = dict(line.split("=", 1) for line in run.stdout.splitlines())
    for by_the_shell in ("PWD", "OLDPWD", "SHLVL", "_"):
        got.pop(by_the_shell, None)
    expected_path = os.environ["PATH"]
    if not expected_path.startswith(f"{BIN}{os.pathsep}"):
        expected_path = f"{BIN}{os.pathsep}{expected_path}"
    assert got == settings() | {"PATH": expected_path}
