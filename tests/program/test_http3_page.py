"""The stack of docs/http3-host.md, brought up: its records are those that the page shows."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.program.fleet import PREFIX, ROOT, Fleet

PAGE = (ROOT / "docs" / "http3-host.md").read_text("utf-8")
SHOWN_ADDRESS = "198.51.100.133"


def stack_of_the_page() -> dict[str, Any]:
    (block,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return {key.removeprefix(PREFIX): value for key, value in yaml.safe_load(block).items()}


def test_the_records_are_those_of_the_page(fleet: Fleet) -> None:
    settings = stack_of_the_page()
    zone = fleet.settings["server_group"]["zones"][0]
    # Emulated servers run no scripts, so nobody answers over HTTP/3.
    hosts = [{**host, "zone": zone, "ready_deadline": 0} for host in settings["hosts"]]
    fleet.write(hosts=hosts, dns=settings["dns"])
    fleet.up()

    address = fleet.outputs()["hosts"][0]["address"]
    rows = re.findall(r"^\| `([a-z@]+)` \| ([A-Z]+) \| `([^`]+)` \|", PAGE, re.MULTILINE)
    shown = {(name, kind): value.replace(SHOWN_ADDRESS, address) for name, kind, value in rows}
    (item,) = [
        item
        for item in fleet.call("GET", "commonserviceitem", zone="is1a")["CommonServiceItems"]
        if item["Provider"]["Class"] == "dns"
    ]
    records = item["Settings"]["DNS"]["ResourceRecordSets"]
    assert {(record["Name"], record["Type"]): record["RData"] for record in records} == shown
    assert {record["TTL"] for record in records} == {30}
