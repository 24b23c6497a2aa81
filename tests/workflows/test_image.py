"""The image's parts that can be tried without Docker: its names, the engine's archive, the packages."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.program.fleet import ROOT
from tests.workflows.steps import SCRIPTS, plain_env, run_text, shell

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ARCHIVE = "pulumi-v9.9.9-linux-arm64.tar.gz"


def test_names(tmp_path: Path) -> None:
    output = tmp_path / "output"
    env = plain_env(GITHUB_REPOSITORY="Somebody/Sakura-Fleet", GITHUB_SHA=COMMIT, GITHUB_OUTPUT=str(output))
    done = shell(run_text("image", "image-tags.sh"), ROOT, env)
    names = "ghcr.io/somebody/sakura-fleet:latest\nghcr.io/somebody/sakura-fleet:01234567\n"
    assert (done.returncode, done.stdout) == (0, names)
    assert output.read_text() == f"tags<<END_OF_TAGS\n{names}END_OF_TAGS\n"


@pytest.mark.parametrize("arguments", [("a b/c", COMMIT), ("a/b", "01234567"), ("a/b/c", COMMIT)])
def test_odd_names_are_refused(arguments: tuple[str, str]) -> None:
    done = subprocess.run([SCRIPTS / "image-tags.sh", *arguments], env=plain_env(), capture_output=True, check=False)
    assert done.returncode == 1


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A release site with one archive: its folder and its address."""
    folder = tmp_path / "site"
    folder.mkdir()
    with tarfile.open(folder / ARCHIVE, "w:gz") as tar:
        for name in ("pulumi", "pulumi-language-python", "pulumi-resource-pulumi-python", "pulumi-language-go"):
            member = tarfile.TarInfo(f"pulumi/{name}")
            member.size, member.mode = len(name), 0o755
            tar.addfile(member, io.BytesIO(name.encode()))
    digest = hashlib.sha256((folder / ARCHIVE).read_bytes()).hexdigest()
    (folder / "pulumi-9.9.9-checksums.txt").write_text(f"{'0' * 64}  another.tar.gz\n{digest}  {ARCHIVE}\n")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def fetch(url: str, target: Path, *more: str, machine: str = "arm64") -> subprocess.CompletedProcess[str]:
    command = [str(SCRIPTS / "fetch-engine.sh"), "9.9.9", machine, str(target), *more]
    env = plain_env(PULUMI_RELEASES=url, no_proxy="*")
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)


def test_the_engine_has_what_python_needs(site: tuple[Path, str], tmp_path: Path) -> None:
    done = fetch(site[1], tmp_path / "engine")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "engine").iterdir()) == [
        "pulumi",
        "pulumi-language-python",
        "pulumi-resource-pulumi-python",
    ]


def test_another_archive_is_refused(site: tuple[Path, str], tmp_path: Path) -> None:
    refused = fetch(site[1], tmp_path / "engine", "f" * 64)
    assert refused.returncode == 1
    assert "it is not the released file" in refused.stderr
    archive = site[0] / ARCHIVE
    archive.write_bytes(archive.read_bytes() + b"x")
    assert fetch(site[1], tmp_path / "engine").returncode == 1
    assert not (tmp_path / "engine").exists()


def test_an_unknown_machine_is_refused(site: tuple[Path, str], tmp_path: Path) -> None:
    assert "only amd64 and arm64" in fetch(site[1], tmp_path / "engine", machine="riscv64").stderr


def test_the_image_has_no_tools_of_development() -> None:
    command = [str(SCRIPTS / "runtime-lock.sh"), sys.executable]
    done = subprocess.run(command, env=plain_env(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names = set(re.findall(r"^(\S+?)==", done.stdout, re.MULTILINE))
    assert {"click", "httpx", "pulumi", "pulumi-policy", "grpcio", "h11"} <= names
    assert not names & {"pytest", "mypy", "ruff", "hatchling", "hypothesis"}
    for part in re.split(r"^(?=\S+==)", done.stdout, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in part
        assert part in (ROOT / "requirements.lock").read_text()


@pytest.mark.parametrize(
    ("file", "writable"),
    [
        ("Dockerfile", "RUN mkdir -m 1777 stacks .state .pulumi /home/fleet"),
        ("Dockerfile.emulator", "install -d -o emulator /data"),
    ],
)
def test_nothing_in_an_image_runs_as_root(file: str, writable: str) -> None:
    """A number, as an orchestrator that refuses root must be able to tell. A volume begins with what the image has at
    its place, so who runs there must be able to write."""
    before, user, after = (ROOT / file).read_text().rpartition("\nUSER ")
    assert user
    assert re.match(r"[1-9][0-9]*\n", after), after
    assert not re.search(r"^(RUN|COPY|ADD|USER) ", after.partition("\n")[2], re.MULTILINE)
    assert writable in before


def test_what_is_copied_into_the_image_is_not_ignored() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    text = (ROOT / "Dockerfile").read_text()
    for line in re.findall(r"^COPY ((?:[\w./-]+ )+)", text, re.MULTILINE):
        for name in line.split():
            assert name == "." or name.split("/")[0] in allowed, name
    for name in allowed:
        assert (ROOT / name).exists(), name
    assert not allowed & {"stacks", ".state", ".git"}
