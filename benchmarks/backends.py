"""What the settings of scripts/pulumi.env are worth, with the state in a folder and on an S3 server."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.measure import SETTINGS, bare, load, median, table, timed
from benchmarks.programs import user_fleet
from sakura_emulator.server import running
from tests.program.fleet import ROOT, Fleet, local_settings

SERVERS = 20
SCALE = 20
LATENCY = 0.030
"""Seconds that each request to the S3 server takes longer."""
READ_AT_ONCE = 1 << 22
START_SECONDS = 20.0
BUCKET, KEY, SECRET, REGION = "states", "bench", "bench-secret", "us-east-1"
FOLDER, BUCKETS = "a folder", "S3, 30 ms"
RUNS = {
    "both (scripts/pulumi.env)": (),
    "without PULUMI_SKIP_CHECKPOINTS": ("PULUMI_SKIP_CHECKPOINTS",),
    "without PULUMI_PARALLEL": ("PULUMI_PARALLEL",),
    "neither (bare `pulumi up`)": SETTINGS,
}


@contextmanager
def s3_server(folder: Path) -> Iterator[Path]:
    """versitygw on a folder, with a bucket; gives the socket on which it listens."""
    (folder / BUCKET).mkdir(parents=True)
    program = subprocess.run([ROOT / "scripts" / "go-tool", "versitygw"], stdout=subprocess.PIPE, text=True, check=True)
    listens = folder.with_name("s3.sock")
    command = [program.stdout.strip(), "--port", str(listens), "--region", REGION, "--quiet", "--keep-alive", "posix"]
    env = {**os.environ, "ROOT_ACCESS_KEY": KEY, "ROOT_SECRET_KEY": SECRET}
    with subprocess.Popen([*command, folder], env=env, stdout=subprocess.DEVNULL) as server:
        try:
            _wait_for(listens, server)
            yield listens
        finally:
            server.terminate()


def _wait_for(listens: Path, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        with socket.socket(socket.AF_UNIX) as client:
            try:
                return client.connect(str(listens))
            except OSError as error:
                if server.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("versitygw did not start") from error
        time.sleep(0.02)


@contextmanager
def slow(listens: Path, seconds: float) -> Iterator[int]:
    """A way to a socket on which every request takes so much longer; gives its port."""
    loop = asyncio.new_event_loop()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
        with suppress(OSError):
            while data := await reader.read(READ_AT_ONCE):
                if delay:
                    await asyncio.sleep(delay)
                writer.write(data)
                await writer.drain()
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_unix_connection(listens, limit=READ_AT_ONCE)
        await asyncio.gather(pump(reader, there[1], seconds), pump(there[0], writer, 0))

    server = loop.run_until_complete(asyncio.start_server(connect, "127.0.0.1", limit=READ_AT_ONCE))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@dataclass
class Backend:
    """A fleet with its state somewhere."""

    fleet: Fleet
    env: dict[str, str]
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def up(self, size: int, without: Sequence[str] = ()) -> None:
        self.fleet.write(size=size)
        bare(self.fleet, "up", "--yes", "--skip-preview", without=without, **self.env)


def _backends(folder: Path, urls: dict[str, str], port: int) -> dict[str, Backend]:
    bucket = (
        f"s3://{BUCKET}?endpoint=http://127.0.0.1:{port}&region={REGION}&s3ForcePathStyle=true"
        "&response_checksum_validation=when_required"
    )
    keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "PULUMI_BACKEND_URL": bucket}
    backends = {}
    for name, env in {FOLDER: {}, BUCKETS: keys}.items():
        group = {**local_settings()["server_group"], "max_size": SERVERS}
        fleet = user_fleet(folder / name.replace(" ", "-"), urls[name], size=0)
        fleet.write(rate_limit=5 * SCALE, server_group=group)
        if env:
            fleet.run(*fleet.command("stack", "init"), check=True, **env)
        backends[name] = Backend(fleet, env)
    return backends


def measure(folder: Path, runs: int = 3) -> str:
    """The section of the results."""
    before = load()
    with ExitStack() as stack:
        port = stack.enter_context(slow(stack.enter_context(s3_server(folder / "s3")), LATENCY))
        clouds = {
            name: stack.enter_context(running(latency="baseline", time_scale=SCALE)) for name in (FOLDER, BUCKETS)
        }
        backends = _backends(folder, {name: cloud.url for name, cloud in clouds.items()}, port)
        for backend in backends.values():
            backend.up(0)
        for _ in range(runs):
            for setting, without in RUNS.items():
                for backend in backends.values():
                    up = partial(backend.up, SERVERS, without)
                    backend.seconds[setting].append(timed(up))
                    backend.fleet.control("clock", {"time_scale": 1_000})
                    backend.up(0)
                    backend.fleet.control("clock", {"time_scale": SCALE})
    rows = []
    for setting in RUNS:
        row = [setting]
        for backend in backends.values():
            seconds = median(backend.seconds[setting])
            row += [f"{seconds:.1f}", f"{seconds / median(backend.seconds[next(iter(RUNS))]):.2f}x"]
        rows.append(row)
    header = ["settings of the engine", *(cell for name in backends for cell in (f"{name}, s", "to both"))]
    return "\n".join(
        [
            "## Where the state is",
            "",
            f"`pulumi up --skip-preview` from 0 to {SERVERS} servers, profile `baseline` at 1/{SCALE} of the time, the "
            f"state in a folder or on an S3 server (versitygw) to which every request takes {LATENCY * 1000:.0f} ms "
            f"longer; {runs} runs in turn, medians. Load of the machine {before} before.",
            "",
            table(header, rows),
        ]
    )
