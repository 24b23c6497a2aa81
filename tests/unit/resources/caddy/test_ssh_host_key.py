"""A host's SSH key: taken once, expected from then on."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from sakura_fleet.errors import CancelledError, FleetError, MissingToolError, WaitTimeoutError
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.resources.caddy.ssh_host_key_lifecycle import SshHostKeyLifecycle
from sakura_fleet.resources.caddy.ssh_keyscan import scan
from tests.unit.world import FLEET, World, checked

KEY = "ecdsa-sha2-nistp256 AAAA"
OTHER = "ecdsa-sha2-nistp256 BBBB"
OWNER_TAGS = OwnerTags.of(FLEET, "urn:pulumi:test::p::pulumi-python:dynamic/sakura:SshHostKey::www-host-key")


class Host:
    """A host that answers with its key, the first time after `silent` scans."""

    def __init__(self, key: str = KEY, silent: int = 0) -> None:
        self.key, self.silent = key, silent
        self.asked: list[tuple[str, int]] = []

    def __call__(self, address: str, port: int) -> str:
        self.asked.append((address, port))
        return self.key if len(self.asked) > self.silent else ""


def inputs(**changes: Any) -> dict[str, Any]:
    given = {"name": "www", "address": "192.0.2.1", "owner_tags": OWNER_TAGS.inputs(), **changes}
    return checked(SshHostKeyLifecycle(), **given)


def test_the_first_key_is_taken_once_the_host_answers(world: World) -> None:
    host = Host(silent=3)
    found, outputs = SshHostKeyLifecycle(host).create(world.session, inputs(port=2222))
    assert (found, outputs["host_key"]) == (OWNER_TAGS.resource, KEY)
    assert host.asked == [("192.0.2.1", 2222)] * 4


def test_ctrl_c_ends_the_wait(world: World) -> None:
    world.session.interrupted = lambda: True
    with pytest.raises(CancelledError, match=r"host www to answer SSH at 192.0.2.1 port 22; nothing was sent to it;"):
        SshHostKeyLifecycle(Host(silent=3)).create(world.session, inputs())


def test_the_same_key_is_expected_from_then_on(world: World) -> None:
    host = Host()
    lifecycle = SshHostKeyLifecycle(host)
    object_id, outputs = lifecycle.create(world.session, inputs(content="a"))
    assert lifecycle.diff(outputs, inputs(content="b")).changed == ("content",)
    outputs = lifecycle.update(world.session, object_id, outputs, inputs(content="b"))
    assert outputs["host_key"] == KEY
    host.key = OTHER
    with pytest.raises(FleetError, match=r"shows another SSH key.*nothing was sent.*ssh.host_key"):
        lifecycle.update(world.session, object_id, outputs, inputs(content="c"))


def test_another_host_has_another_key(world: World) -> None:
    host = Host()
    lifecycle = SshHostKeyLifecycle(host)
    object_id, outputs = lifecycle.create(world.session, inputs())
    host.key = OTHER
    assert lifecycle.update(world.session, object_id, outputs, inputs(address="192.0.2.2"))["host_key"] == OTHER


def test_a_key_may_be_known_before(world: World) -> None:
    lifecycle = SshHostKeyLifecycle(Host())
    assert lifecycle.create(world.session, inputs(pinned=KEY))[1]["host_key"] == KEY
    with pytest.raises(FleetError, match="shows another SSH key"):
        lifecycle.create(world.session, inputs(pinned=OTHER))
    outputs = {**inputs(), "host_key": OTHER}
    assert lifecycle.update(world.session, "x", outputs, inputs(pinned=KEY))["host_key"] == KEY


def test_a_host_that_never_answers(world: World) -> None:
    with pytest.raises(
        WaitTimeoutError, match=r"timed out after 30 s waiting for the host www to answer SSH at 192.0.2.1 port 22; see"
    ):
        SshHostKeyLifecycle(Host(silent=10_000)).create(world.session, inputs(deadline=30))


def test_a_refresh_asks_nobody(world: World) -> None:
    host = Host()
    outputs = {**inputs(), "host_key": KEY}
    found = SshHostKeyLifecycle(host).read(world.session, "x", outputs)
    assert found
    assert found.outputs == outputs
    assert found.inputs == inputs()
    assert host.asked == []


def test_a_host_by_address_is_left_serving(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    SshHostKeyLifecycle(Host()).delete(world.session, "x", {**inputs(), "host_key": KEY})
    assert "www (192.0.2.1) is none of this stack's servers: Caddy is left serving" in capsys.readouterr().err
    SshHostKeyLifecycle(Host()).delete(world.session, "x", {**inputs(address=""), "host_key": KEY})
    assert capsys.readouterr().err == ""


@pytest.fixture
def keyscan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A double of `ssh-keyscan` that prints its file `answer`."""
    program = tmp_path / "ssh-keyscan"
    program.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/asked\ncat {tmp_path}/answer\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin:/bin")
    return tmp_path


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ("", ""),
        ("# 192.0.2.1:22 SSH-2.0-OpenSSH_9.2\n", ""),
        ("192.0.2.1 ssh-ed25519 EEEE\n192.0.2.1 ecdsa-sha2-nistp256 AAAA\n", "ecdsa-sha2-nistp256 AAAA"),
        ("[192.0.2.1]:2222 ssh-ed25519 EEEE\n", "ssh-ed25519 EEEE"),
        ("192.0.2.1 ssh-rsa RRRR\n", ""),
    ],
)
def test_what_ssh_keyscan_says(keyscan: Path, answer: str, key: str) -> None:
    (keyscan / "answer").write_text(answer)
    assert scan("192.0.2.1", 2222) == key
    assert (keyscan / "asked").read_text() == "-T 10 -t ed25519,ecdsa -p 2222 -- 192.0.2.1\n"


def test_without_openssh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match="ssh-keyscan is not on PATH; install OpenSSH's client"):
        scan("192.0.2.1", 22)
