"""Somebody with the control panel, who changes by hand what a stack has made."""

from __future__ import annotations

import base64
from typing import Any

from tests.program.fleet import Fleet

JSON = dict[str, Any]


class ByHand:
    """Somebody with the control panel."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet

    def call(self, method: str, path: str, body: JSON | None = None) -> JSON:
        return dict(self.fleet.call(method, path, body))

    def item(self, kind: str) -> JSON:
        found = self.call("GET", "commonserviceitem")["CommonServiceItems"]
        return next(dict(item) for item in found if item["Provider"]["Class"] == kind)

    def write(self, item: JSON, **changes: Any) -> None:
        self.call("PUT", f"commonserviceitem/{item['ID']}", {"CommonServiceItem": changes})

    def label(self, server: JSON, **labels: Any) -> None:
        now = {key: server[key] for key in ("Name", "Description", "Tags")}
        self.call("PUT", f"server/{server['ID']}", {"Server": {**now, **labels}})

    def icon(self) -> str:
        pixel = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
        return str(self.call("POST", "icon", {"Icon": {"Name": "red", "Image": pixel}})["Icon"]["ID"])

    def change_everything(self) -> None:
        first, second, third = self.fleet.servers()
        owner_tags = [tag for tag in first["Tags"] if tag.startswith("sf")]
        self.label(first, Name="renamed", Description="by hand", Tags=["other", *owner_tags], Icon={"ID": self.icon()})
        self.call("DELETE", f"interface/{first['Interfaces'][0]['ID']}/to/packetfilter")
        self.call("DELETE", f"server/{second['ID']}/power", {"Force": True})
        self.call("DELETE", f"server/{third['ID']}/power", {"Force": True})
        self.call("PUT", f"server/{third['ID']}/plan", {"CPU": 2, "MemoryMB": 4096})
        (note,) = [note for note in self.call("GET", "note")["Notes"] if note["Name"].startswith("hscale-group")]
        self.call("PUT", f"note/{note['ID']}", {"Note": {"Content": "#!/bin/sh\n", "Name": "renamed"}})
        (filtered,) = self.call("GET", "packetfilter")["PacketFilters"]
        self.call("PUT", f"packetfilter/{filtered['ID']}", {"PacketFilter": {
            "Name": filtered["Name"], "Description": filtered["Description"], "Expression": [],
        }})  # fmt: skip
        elb = self.item("proxylb")
        settings = elb["Settings"]["ProxyLB"]
        settings["Timeout"] = {"InactiveSec": 77}
        settings["Servers"][0]["Enabled"] = False
        self.write(elb, Name="renamed", Description="by hand", Settings={"ProxyLB": settings})
        self.call("PUT", f"commonserviceitem/{elb['ID']}/plan", {"CommonServiceItem": {
            "ServiceClass": "cloud/proxylb/plain/500",
        }})  # fmt: skip
        zone = self.item("dns")
        records = [{**record, "RData": "192.0.2.99"} for record in zone["Settings"]["DNS"]["ResourceRecordSets"]]
        self.write(zone, Description="by hand", Settings={"DNS": {"ResourceRecordSets": records}})
