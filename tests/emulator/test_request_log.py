"""The log file: one line of JSON for each request, without secrets."""

from __future__ import annotations

import json
from pathlib import Path

from tests.emulator.conftest import Factory
from tests.emulator.support import JSON

SECRET = "correct horse battery staple"


def test_every_request_is_a_line_without_secrets(emulator: Factory, tmp_path: Path) -> None:
    file = tmp_path / "logs" / "requests.jsonl"
    api = emulator(request_log=str(file))
    api.make("note", "Note", Name="n", Content=f"#!/bin/sh\necho {SECRET}\n")
    note = api.get("note?%7B%22Filter%22%3A%7B%22Scope%22%3A%22user%22%7D%7D")["Notes"][0]["ID"]
    config = {"Password": SECRET, "DisablePWAuth": True, "Notes": [{"ID": note, "Variables": {"key": SECRET}}]}
    api.make_disk(extra={"Config": config})
    elb = api.make_elb()["ID"]
    pair = {"ServerCertificate": "", "PrivateKey": SECRET}
    api.send("PUT", f"commonserviceitem/{elb}/proxylb/sslcertificate", {"ProxyLB": {"PrimaryCert": pair}})
    api.send("POST", "zone")
    api.http.post(f"{api.base}/disk", content=f"not JSON {SECRET}")
    api.fault(kind="status", path="^/zone$")
    api.send("GET", "zone")

    text = file.read_text(encoding="utf-8")
    assert SECRET not in text
    assert "authorization" not in text.lower()
    lines: list[JSON] = [json.loads(line) for line in text.splitlines()]
    assert [line["n"] for line in lines] == list(range(1, len(lines) + 1))
    assert all(line["time"].endswith("+00:00") and line["zone"] == "is1b" for line in lines)
    made = lines[0]
    assert (made["method"], made["path"], made["status"]) == ("POST", "/note", 201)
    assert made["body"]["Note"] == {"Name": "n", "Content": "(44 characters)"}
    assert lines[1]["query"] == '{"Filter":{"Scope":"user"}}'
    disk = next(line for line in lines if line["path"] == "/disk")
    assert disk["body"]["Config"]["Password"] == "***"
    assert disk["body"]["Config"]["DisablePWAuth"] is True
    assert disk["body"]["Config"]["Notes"] == [{"ID": note, "Variables": "***"}]
    assert (lines[-3]["status"], lines[-3]["error"]) == (405, "method_not_allowed")
    assert (lines[-2]["status"], lines[-2]["body"]) == (400, "(37 bytes that are no JSON)")
    assert (lines[-1]["status"], lines[-1]["fault"]) == (503, "status")
    in_memory = api.control("GET", "/log")["requests"]
    assert len(in_memory) == len(lines)
    assert all("body" not in entry for entry in in_memory)


def test_what_cannot_be_written_as_it_is_does_not_fail_the_request(emulator: Factory, tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    api = emulator(request_log=str(file))
    answer = api.http.post(f"{api.base}/note", content=b'{"Note": {"Name": "half \\ud800"}}')
    assert answer.status_code == 201
    assert api.http.post(f"{api.base}/note", content=b"[" * 100_000).status_code == 400
    half, deep = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    assert half["body"]["Note"]["Name"] == "half \ud800"
    assert deep["body"] == "(100000 bytes that are no JSON)"
