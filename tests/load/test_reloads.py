"""Reloads under load: nothing is lost of what was promised, and what may be lost is counted."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.host.caddy import VERSIONS, Caddy, caddy_binary, new_caddy
from tests.host.machine import running_machine
from tests.load.traffic import FIRST, Outcome, Vegeta, attack, counted_by_the_server, get_over_h3, table

RELOADS = 20
SECONDS = 13
"""How long requests come in: until after the last reload."""
RATE = 380
"""GETs a second over HTTP/1.1, and as many over HTTP/2."""
ASIDE = 40
"""Requests a second of each kind that is only counted."""
H3 = 1500
HUNG_UP = ("server sent GOAWAY and closed the connection", "write: broken pipe", "connection force closed")
"""What a client says over HTTP/2 that comes a second late."""
STALLED = 2
"""How many such words of 20 reloads are still those of one standstill of the machine for a second."""
KINDS = ("GET h2", "GET h1", "GET h3")


def site(folder: Path, number: int) -> str:
    """A site that is another one with each number, so that every reload has something to change."""
    log = f"log {{\n\t\toutput file {folder}/access.log\n\t\tformat json\n\t}}"
    return f"localhost {{\n\ttls internal\n\theader X-Number {number}\n\t{log}\n\trespond ok\n}}"


def test_20_reloads_lose_no_get_on_an_open_connection(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Both versions one after the other: at the same time, two cores would be too busy to tell losses from delays."""
    lost: dict[tuple[str, str], list[str]] = {}
    sent = 0
    report = []
    for version in VERSIONS:
        with running_machine(tmp_path / version, caddy_binary(version)) as machine:
            # As the host script sets it: without it, connections that wait at the moment of a reload are reset.
            machine.write("/proc/sys/net/ipv4/tcp_migrate_req", "1")
            with machine.network():
                outcomes = under_load(version, tmp_path / version / "caddy")
        report.append(f"Caddy {version}, {RELOADS} reloads:\n{table(list(outcomes.items()))}")
        sent += sum(outcomes[kind].sent for kind in KINDS)
        lost |= {(version, kind): why for kind in KINDS if (why := on_open_connections(kind, outcomes[kind]))}
    record_property("measured", "\n".join(report))
    assert lost == {}
    assert sent >= 20_000


def on_open_connections(kind: str, outcome: Outcome) -> list[str]:
    """Why requests on open connections were lost.

    Over HTTP/1.1 the client (Go's) sends a GET again by itself where the server hangs up on a connection that has had
    an answer. So an EOF is of a new connection, of which this load opens some after each reload; those are only
    counted.

    Over HTTP/2 the server (Go's) hangs up a second after its GOAWAY and its last answer, read or not. A client that
    gets no processor for that second has nothing to read any more. That is the machine's doing where it is rare; a
    server that drops what it took does so at most reloads.
    """
    if kind == "GET h1":
        return [reason for reason in outcome.reasons if not reason.endswith(": EOF")]
    hung_up = [reason for reason in outcome.reasons if any(text in reason for text in HUNG_UP)]
    return [reason for reason in outcome.reasons if reason not in hung_up or len(hung_up) > STALLED]


def under_load(version: str, folder: Path) -> dict[str, Outcome]:
    """What became of all requests while one Caddy was reloaded."""
    caddy = new_caddy(version, folder)
    caddy.write(site(folder, 0))
    with caddy.running("localhost", prefix=FIRST):
        url = f"https://localhost:{caddy.https_port}/"

        def begin(name: str, *options: str, rate: int = ASIDE, method: str = "GET") -> Vegeta:
            results = folder / f"{name}.bin"
            return attack(url, caddy.root_ca, results, *options, rate=rate, seconds=SECONDS, method=method)

        under_way = {
            "GET h2": begin("h2", "-http2=true", rate=RATE),
            "GET h1": begin("h1", "-http2=false", rate=RATE),
            "GET h1, new connections": begin("h1new", "-http2=false", "-keepalive=false"),
            "POST h1": begin("h1post", "-http2=false", method="POST"),
            "POST h2": begin("h2post", "-http2=true", method="POST"),
        }
        reloads = threading.Thread(target=reload_all, args=(caddy, folder))
        reloads.start()
        h3 = asyncio.run(
            get_over_h3("localhost", caddy.https_port, caddy.root_ca, connections=4, requests=H3, seconds=SECONDS)
        )
        reloads.join()
        outcomes = {"GET h3": h3} | {kind: load.outcome for kind, load in under_way.items()}
    served = counted_by_the_server(folder / "access.log")
    # Each kind came over its own version; the log itself may miss some lines around a reload.
    assert served["HTTP/3.0"] >= 0.9 * H3
    assert min(served["HTTP/1.1"], served["HTTP/2.0"]) >= 0.9 * RATE * SECONDS
    return outcomes


def reload_all(caddy: Caddy, folder: Path) -> None:
    """The reloads, evenly over the time in which requests come in."""
    pause = (SECONDS - 2) / RELOADS
    begun = time.monotonic()
    for number in range(1, RELOADS + 1):
        time.sleep(max(0.0, begun + number * pause - time.monotonic()))
        caddy.write(site(folder, number))
        caddy.reload()
