"""Nothing that a run leaves behind shows a secret: not its state, its output, its logs, nor the cloud's scripts."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from sakura_emulator.server import Running, running
from tests.host.sshd import Sshd, new_sshd
from tests.host.stack import install_command_plugin
from tests.program.elb import ELB
from tests.program.fleet import PREFIX, Fleet, new_fleet

TOKEN, SECRET = "token-7Kd0vXz2", "secret-Qm31nTbW8e"
PASSWORD = "pass-word-9fGh2LpR"
WIRE = re.compile(r'"msg":"(Unm|M)arshaling property for RPC\[.*"v":9\}$')
"""What the engine itself logs at level 9, and not below: every value that it sends or gets, secrets in the clear."""
CERTIFICATE = """

from pathlib import Path

import pulumi
from sakura_fleet import resources

resources.ElbCertificate(
    "uploaded",
    elb=fleet.elb.elb,
    certificates=[{
        "server_certificate": Path("server.pem").read_text(),
        "private_key": pulumi.Output.secret(Path("server.key").read_text()),
    }],
)
"""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret, in the forms in which it could be written somewhere."""

    name: str
    forms: tuple[str, ...]

    @classmethod
    def text(cls, name: str, value: str) -> Secret:
        return cls(name, (value, base64.b64encode(value.encode()).decode()))

    @classmethod
    def pem(cls, name: str, value: str) -> Secret:
        """Each line of the key on its own: JSON, YAML and logs break lines in their own ways."""
        lines = [line for line in value.splitlines() if len(line) > 20 and "KEY" not in line]
        assert lines
        return cls(name, (*lines, base64.b64encode(value.encode()).decode()))

    def is_in(self, text: str) -> bool:
        return any(form in text for form in self.forms)


@dataclass
class Secretive:
    """A fleet that has every secret there can be, up; and what that printed."""

    fleet: Fleet
    cloud: Running
    secrets: list[Secret]
    printed: dict[str, str]

    def traces(self) -> Iterator[tuple[str, str]]:
        """All that a run leaves behind, by name."""
        yield from self.printed.items()
        for path in sorted((self.fleet.folder / "state").rglob("*")):
            if path.is_file():
                yield f"state/{path.name}", path.read_text("utf-8", "replace")
        yield "stack file", self.fleet.stack_file.read_text()
        yield "event log", (self.fleet.folder / "events.jsonl").read_text()
        yield "exported state", self.fleet.pulumi("stack", "export").stdout
        yield "emulator's request log", (self.fleet.folder / "requests.jsonl").read_text()
        yield "emulator's log", json.dumps(self.fleet.requests())
        notes = [note for note in self.cloud.cloud.store.all("note") if not note.shared]
        assert notes
        yield "startup scripts", "\n".join(str(note["content"]) for note in notes)
        for shown in ("show", "repair", "doctor"):
            done = self.fleet.run("sakura-fleet", shown, "--stack", self.fleet.stack, check=False)
            yield f"sakura-fleet {shown}", done.stdout + done.stderr


def _certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-subj", "/CN=app.example.com",
         "-keyout", folder / "server.key", "-out", folder / "server.pem"],
        check=True, capture_output=True,
    )  # fmt: skip


def _encrypted(fleet: Fleet, **values: str) -> None:
    """Put secrets into the stack file as `pulumi config set --secret` does."""
    for key, value in values.items():
        fleet.pulumi("config", "set", "--secret", f"{PREFIX}{key}", value)
    written: dict[str, Any] = yaml.safe_load(fleet.stack_file.read_text())["config"]
    fleet.settings |= {key: written[PREFIX + key] for key in values}


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A host that takes the key, and runs nothing of what it is sent."""
    made = new_sshd(tmp_path_factory.mktemp("sshd"))
    with (made.folder / "sshd_config").open("a") as config:
        config.write("ForceCommand cat > /dev/null\n")
    with made.running() as started:
        yield started


@pytest.fixture(scope="module")
def secretive(sshd: Sshd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secretive]:
    folder = tmp_path_factory.mktemp("secretive") / "fleet"
    log = str(folder / "requests.jsonl")
    with running(latency="instant", token=TOKEN, secret=SECRET, request_log=log) as cloud:
        fleet = new_fleet(folder, cloud.url, size=1)
        _certificate(folder)
        install_command_plugin(folder / "home")
        with (folder / "__main__.py").open("a") as program:
            program.write(CERTIFICATE)
        _encrypted(fleet, access_token=TOKEN, access_token_secret=SECRET, server_password=PASSWORD)
        host = {
            "name": "www",
            "address": "127.0.0.1",
            "ssh": {"port": sshd.port, "user": sshd.user, "private_key_file": str(sshd.folder / "client")},
            "sites": [{"name": "www.example.com", "snippet": "respond hello"}],
            "ready_deadline": 0,
        }
        fleet.write(elb=ELB, dns={"zone": "example.com"}, hosts=[host])
        logged = ("-v=9", "--logtostderr", "--logflow", "--event-log", "events.jsonl")
        done = fleet.up(*logged, PULUMI_DEBUG_COMMANDS="true")  # without which there is no --event-log
        again = fleet.pulumi("preview", "--diff", "--refresh")
        secrets = [
            Secret("API token", (TOKEN, base64.b64encode(f"{TOKEN}:{SECRET}".encode()).decode())),
            Secret.text("API secret", SECRET),
            Secret.text("password", PASSWORD),
            Secret.pem("ELB key", (folder / "server.key").read_text()),
            Secret.pem("SSH key", sshd.private_key),
        ]
        wire = [line for line in done.stderr.splitlines() if WIRE.search(line)]
        assert any(secrets[2].is_in(line) for line in wire), "docs/configuration.md says what -v=9 shows"
        rest = "\n".join(line for line in done.stderr.splitlines() if line not in set(wire))
        printed = {"up": done.stdout, "-v=8 log": rest, "preview": again.stdout + again.stderr}
        yield Secretive(fleet, cloud, secrets, printed)


def test_no_trace_of_a_run_holds_a_secret(secretive: Secretive) -> None:
    state = secretive.fleet.pulumi("stack", "export", "--show-secrets").stdout
    for secret in secretive.secrets:
        assert secret.is_in(state), f"the {secret.name} is not in the state at all, so this test proves nothing of it"
    found = [(secret.name, where) for where, text in secretive.traces() for secret in secretive.secrets
             if secret.is_in(text)]  # fmt: skip
    assert found == []


def test_an_error_that_repeats_a_secret_hides_it(secretive: Secretive) -> None:
    """The cloud may echo what it was sent."""
    fleet = secretive.fleet
    fleet.control("faults", {"method": "POST", "path": "^/disk$", "kind": "status", "status": 400, "code": PASSWORD})
    fleet.write(size=2)
    failed = fleet.up(check=False)
    assert failed.returncode != 0
    assert "***" in failed.stdout + failed.stderr
    assert PASSWORD not in failed.stdout + failed.stderr
