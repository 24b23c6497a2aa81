"""The emulator: reads a second beside moto's, a cloud of 10,000 servers, and writes that outlive kill -9."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from benchmarks import http_load
from benchmarks.http_load import Timings
from benchmarks.measure import median, table
from tests.foreign.tools import NotAvailableError, locked_environment

ROUNDS, ROUND_SECONDS, READERS = 3, 4.0, 4
READS_WANTED = 500
FLEET, NEEDLES, FINDS = 10_000, 50, 300
FIND_WANTED_MS, MEMORY_WANTED_MB, START_WANTED_S = 50, 300, 1.0
WRITERS, WRITE_SECONDS = 50, 60.0
_HEADERS = {
    "Host": "127.0.0.1",
    "Authorization": f"Basic {base64.b64encode(b'token:secret').decode()}",
    "X-Sakura-Bigint-As-Int": "1",
    "Content-Type": "application/json",
}
_API = "/cloud/zone/is1b/api/cloud/1.1"


@dataclass(frozen=True)
class Emulator:
    """A process with a file, and how long it took until it answered."""

    process: subprocess.Popen[str]
    url: str
    started: float

    def memory(self) -> float:
        """Resident memory in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


@contextmanager
def emulator(db: Path) -> Iterator[Emulator]:
    """The emulator on a file, with synchronous commits as always."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "sakura_emulator", "serve", "--port", "0", "--db", str(db)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[3]
        httpx.get(f"{url}{_API}/zone", auth=("token", "secret"), trust_env=False).raise_for_status()
        try:
            yield Emulator(process, url, time.perf_counter() - begin)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)


def _api(method: str, path: str, body: Any = None) -> bytes:
    return http_load.request(method, f"{_API}/{path}", _HEADERS, b"" if body is None else json.dumps(body).encode())


def _new_server(name: str) -> dict[str, Any]:
    plan = {"CPU": 1, "MemoryMB": 1024}
    return {"Server": {"Name": name, "ServerPlan": plan, "Tags": ["bench"], "ConnectedSwitches": [{"Scope": "shared"}]}}


# Reads, beside moto


@contextmanager
def _moto() -> Iterator[tuple[str, bytes]]:
    """moto_server with one EC2 instance: its address, and the request that describes the instance."""
    programs = locked_environment("moto", Path(__file__).with_name("moto") / "requirements.lock")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    scope = "AKIDEXAMPLE/20260101/us-east-1/ec2/aws4_request"
    headers = {
        "Host": f"127.0.0.1:{port}",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    command = [str(programs / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            form = "Action=RunInstances&ImageId=ami-12c6146b&MinCount=1&MaxCount=1&Version=2016-11-15"
            made = _once_it_answers(url, headers, form)
            instance = re.search(r"<instanceId>(i-\w+)<", made)
            assert instance, made
            body = f"Action=DescribeInstances&InstanceId.1={instance[1]}&Version=2016-11-15".encode()
            yield url, http_load.request("POST", "/", headers, body)
        finally:
            process.kill()


def _once_it_answers(url: str, headers: dict[str, str], form: str) -> str:
    for _ in range(300):
        with contextlib.suppress(httpx.TransportError):
            return httpx.post(url, headers=headers, content=form, trust_env=False, timeout=30).text
        time.sleep(0.1)
    raise NotAvailableError("moto_server does not answer")


def _reads(folder: Path) -> list[str]:
    with emulator(folder / "reads.db") as local, contextlib.ExitStack() as stack:
        made = http_load.run(
            local.url, lambda n: _api("POST", "server", _new_server(f"web-{n}")), connections=1, limit=100
        )
        assert made.statuses == {201: 100}
        listed = httpx.get(f"{local.url}{_API}/server", auth=("token", "secret"), trust_env=False).json()["Servers"]
        reads = itertools.cycle([_api("GET", f"server/{server['ID']}") for server in listed])
        sides = {"GET server/:id": (local.url, lambda _: next(reads))}
        note = ""
        try:
            url, describe = stack.enter_context(_moto())
            sides["moto_server, EC2 DescribeInstances"] = (url, lambda _: describe)
        except NotAvailableError as error:
            note = f" moto could not be measured: {error}."
        rounds: dict[str, list[Timings]] = {name: [] for name in sides}
        for _ in range(ROUNDS):
            for name, (url, make) in sides.items():
                rounds[name].append(http_load.run(url, make, connections=READERS, seconds=ROUND_SECONDS))
                assert set(rounds[name][-1].statuses) == {200}
    rows = []
    for name, timings in rounds.items():
        rate = median([timing.rate for timing in timings])
        rows.append([name, f"{rate:.0f}", *(f"{median([t.percentile(p) for t in timings]):.1f}" for p in (0.5, 0.99))])
    ratio = f", {int(rows[0][1]) / int(rows[1][1]):.1f} times moto's" if len(rows) > 1 else ""
    text = (
        f"{READERS} clients, {ROUNDS} rounds of {ROUND_SECONDS:.0f} s in turn, medians; clients and servers share the "
        f"machine. moto_server closes the connection after each answer. Wanted: at least {READS_WANTED} a second. "
        f"Measured: **{rows[0][1]}**{ratio}.{note}"
    )
    return [f"### One server by its ID\n\n{text}", table(["request", "a second", "p50 ms", "p99 ms"], rows)]


# 10,000 servers


def _large(folder: Path) -> list[str]:
    db = folder / "large.db"
    numbers = itertools.count()

    def create(_: int) -> bytes:
        number = next(numbers)
        word = "needle" if number % (FLEET // NEEDLES) == 0 else "web"
        return _api("POST", "server", _new_server(f"{word}-{number:05}"))

    with emulator(db) as first:
        made = http_load.run(first.url, create, connections=10, seconds=300, limit=FLEET // 10)
        assert made.statuses == {201: FLEET}, made.statuses
    starts = []
    for _ in range(3):
        with emulator(db) as again:
            starts.append(again.started)
    query = quote(json.dumps({"Count": 0, "From": 0, "Filter": {"Name": "needle"}}), safe="")
    with emulator(db) as large:
        found = httpx.get(f"{large.url}{_API}/server?{query}", auth=("token", "secret"), trust_env=False).json()
        assert found["Total"] == NEEDLES, found["Total"]
        finds = http_load.run(large.url, lambda _: _api("GET", f"server?{query}"), connections=1, limit=FINDS)
        assert finds.statuses == {200: FINDS}
        memory = large.memory()
    p99, start = finds.percentile(0.99), median(starts)
    rows = [
        [f"find of {NEEDLES} by name, p99", f"{FIND_WANTED_MS} ms", f"{p99:.1f} ms", _held(p99 < FIND_WANTED_MS)],
        ["resident memory", f"{MEMORY_WANTED_MB} MB", f"{memory:.0f} MB", _held(memory < MEMORY_WANTED_MB)],
        ["start to first answer", f"{START_WANTED_S:.0f} s", f"{start:.2f} s", _held(start < START_WANTED_S)],
    ]
    text = (
        f"Each with an interface, made at {made.rate:.0f} a second. {FINDS} finds by a part of the name over one "
        "connection; the median of three starts from the command on."
    )
    return [f"### {FLEET:,} servers\n\n{text}", table(["measure", "wanted, less than", "measured", "held"], rows)]


def _held(yes: bool) -> str:
    return "yes" if yes else "no"


# Writes that were acknowledged


@dataclass
class Writer:
    """What one client was told is done: the name of each server, and the IDs that are gone."""

    names: dict[int, str] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    unsure: set[int] = field(default_factory=set)


async def _write(url: str, number: int, writer: Writer, deadline: float, timings: Timings) -> None:
    """Make, rename and delete servers until the time is up."""
    parts = urlsplit(url)
    reader, sender = await asyncio.open_connection(parts.hostname, parts.port)

    async def ask(raw: bytes) -> tuple[int, Any]:
        begin = time.perf_counter()
        sender.write(raw)
        status, body, _ = await http_load.answer(reader)
        timings.seconds.append(time.perf_counter() - begin)
        timings.statuses[status] = timings.statuses.get(status, 0) + 1
        return status, json.loads(body)

    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        for turn in itertools.count():
            if time.perf_counter() > deadline:
                return
            status, made = await ask(_api("POST", "server", _new_server(f"w{number}-{turn}")))
            if status != 201:
                continue
            server = int(made["Server"]["ID"])
            writer.names[server] = f"w{number}-{turn}"
            writer.unsure.add(server)
            if (await ask(_api("PUT", f"server/{server}", {"Server": {"Name": f"renamed-{server}"}})))[0] == 200:
                writer.names[server] = f"renamed-{server}"
            if turn % 3 and (await ask(_api("DELETE", f"server/{server}")))[0] == 200:
                del writer.names[server]
                writer.gone.add(server)
            writer.unsure.discard(server)


async def _writers(url: str, process: subprocess.Popen[str], writers: list[Writer], timings: Timings) -> None:
    """All writers at once; in the end the process is killed in the middle of their work."""
    begin = time.perf_counter()
    far = begin + WRITE_SECONDS + 30
    tasks = [asyncio.create_task(_write(url, n, writer, far, timings)) for n, writer in enumerate(writers)]
    await asyncio.sleep(WRITE_SECONDS)
    os.kill(process.pid, signal.SIGKILL)
    timings.took = time.perf_counter() - begin
    await asyncio.gather(*tasks)


def _durable(folder: Path) -> list[str]:
    db = folder / "durable.db"
    writers, timings = [Writer() for _ in range(WRITERS)], Timings()
    with emulator(db) as first:
        asyncio.run(_writers(first.url, first.process, writers, timings))
    with emulator(db) as again:
        listed = httpx.get(f"{again.url}{_API}/server", auth=("token", "secret"), trust_env=False, timeout=120).json()
    kept = {int(server["ID"]): server["Name"] for server in listed["Servers"]}
    unsure = set().union(*(writer.unsure for writer in writers))  # killed between a request and its answer
    lost = [
        server
        for writer in writers
        for server, name in writer.names.items()
        if server not in unsure and kept.get(server) != name
    ]
    undead = [server for writer in writers for server in writer.gone if server in kept]
    failed = sum(count for status, count in timings.statuses.items() if status >= 500)
    known = sum(len(writer.names) + len(writer.gone) for writer in writers)
    wrong = len(lost) + len(undead)
    held = not wrong and not failed
    text = (
        f"{WRITERS} clients make, rename and delete servers for {WRITE_SECONDS:.0f} s, then the process is killed "
        f"while they write, and started again. {len(timings.seconds):,} answers, {timings.rate:.0f} a second, "
        f"p99 {timings.percentile(0.99):.0f} ms. Wanted: no 5xx, and every acknowledged write is there. Measured: "
        f"**{failed} answers of 5xx, {wrong} of {known:,} servers wrong** ({_held(held)}); {len(unsure)} servers had "
        "a request without an answer."
    )
    return [f"### Writes and kill -9\n\n{text}"]


def measure(folder: Path) -> str:
    """The section of the results."""
    parts = ["## The emulator\n\nOn a file, every commit synchronous."]
    return "\n\n".join([*parts, *_reads(folder), *_large(folder), *_durable(folder)])
