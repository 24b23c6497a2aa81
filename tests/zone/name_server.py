"""A real name server (Knot DNS) on loopback, and a resolver over HTTPS (JSON) in front of it.

Nothing in here uses the code that is tested: the JSON is made by dnspython and kdig.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from tests.ports import free_port
from tests.waiting import PATIENCE, wait_for

LOOPBACK = "127.0.0.1"
_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])
TOOLS = {name: shutil.which(name, path=_PATH) for name in ("knotd", "knotc", "kdig", "kzonecheck")}
MISSING = ", ".join(name for name, path in TOOLS.items() if path is None)
_CONFIG = """
server:
    listen: 127.0.0.1@{port}
    rundir: "{folder}"
log:
  - target: stderr
    any: warning
database:
    storage: "{folder}/db"
template:
  - id: default
    storage: "{folder}"
    zonefile-sync: -1
    journal-content: none
zone:
  - domain: {zone}
    file: "zone"
"""


def tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of Knot's commands."""
    return subprocess.run([str(TOOLS[name]), *arguments], capture_output=True, text=True, check=False, timeout=PATIENCE)


class NameServer:
    """knotd with one zone."""

    def __init__(self, folder: Path, zone: str, text: str) -> None:
        self.folder, self.zone = folder, zone
        self.serial = 0
        self.port = free_port()
        (folder / "db").mkdir()
        (folder / "knot.conf").write_text(_CONFIG.format(port=self.port, folder=folder, zone=zone))
        self._write(text)
        log = (folder / "knotd.log").open("w")
        with log:
            self.process = subprocess.Popen([str(TOOLS["knotd"]), "-c", str(folder / "knot.conf")], stderr=log)
        self._wait_for_serial()

    def serve(self, text: str) -> None:
        """Answer from another zone file from now on."""
        self._write(text)
        done = tool("knotc", "-c", str(self.folder / "knot.conf"), "-b", "zone-reload", self.zone)
        assert done.returncode == 0, done.stderr
        self._wait_for_serial()

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0, (self.folder / "knotd.log").read_text()

    def ask(self, name: str, kind: str) -> dns.message.Message:
        """One query with dnspython."""
        return dns.query.udp(dns.message.make_query(name, kind), LOOPBACK, port=self.port, timeout=PATIENCE)

    def rrset(self, name: str, kind: str) -> dns.rrset.RRset | None:
        response = self.ask(name, kind)
        return response.get_rrset(
            response.answer, dns.name.from_text(name), dns.rdataclass.IN, dns.rdatatype.from_text(kind)
        )

    def kdig(self, name: str, kind: str, *options: str) -> list[str]:
        """One query with kdig; its lines."""
        done = tool("kdig", f"@{LOOPBACK}", "-p", str(self.port), "+noall", "+answer", *options, name, kind)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def _write(self, text: str) -> None:
        self.serial += 1
        (self.folder / "zone").write_text(text.replace(" hostmaster 1 ", f" hostmaster {self.serial} "))

    def _wait_for_serial(self) -> None:
        """Until the server answers with what was written last."""

        def served() -> bool:
            assert self.process.poll() is None, (self.folder / "knotd.log").read_text()
            question = dns.message.make_query(self.zone, "SOA")
            try:  # a question to a port that nobody has yet is lost; the next one is answered, however late
                soa = dns.query.udp(question, LOOPBACK, port=self.port, timeout=0.05 if self.serial == 1 else 5).answer
            except (dns.exception.Timeout, OSError):
                return False
            return bool(soa) and soa[0][0].serial == self.serial

        wait_for(f"knotd to serve {self.zone}", served)


SPELLINGS = ("unquoted", "quoted", "hex")


class Resolver:
    """A JSON resolver that asks the name server each time, or says what a test wants it to."""

    def __init__(self, server: NameServer) -> None:
        self.server = server
        self.spelling = "unquoted"
        self.ttl: Callable[[int], int] = lambda ttl: ttl
        self.asked: list[str] = []
        self.document: Any = None
        """What to answer instead."""
        self.raw: tuple[int, bytes] | None = None
        resolver = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                resolver.asked.append(self.path)
                status, body = resolver.raw or (200, json.dumps(resolver.answer(self.path)).encode())
                self.send_response(status)
                self.send_header("Content-Type", "application/dns-json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self.http = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.url = f"http://{LOOPBACK}:{self.http.server_address[1]}/resolve"

    def answer(self, path: str) -> Any:
        if self.document is not None:
            return self.document
        query = {key: found[0] for key, found in parse_qs(urlsplit(path).query).items()}
        response = self.server.ask(query["name"], dns.rdatatype.to_text(dns.rdatatype.RdataType(int(query["type"]))))
        return {
            "Status": response.rcode(),
            "TC": False,
            "Question": [{"name": query["name"], "type": int(query["type"])}],
            "Answer": [entry for rrset in response.answer for entry in self._entries(rrset)],
            "Authority": [entry for rrset in response.authority for entry in self._entries(rrset)],
        }

    def _entries(self, rrset: dns.rrset.RRset) -> Iterator[dict[str, Any]]:
        for rdata in rrset:
            yield {
                "name": rrset.name.to_text(),
                "type": int(rrset.rdtype),
                "TTL": self.ttl(rrset.ttl),
                "data": self._data(rdata),
            }

    def _data(self, rdata: dns.rdata.Rdata) -> str:
        if self.spelling == "hex":
            wire = rdata.to_wire() or b""
            return f"\\# {len(wire)} {wire.hex()}"
        text = rdata.to_text()
        return text.replace('"', "") if self.spelling == "unquoted" else text


@contextmanager
def resolver_of(server: NameServer) -> Iterator[Resolver]:
    """A resolver that serves for a while."""
    made = Resolver(server)
    thread = threading.Thread(target=made.http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        made.http.shutdown()
        thread.join()
        made.http.server_close()
