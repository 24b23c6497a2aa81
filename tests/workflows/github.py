"""Parts of GitHub's API, served on this machine: a server of any part, and the part that has to do with comments."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

BOT = "github-actions[bot]"

Server = TypeVar("Server", bound=ThreadingHTTPServer)


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """The server at work, until the block is left."""
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Answering(BaseHTTPRequestHandler):
    """A handler that answers with JSON and writes no log."""

    def log_message(self, *_: Any) -> None:
        pass

    def answer(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class GitHub(ThreadingHTTPServer):
    """The part of GitHub's API that has to do with comments."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments: list[dict[str, Any]] = []
        self.refuse = False

    def add(self, body: str, login: str = BOT) -> dict[str, Any]:
        comment = {"id": 1000 + len(self.comments), "body": body, "user": {"login": login}}
        self.comments.append(comment)
        return comment


class Handler(Answering):
    server: GitHub

    def body(self) -> str:
        text = str(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"])
        assert len(text) <= 65536, "GitHub takes no more"
        return text

    def allowed(self) -> bool:
        fine = self.headers["Authorization"] == "Bearer a-token" and not self.server.refuse
        if not fine:
            self.answer(403, {"message": "Resource not accessible by integration"})
        return fine

    def do_GET(self) -> None:
        if not self.allowed():
            return
        asked = re.fullmatch(r"/repos/a/b/issues/7/comments\?per_page=100&page=(\d+)", self.path)
        assert asked, self.path
        begin = 100 * (int(asked[1]) - 1)
        self.answer(200, self.server.comments[begin : begin + 100])

    def do_POST(self) -> None:
        body = self.body()
        if self.allowed():
            assert self.path == "/repos/a/b/issues/7/comments"
            self.answer(201, self.server.add(body))

    def do_PATCH(self) -> None:
        body = self.body()
        if self.allowed():
            number = self.path.removeprefix("/repos/a/b/issues/comments/")
            (comment,) = [comment for comment in self.server.comments if str(comment["id"]) == number]
            comment["body"] = body
            self.answer(200, comment)
