"""A project of nothing but Pulumi: a program, a dynamic resource and a policy pack, and the engine that runs them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv" / "bin"
PROJECT = """\
name: tiny
runtime: {name: python, options: {virtualenv: ../.venv}}
"""
PROGRAM = """\
import os, pathlib, subprocess, sys, time
import pulumi
from thing import Thing

mode = os.environ.get("MODE", "")
thing = Thing("thing", {"mode": mode, "secret": pulumi.Config().get_secret("secret")})
pulumi.export("id", thing.id)
print("hello from the program")
if mode == "raise":
    raise ValueError("what went wrong")
if mode == "run error":
    raise pulumi.RunError("what went wrong")
if mode == "exit":
    sys.exit(3)
if mode == "sleep":
    child = subprocess.Popen(["sleep", "600"])  # what a program starts ends with it
    pathlib.Path("started").touch()
    time.sleep(600)
"""
THING = """\
import pathlib, time
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class Provider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props):
        if props["mode"] == "refused":
            raise RuntimeError("the cloud said no")
        if props["mode"] == "slow":
            pathlib.Path("started").touch()
            while not pathlib.Path("go on").exists():
                time.sleep(0.02)
        return CreateResult("thing-1", {**props})


class Thing(Resource, module="tiny", name="Thing"):
    def __init__(self, name, props, opts=None):
        super().__init__(Provider(), name, props, opts)
"""
PACK = """\
import pulumi
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy


def check(args, report):
    if args.props.get("mode") == "forbidden":
        report(f"stack {pulumi.get_stack()} must not do what is forbidden")


PolicyPack("tiny", policies=[
    ResourceValidationPolicy(
        name="nothing-forbidden", description="Nothing is.",
        enforcement_level=EnforcementLevel.MANDATORY, validate=check,
    )
])
"""


@dataclass
class Engine:
    """The `pulumi` of this checkout, in one project's folder."""

    project: Path
    env: dict[str, str]

    def start(self, *args: str, **extra: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [BIN / "pulumi", *args, "--non-interactive"],
            cwd=self.project,
            env=self.env | extra,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __call__(self, *args: str, expect: int = 0, **extra: str) -> str:
        process = self.start(*args, **extra)
        try:
            output, _ = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
        assert process.returncode == expect, f"pulumi {' '.join(args)} ended with {process.returncode}:\n{output}"
        return output

    def state(self) -> dict[str, Any]:
        deployment: dict[str, Any] = json.loads(self("stack", "export"))["deployment"]
        return deployment

    def processes(self) -> dict[int, str]:
        """Process id and command line of all that this engine started, directly or not."""
        mark = f"ENGINE_TEST={self.env['ENGINE_TEST']}".encode()
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:  # ended meanwhile, or somebody else's
                continue
        return found

    def end(self) -> None:
        for process in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def settings() -> dict[str, str]:
    lines = (ROOT / "scripts" / "pulumi.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
