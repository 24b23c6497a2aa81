"""The emulator as a process of its own: where it runs, how to reach, start and stop it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Any

from sakura_emulator.store import MEMORY

TOKEN_VARIABLE, SECRET_VARIABLE = "SAKURA_EMULATOR_TOKEN", "SAKURA_EMULATOR_SECRET"
START_SECONDS = 20.0
STOP_SECONDS = 15.0
_POLL = 0.05
_LOG_LINES = 15


class ProcessError(Exception):
    """The process did not start, stop or answer; the message says what to do, `code` is the error's of a command."""

    def __init__(self, message: str, code: str = "failed") -> None:
        super().__init__(message)
        self.code = code


def state_folder() -> Path:
    """Where the emulator keeps its files unless told otherwise."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "sakura-fleet"


def default_db() -> str:
    """The database of an emulator that was given none."""
    return str(state_folder() / "emulator.db")


def beside(db: str, suffix: str) -> Path:
    """A file beside the database; a database in memory has its files in the state folder."""
    return state_folder() / f"emulator-memory{suffix}" if db == MEMORY else Path(f"{db}{suffix}")


@dataclass(frozen=True, slots=True)
class Process:
    """A process that said where it listens."""

    pid: int
    url: str

    def alive(self) -> bool:
        """Whether this pid is an emulator that runs: numbers are used again by other programs."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii", errors="replace")
            command = Path(f"/proc/{self.pid}/cmdline").read_bytes()
        except OSError:
            return not Path("/proc/self").exists() and _signalled(self.pid)
        is_zombie = stat.rpartition(")")[2].split()[0] == "Z"
        return not is_zombie and (b"sakura_emulator" in command or b"sakura-emulator" in command)


def _signalled(pid: int) -> bool:
    """Without /proc: ask the kernel, and trust the number."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def record(db: str, url: str) -> None:
    """Note where this process listens."""
    path = beside(db, ".run.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps({"pid": os.getpid(), "url": url}), encoding="utf-8")
    temporary.replace(path)


def forget(db: str, pid: int) -> None:
    """Remove the note of a process that ended."""
    known = recorded(db)
    if known and known.pid == pid:
        beside(db, ".run.json").unlink(missing_ok=True)


def recorded(db: str) -> Process | None:
    """The process that was noted for this database; it may be gone."""
    try:
        document = json.loads(beside(db, ".run.json").read_text(encoding="utf-8"))
        return Process(int(document["pid"]), str(document["url"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def url_for(host: str, port: int) -> str:
    """Where an emulator with this `--host` is reached from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _headers() -> dict[str, str]:
    """The emulator may want a loopback Host and its token even of an address that is not loopback."""
    headers = {"Content-Type": "application/json", "Host": "localhost"}
    pair = f"{os.environ.get(TOKEN_VARIABLE, '')}:{os.environ.get(SECRET_VARIABLE, '')}"
    if pair != ":":
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return headers


def control(url: str, method: str, path: str, body: Any = None, *, seconds: float = 30.0) -> Any:
    """One request to a control route."""
    request = urllib.request.Request(  # noqa: S310 - the URL is the emulator's
        f"{url}/_emulator{path}",
        data=None if method == "GET" else json.dumps({} if body is None else body).encode(),
        headers=_headers(),
        method=method,
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=seconds) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        with contextlib.suppress(ValueError, KeyError, TypeError):
            text = json.loads(text)["error"]
        code = "auth" if error.code == HTTPStatus.UNAUTHORIZED else "api"
        raise ProcessError(f"the emulator at {url} refused {method} {path}: {text}", code) from error
    except (OSError, ValueError, HTTPException) as error:
        raise ProcessError(
            f"no emulator answers at {url} ({error}); start one with `sakura-emulator start`", "unreachable"
        ) from error


def wants_token(url: str) -> bool:
    """Whether the emulator there takes one token only; where none answers, whether the variables hold one."""
    try:
        return control(url, "GET", "/health", seconds=2.0).get("token") is True
    except ProcessError as error:
        return error.code == "auth" or bool(os.environ.get(TOKEN_VARIABLE))


def takes(url: str, token: str, secret: str) -> bool:
    """Whether the emulator there takes this pair."""
    pair = base64.b64encode(f"{token}:{secret}".encode()).decode()
    request = urllib.request.Request(  # noqa: S310 - the URL is the emulator's
        f"{url}/cloud/zone/is1a/api/cloud/1.1/auth-status", headers={**_headers(), "Authorization": f"Basic {pair}"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=START_SECONDS):
            return True
    except (OSError, HTTPException):
        return False


def answering(url: str) -> Process | None:
    """The emulator that answers at a URL, if one does."""
    try:
        health = control(url, "GET", "/health", seconds=2.0)
        return Process(int(health["pid"]), url) if health.get("ok") is True else None
    except (ProcessError, AttributeError, KeyError, TypeError, ValueError):
        return None


def start(db: str, url: str | None, arguments: list[str]) -> tuple[Process, bool]:
    """The emulator at that URL or of that database, and whether this call started it.

    One of the database at another URL is returned, too: a file has one emulator.
    """
    running = _running(db, url)
    if running:
        return running, False
    log = beside(db, ".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        began = output.tell()
        child = subprocess.Popen(  # noqa: S603 - our own module with our own options
            [sys.executable, "-m", "sakura_emulator", "serve", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        known = recorded(db)
        if known and known.pid == child.pid and answering(known.url):
            child.returncode = 0  # it goes on without us: no warning that it was not waited for
            return known, True
        if child.poll() is not None:
            running = _running(db, url)  # somebody else may have been quicker
            if running:
                return running, False
            raise ProcessError(f"the emulator did not start; {log} says:\n{_tail(log, began)}")
        time.sleep(_POLL)
    child.kill()
    child.wait()
    raise ProcessError(f"the emulator did not answer within {START_SECONDS:.0f} seconds; see {log}")


def _running(db: str, url: str | None) -> Process | None:
    there = answering(url) if url is not None else None
    if there:
        return there
    known = recorded(db)
    return answering(known.url) if known and known.alive() else None


def _tail(log: Path, began: int) -> str:
    with log.open("rb") as file:
        file.seek(began)
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-_LOG_LINES:])


def stop(db: str) -> Process | None:
    """Stop the emulator of a database and wait for its end; None if none runs."""
    known = recorded(db)
    if known is None or not known.alive():
        if known:
            forget(db, known.pid)
        return None
    for signal_number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(known.pid, signal_number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not known.alive():
                forget(db, known.pid)
                return known
            time.sleep(_POLL)
    raise ProcessError(f"process {known.pid} does not end; stop it by hand")
