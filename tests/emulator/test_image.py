"""The container image's parts that can be tried without Docker."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from click.testing import CliRunner

from sakura_emulator.main import main

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "Dockerfile.emulator").read_text(encoding="utf-8")


def test_the_image_has_every_package_that_the_emulator_imports_and_few_others() -> None:
    roots = re.search(r"runtime-lock\.sh \S+ ([\w ]+) >", TEXT)
    assert roots
    script = ROOT / "scripts" / "ci" / "runtime-lock.sh"
    done = subprocess.run([script, sys.executable, *roots[1].split()], capture_output=True, text=True, check=True)
    installed = set(re.findall(r"^([\w.-]+)==", done.stdout, re.MULTILINE))
    assert "pulumi" not in installed
    assert "grpcio" not in installed

    code = "import sys, sakura_emulator.main, sakura_emulator.server; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    owners = packages_distributions()
    # setuptools puts a module of its own into every Python that starts here.
    names = (name for name in loaded if "." not in name and name != "_distutils_hack")
    used = {owner.lower().replace("_", "-") for name in names for owner in owners.get(name, [])}
    assert used - {"sakura-fleet"} - installed == set()


def test_the_image_starts_with_options_that_exist() -> None:
    entry = re.search(r'^ENTRYPOINT \["sakura-emulator", "serve", (.*)\]', TEXT, re.MULTILINE)
    assert entry
    options = [name for command in main.commands.values() for option in command.params for name in option.opts]
    assert {word for word in re.findall(r'"([^"]+)"', entry[1]) if word.startswith("--")} <= set(options)
    # Without a token it says what is missing instead of listening for everybody.
    refused = CliRunner().invoke(main, ["serve", "--host", "0.0.0.0", "--port", "0", "--db", ":memory:"])
    assert refused.exit_code == 2
    assert "set token and secret" in refused.output
