"""The status page: what it shows, that it can do nothing, and that a real browser shows it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.emulator.conftest import Factory
from tests.emulator.support import Api
from tests.local_http import HTTP

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def _fill(api: Api) -> None:
    server = api.make_server("web<script>alert(1)</script>", Tags=["a&b"])
    api.make_disk(server["ID"])
    api.boot(server["ID"])
    api.make_elb("web-elb", Servers=[{"IPAddress": server["Interfaces"][0]["IPAddress"], "Port": 80}])
    api.make_elb("empty-elb")
    api.make_zone(records=[{"Name": "www", "Type": "HTTPS", "RData": '1 . alpn="h3"', "TTL": 300}])
    api.fault(kind="status", path="^/note$")
    api.send("GET", "note")


def _rows(text: str, table: str) -> list[list[str]]:
    found = re.search(rf'<table id="{table}">.*?<tbody>(.*?)</tbody>', text, re.DOTALL)
    assert found, f"no table {table}"
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", found[1])]


def test_the_page_shows_the_cloud(api: Api) -> None:
    _fill(api)
    answer = api.http.get(f"{api.url}/")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    (server,) = _rows(answer.text, "servers")
    assert server[0] == "web&lt;script&gt;alert(1)&lt;/script&gt;", "names are text, not markup"
    assert [server[2], server[3], server[5], server[6], server[7]] == [
        "is1b",
        "up",
        "2 core, 4 GB",
        "available",
        "a&amp;b",
    ]
    entry, empty = _rows(answer.text, "elbs")
    assert (entry[0], entry[5], entry[6], entry[7]) == ("web-elb", "yes", "UP", "10")
    assert empty[3] == "no entries"
    assert _rows(answer.text, "records") == [["example.com", "www", "HTTPS", "300", "1 . alpn=&quot;h3&quot;"]]
    assert _rows(answer.text, "faults")[0][1:4] == ["status", "", "^/note$"]
    latest = _rows(answer.text, "requests")[0]
    assert (latest[1], latest[3], latest[4], latest[6]) == ("GET", "/note", "503", "status")


def test_the_page_may_load_nothing_but_its_style(api: Api) -> None:
    page = api.http.get(f"{api.url}/")
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "unsafe" not in policy
    assert "<script" not in page.text
    assert "style=" not in page.text
    style = api.http.get(f"{api.url}/_emulator/page.css")
    assert style.headers["Content-Type"] == "text/css; charset=utf-8"


def test_the_page_is_for_this_machine_only(api: Api, emulator: Factory) -> None:
    assert api.http.get(f"{api.url}/", headers={"Host": "rebound.example.com"}).status_code == 403
    outside = emulator(host="0.0.0.0", token="t", secret="s")
    answer = HTTP.get(f"{outside.url}/")
    assert (answer.status_code, answer.headers["WWW-Authenticate"][:5]) == (401, "Basic")
    assert HTTP.get(f"{outside.url}/", auth=("t", "s")).status_code == 200


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")
def test_a_browser_shows_the_page_and_refuses_nothing_of_it(api: Api, tmp_path: Path) -> None:
    _fill(api)
    picture = tmp_path / "page.png"
    shown = subprocess.run(
        [
            *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            *("--no-first-run", "--disable-background-networking", "--enable-logging=stderr", "--window-size=1200,900"),
            *(f"--user-data-dir={tmp_path / 'profile'}", f"--screenshot={picture}", "--dump-dom", f"{api.url}/"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Content Security Policy" not in shown.stderr, shown.stderr
    assert _rows(shown.stdout, "servers")[0][3] == "up", shown.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert [entry["path"] for entry in api.control("GET", "/log")["requests"]][-1] == "/note", (
        "it asked for nothing else"
    )
