"""DNS over HTTPS (RFC 8484) for one zone: the plain-HTTP part, to be put behind a proxy with a certificate."""

from __future__ import annotations

import base64
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.zone


@contextmanager
def doh_backend(zone_text: str, origin: str) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Answers from a zone; gives its port, and the questions that it was asked."""
    zone = dns.zone.from_text(zone_text, origin=origin, relativize=False, check_origin=False)
    asked: list[tuple[str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            (query,) = parse_qs(urlsplit(self.path).query)["dns"]
            self.answer(base64.urlsafe_b64decode(query + "=" * (-len(query) % 4)))

        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers["Content-Length"])))

        def answer(self, wire: bytes) -> None:
            query = dns.message.from_wire(wire)
            (question,) = query.question
            asked.append((question.name.to_text(), question.to_text().split()[-1]))
            response = dns.message.make_response(query, recursion_available=True)
            response.flags |= dns.flags.AA
            found = zone.get_rrset(question.name, question.rdtype)
            if found is not None:
                response.answer.append(found)
            elif zone.get_node(question.name) is None:
                response.set_rcode(dns.rcode.NXDOMAIN)
            body = response.to_wire()
            self.send_response(200)
            self.send_header("Content-Type", "application/dns-message")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, asked
        finally:
            server.shutdown()
            thread.join()
