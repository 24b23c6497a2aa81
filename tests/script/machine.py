"""A machine for the host script: this one's programs, changes that nobody else sees, and no network.

Namespaces of mounts and network, and an overlay over each folder that the script writes to, as fresh as Debian's
packages leave it. Doubles (`doubles/`) come before the programs that a container has not, or that would act on the
machine itself; each notes how it was called.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.host.fresh import FRESH, HOME
from tests.waiting import PATIENCE

HERE = Path(__file__).parent
OVERLAID = ("/etc", "/usr", "/var")

_START = """
set -e
mount -t tmpfs layers "$WORK/layers"
for folder in {folders}; do
  layer=$WORK/layers$folder
  mkdir -p "$layer/upper" "$layer/work"
  mount -t overlay overlay -o "lowerdir=$folder,upperdir=$layer/upper,workdir=$layer/work" "$folder"
done
{fresh}
ip link set lo up
echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start # what AmbientCapabilities gives the service
touch "$WORK/ready"
exec sleep infinity
"""


def namespaces() -> str:
    """Why there can be no such machine here; empty where there can."""
    if os.geteuid() != 0:
        return "needs root, for namespaces of its own"
    for program in ("unshare", "nsenter", "ip"):
        if shutil.which(program) is None:
            return f"needs {program}"
    if subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True, check=False).returncode != 0:
        return "this container may not make namespaces"
    return ""


@dataclass
class Machine:
    """One machine: `work` is seen from both sides, `calls` lists what the doubles were asked."""

    work: Path
    pid: int

    def sh(self, command: str, *, stdin: str = "", check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        """A shell command on the machine."""
        done = subprocess.run(
            ["nsenter", f"--target={self.pid}", "--mount", "--net", "--pid", "bash", "-c", command],
            input=stdin,
            env={
                "PATH": f"{self.work / 'doubles'}:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME": HOME,
                "WORK": str(self.work),
                **env,
            },
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{command} exited {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def run(self, script: str, *, check: bool = True) -> dict[str, str]:
        """Run the host script as SSH does: on stdin. Returns what it said of each step."""
        done = self.sh("bash -s", stdin=script, check=check)
        found = {}
        for line in done.stdout.splitlines():
            if line.startswith("caddy-host: ") and line.endswith("changed"):
                step, _, word = line.removeprefix("caddy-host: ").rpartition(": ")
                found[step] = word
        return found

    def refused(self, script: str) -> str:
        """What the script says when it fails."""
        done = self.sh("bash -s", stdin=script, check=False)
        assert done.returncode != 0, done.stdout
        return done.stdout + done.stderr

    def use(self, *doubles: str) -> None:
        """Put doubles before the machine's own programs."""
        for name in doubles:
            shutil.copy(HERE / "doubles" / name, self.work / "doubles" / name)

    def hide(self, *programs: str) -> None:
        """Take programs off the machine."""
        self.sh(
            " ".join(
                ["rm -f", *(f"/usr/{sub}/{program}" for program in programs for sub in ("bin", "sbin", "local/bin"))]
            )
        )

    def calls(self, program: str) -> list[str]:
        """How a double was called, in order."""
        listed = self.work / "calls"
        lines = listed.read_text().splitlines() if listed.is_file() else []
        return [line.partition(" ")[2] for line in lines if line.split(" ")[0] == program]

    def forget(self) -> None:
        """Empty the list of calls."""
        (self.work / "calls").unlink(missing_ok=True)


@contextmanager
def machine(work: Path) -> Iterator[Machine]:
    """A machine that lasts as long as the context; skips where there can be none."""
    reason = namespaces()
    if reason:
        pytest.skip(reason)
    for folder in ("layers", "doubles"):
        (work / folder).mkdir(parents=True)
    work.chmod(0o755)
    start = _START.format(folders=" ".join(OVERLAID), fresh=FRESH)
    process = subprocess.Popen(
        ["unshare", "--mount", "--net", "--pid", "--mount-proc", "--fork", "--kill-child", "bash", "-c", start],
        env={**os.environ, "WORK": str(work)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        end = time.monotonic() + PATIENCE
        while not (work / "ready").exists():
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            assert time.monotonic() < end
            time.sleep(0.01)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield Machine(work, int(children[0]))
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()
