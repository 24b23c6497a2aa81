"""The pulumi-command plugin, official or stand-in, with the official SDK, a real engine and a real sshd; and how
scripts/bootstrap gets the official one."""

from __future__ import annotations

import ast
import collections.abc
import functools
import hashlib
import http.server
import inspect
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import threading
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_command
import pytest
from pulumi_command import remote

from tests.host.caddy import go_tool
from tests.host.sshd import Sshd, new_sshd
from tests.host.stack import COMMAND_VERSION, OFFICIAL, new_stack
from tests.ports import closed_port
from tests.program.fleet import ROOT

PROGRAM = """
import json
import pulumi
from pulumi_command import remote

for name, settings in json.load(open("settings.json")).items():
    command = remote.Command(name, **settings)
    pulumi.export(name, {"stdout": command.stdout, "stderr": command.stderr})
"""


# ── The schema ───────────────────────────────────────────────────────────────────────────────────────────────────────


@functools.cache
def schema() -> dict[str, Any]:
    """The stand-in's schema, as the engine reads it."""
    done = subprocess.run(
        [Path(sys.executable).parent / "pulumi", "package", "get-schema", go_tool("pulumi-command")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def kind(annotation: Any) -> str:
    """A type of the SDK in the schema's words."""
    if isinstance(annotation, typing.ForwardRef):  # 'ConnectionArgs', or 'outputs.Connection'
        name = annotation.__forward_arg__.removeprefix("outputs.").removesuffix("Args")
        return f"command:remote:{name}"
    simple = {str: "string", bool: "boolean", int: "integer", float: "number"}
    if annotation in simple:
        return simple[annotation]
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, pulumi.Output):  # Input[T] is T or an awaitable or an output of it
        return kind(typing.get_args(annotation)[0])
    return "object" if origin is collections.abc.Mapping else "array"


def stated(properties: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The schema's properties and their types."""
    return {name: prop.get("type") or str(prop["$ref"]).removeprefix("#/types/") for name, prop in properties.items()}


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def of_args(cls: type) -> tuple[dict[str, str], set[str], dict[str, object]]:
    """What an SDK class takes: types, required names, defaults."""
    source = inspect.getsource(cls.__init__)  # type: ignore[misc]
    parameters = {
        camel(name): parameter for name, parameter in inspect.signature(cls).parameters.items() if name != "__self__"
    }
    types = {name: kind(parameter.annotation) for name, parameter in parameters.items()}
    required = {name for name, parameter in parameters.items() if parameter.default is inspect.Parameter.empty}
    defaults = re.findall(r"if (\w+) is None:\n +\1 = (.+)", source)
    return types, required, {camel(name): ast.literal_eval(value) for name, value in defaults}


@pytest.mark.parametrize(
    ("name", "cls"), [("Connection", remote.ConnectionArgs), ("ProxyConnection", remote.ProxyConnectionArgs)]
)
def test_the_types_are_those_of_the_sdk(name: str, cls: type) -> None:
    types, required, defaults = of_args(cls)
    stand_in = schema()["types"][f"command:remote:{name}"]
    assert stated(stand_in["properties"]) == types
    assert set(stand_in["required"]) == required
    assert {key: prop["default"] for key, prop in stand_in["properties"].items() if "default" in prop} == defaults


def test_the_resource_is_that_of_the_sdk() -> None:
    types, required, defaults = of_args(remote.CommandArgs)
    stand_in = schema()["resources"]["command:remote:Command"]
    assert stated(stand_in["inputProperties"]) == types
    assert set(stand_in["requiredInputs"]) == required
    assert {key: prop["default"] for key, prop in stand_in["inputProperties"].items() if "default" in prop} == defaults
    getters = {
        camel(name): kind(getter.fget.__annotations__["return"])
        for name, getter in vars(remote.Command).items()
        if isinstance(getter, property)
    }
    assert stated(stand_in["properties"]) == getters
    source = inspect.getsource(remote.Command._internal_init)
    secret = [name for name, prop in stand_in["properties"].items() if prop.get("secret")]
    replacing = [f"{name}[*]" for name, prop in stand_in["properties"].items() if prop.get("replaceOnChanges")]
    assert f"additional_secret_outputs={json.dumps(secret)}" in source
    assert f"replace_on_changes={json.dumps(replacing)}" in source


def test_the_words_for_logging_and_the_version_are_those_of_the_sdk() -> None:
    stand_in = schema()["types"]["command:remote:Logging"]["enum"]
    assert [word["value"] for word in stand_in] == [word.value for word in remote.Logging]
    plugin = json.loads((Path(pulumi_command.__file__).parent / "pulumi-plugin.json").read_text())
    assert (schema()["name"], schema()["version"]) == (plugin["name"], plugin["version"])
    assert f"command_version={plugin['version']} " in (ROOT / "scripts" / "bootstrap").read_text()


# ── The life of a command ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with new_sshd(tmp_path_factory.mktemp("sshd")).running() as running:
        yield running


def connection(sshd: Sshd, **changes: Any) -> dict[str, Any]:
    """How to reach the sshd, its host key pinned."""
    return {
        "host": "127.0.0.1",
        "port": sshd.port,
        "user": sshd.user,
        "private_key": sshd.private_key,
        "host_key": sshd.host_key(),
        "dial_error_limit": 0,
        **changes,
    }


def test_the_life_of_a_command(sshd: Sshd, tmp_path: Path) -> None:
    stack = new_stack(tmp_path, PROGRAM)
    journal = tmp_path / "journal"
    written = f'read -r line; echo "$line $SAKURA_WORD" | tee -a {journal}'
    script = written + "; echo aside >&2; echo ${PULUMI_COMMAND_STDOUT:-}"
    settings: dict[str, Any] = {
        "connection": connection(sshd),
        "create": script,
        "update": script,
        "delete": f"echo deleted >> {journal}",
        "stdin": "one\n",
        "environment": {"SAKURA_WORD": "word"},
        "triggers": ["a"],
    }

    def up(*arguments: str, check: bool = True, **changes: Any) -> str:
        settings.update(changes)
        return stack.up(*arguments, check=check, c=settings).stdout

    preview = stack("preview", c=settings).stdout
    assert not journal.exists(), "a preview has run the command"
    assert ("stand-in for the pulumi-command plugin, for tests and demos" in preview) == (not OFFICIAL.is_file())
    made = up()
    assert stack.outputs == {"c": {"stdout": "one word\n", "stderr": "aside"}}
    for line in ("one word", "aside"):
        assert line in made.partition("Outputs:")[0]

    # The same again is no work; another stdin is an update, which sees what the last run wrote.
    up("--expect-no-changes")
    changed = up(stdin="two\n", logging="stderr").partition("Outputs:")[0]
    assert stack.outputs["c"]["stdout"] == "two word\none word"
    assert "aside" in changed
    assert "two word" not in changed

    # A command that fails fails the run with its own words, and the state stays as it was.
    failed = up(check=False, update="echo it is broken >&2; exit 3")
    assert "it is broken" in failed
    assert "exited with status 3" in failed
    state = stack("stack", "export").stdout
    (resource,) = [
        resource for resource in json.loads(state)["deployment"]["resources"] if resource["type"].startswith("command:")
    ]
    assert resource["inputs"]["update"] == script
    assert sshd.private_key.splitlines()[1] not in state

    # Other triggers make a new one first, and then the old one's `delete` runs.
    up(stdin="three\n", triggers=["b"], update=script)
    assert journal.read_text().splitlines() == ["one word", "two word", "three word", "deleted"]

    stack("destroy", "--yes", "--skip-preview", "--refresh")
    assert journal.read_text().splitlines()[4:] == ["deleted"]


def test_who_is_not_reached_is_said_and_nothing_runs(sshd: Sshd, tmp_path: Path) -> None:
    stack = new_stack(tmp_path, PROGRAM)
    ran = tmp_path / "ran"
    other = new_sshd(tmp_path / "other")
    wrong = {
        "key": ({"host_key": other.host_key()}, "host key mismatch"),
        "port": ({"port": closed_port(), "dial_error_limit": 2}, "after 2 failed attempts: .*connection refused"),
        "login": ({"private_key": other.private_key}, "unable to authenticate"),
    }
    commands = {
        name: {"connection": connection(sshd, **changes), "create": f"touch {ran}"}
        for name, (changes, _) in wrong.items()
    }
    done = stack.up("--continue-on-error", check=False, **commands)
    assert done.returncode != 0
    for _, words in wrong.values():
        assert re.search(words, done.stdout), done.stdout
    assert not ran.exists()


# ── How the official plugin is got ───────────────────────────────────────────────────────────────────────────────────


class Site(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A release site on loopback: its folder and its URL."""
    folder = tmp_path / "site"
    (folder / f"v{COMMAND_VERSION}").mkdir(parents=True)
    handler = functools.partial(Site, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def get_plugin(url: str, home: Path) -> subprocess.CompletedProcess[str]:
    pulumi_cli = Path(sys.executable).parent / "pulumi"
    command = [ROOT / "scripts" / "command_plugin.py", pulumi_cli, COMMAND_VERSION, "--archives", url, "--sums", url]
    env = {**os.environ, "PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    return subprocess.run([sys.executable, *command], env=env, capture_output=True, text=True, check=False)


def test_the_official_plugin_comes_checked_or_not_at_all(site: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = site
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    name = f"pulumi-resource-command-v{COMMAND_VERSION}-linux-{machine}.tar.gz"
    sums = folder / f"v{COMMAND_VERSION}" / f"pulumi-command_{COMMAND_VERSION}_checksums.txt"
    content = b"#!/bin/sh\n"
    with tarfile.open(folder / name, "w:gz") as tar:
        member = tarfile.TarInfo("pulumi-resource-command")
        member.mode, member.size = 0o755, len(content)
        tar.addfile(member, io.BytesIO(content))
    installed = tmp_path / "home" / "plugins" / f"resource-command-v{COMMAND_VERSION}" / "pulumi-resource-command"

    none = get_plugin(url, tmp_path / "home")
    assert (none.returncode, "checksums.txt: File not found" in none.stderr) == (1, True), none.stderr
    sums.write_text(f"{'0' * 40}  {name}\n")
    assert "has no SHA-256 of" in get_plugin(url, tmp_path / "home").stderr
    sums.write_text(f"{'0' * 64}  {name}\n")
    assert "it is not the released file" in get_plugin(url, tmp_path / "home").stderr
    assert not installed.exists()

    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    sums.write_text(f"{'0' * 64}  another.tar.gz\n{digest}  ./{name}\n")
    done = get_plugin(url, tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert installed.read_bytes() == content
