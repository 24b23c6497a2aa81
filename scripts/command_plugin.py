"""Gets the pulumi-command provider plugin: `command_plugin.py PULUMI VERSION`; scripts/bootstrap calls it.

Hosts that are changed over SSH need the plugin, and nothing else does. It is Pulumi's own release, put where
`pulumi plugin install` puts it (PULUMI_HOME, default ~/.pulumi) once its SHA-256 is the one in the release's list,
which comes from another site than the archive. Exit code 1: not there, with the reason on stderr; nothing has changed.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import platform
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

ARCHIVES = "https://get.pulumi.com/releases/plugins"
SUMS = "https://github.com/pulumi/pulumi-command/releases/download"
PATIENCE = 8  # seconds until a site must answer
SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def fetch(url: str) -> bytes:
    """What is at a URL; exits with the reason where nothing is."""

    def give_up(*_: object) -> None:
        raise TimeoutError(f"no answer within {PATIENCE} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)  # covers the name's resolution, which urlopen's timeout does not
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as response:  # noqa: S310 - https, or a test's own site
            signal.alarm(0)
            return bytes(response.read())
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"{url}: {getattr(error, 'reason', None) or error}")
    finally:
        signal.alarm(0)


def main() -> None:
    """Download, check, install."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pulumi", help="the Pulumi CLI that installs it")
    parser.add_argument("version", help="such as 1.2.1, the SDK's in requirements.lock")
    parser.add_argument("--archives", default=ARCHIVES, metavar="URL", help="default: %(default)s")
    parser.add_argument("--sums", default=SUMS, metavar="URL", help="default: %(default)s")
    given = parser.parse_args()
    try:
        target = f"{SYSTEMS[platform.system()]}-{MACHINES[platform.machine()]}"
    except KeyError:
        sys.exit(f"there is no release for {platform.system()} on {platform.machine()}")
    archive = f"pulumi-resource-command-v{given.version}-{target}.tar.gz"
    listed = f"{given.sums}/v{given.version}/pulumi-command_{given.version}_checksums.txt"
    lines = (line.split() for line in fetch(listed).decode(errors="replace").splitlines())
    sums = {fields[1].lstrip("*").removeprefix("./"): fields[0] for fields in lines if len(fields) == 2}
    if not re.fullmatch("[0-9a-f]{64}", sums.get(archive, "")):
        sys.exit(f"{listed} has no SHA-256 of {archive}")
    content = fetch(f"{given.archives}/{archive}")
    actual = hashlib.sha256(content).hexdigest()
    if actual != sums[archive]:
        sys.exit(f"{archive} has the SHA-256 {actual}, the release says {sums[archive]}: it is not the released file")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / archive
        path.write_bytes(content)
        command = [given.pulumi, "plugin", "install", "resource", "command", given.version, "--file", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own engine
    if done.returncode != 0:
        sys.exit(f"`pulumi plugin install` failed: {(done.stderr or done.stdout).strip()}")


if __name__ == "__main__":
    main()
