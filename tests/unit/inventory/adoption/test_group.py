"""What a template has no words for is said."""

from __future__ import annotations

from dataclasses import replace

from sakura_fleet.client import Client
from sakura_fleet.inventory.adoption.group import GroupWriter
from sakura_fleet.inventory.adoption.report import Report
from sakura_fleet.inventory.adoption.servers import Selection, Servers, find_servers


def test_gpu_and_private_host_are_for_those_that_have_them(client: Client) -> None:
    made = client.servers.create("is1b", name="web-1", core=1, memory_gb=1, nics=["shared"])
    client.servers.power_on("is1b", made.id)
    report = Report()
    (found,) = find_servers(client, Selection(prefix="web-"), fleet="", report=report).found
    special = replace(found, server=replace(found.server, gpu=1, private_host_id="112900000001"))
    group = GroupWriter(client, Servers([special]), group="", report=report).config({})
    assert group["adopt"] == {1: made.id}
    assert group["template"]["disks"] == []
    assert report.notes == [
        f"server web-1 ({made.id} in is1b) {what}; servers made later do not"
        for what in ("has a GPU", "is on a private host")
    ]
