"""What is in the cloud, in a form in which two runs can be compared; and what belongs to others, byte for byte.

IDs and addresses differ from run to run, so they are replaced by the names of what they stand for.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.chaos.scenarios import JSON
from tests.program.fleet import Fleet

ZONE = "tk1b"
FIRST_ID = 113_800_000_000
KINDS = {
    "server": "Servers",
    "disk": "Disks",
    "interface": "Interfaces",
    "note": "Notes",
    "packetfilter": "PacketFilters",
    "switch": "Switches",
    "sshkey": "SSHKeys",
    "commonserviceitem": "CommonServiceItems",
}
THEIR_ENTRY: JSON = {"IPAddress": "192.0.2.77", "Port": 8080, "ServerGroup": "theirs", "Enabled": True}
THEIR_RECORD: JSON = {"Name": "theirs", "Type": "TXT", "RData": "hands off", "TTL": 77}


@dataclass(frozen=True, slots=True)
class Foreign:
    """What others have: whole objects, by kind and ID, and whether they have parts of the fleet's ELB and zone."""

    objects: dict[tuple[str, str], str]
    parts: bool

    def touched(self, fleet: Fleet) -> list[str]:
        """What is not as it was."""
        now = {(kind, item["ID"]): _text(item) for kind in KINDS for item in _all(fleet, kind)}
        changed = [
            f"{kind} {object_id} of somebody else: {now.get((kind, object_id), 'gone')}, was {text}"
            for (kind, object_id), text in self.objects.items()
            if now.get((kind, object_id)) != text
        ]
        items = [
            item for item in _all(fleet, "commonserviceitem") if ("commonserviceitem", item["ID"]) not in self.objects
        ]
        lost = [item["Name"] for item in items if self.parts and not _has_their_part(item)]
        return [*changed, *(f"{name} has lost what somebody else has in it" for name in lost)]


def put_foreign(fleet: Fleet, *, parts: bool) -> Foreign:
    """Make what others have: a server with a name of the fleet, a disk, a note, a filter, an ELB and a zone."""
    before = {(kind, item["ID"]) for kind in KINDS for item in _all(fleet, kind)}
    make = fleet.call
    name = "hscale-group-002"
    wanted = {"Name": name, "ServerPlan": {"CPU": 1, "MemoryMB": 1024}, "ConnectedSwitches": [{"Scope": "shared"}]}
    server = make("POST", "server", {"Server": {**wanted, "Tags": ["web"]}})["Server"]["ID"]
    disk = {"Name": f"{name}-disk001", "Plan": {"ID": 4}, "SizeMB": 20_480}
    make("POST", "disk", {"Disk": {**disk, "Server": {"ID": server}}})
    make("POST", "disk", {"Disk": disk})
    make("PUT", f"server/{server}/power")
    make("POST", "note", {"Note": {"Name": "hscale-group-startup-1", "Content": "#!/bin/sh\n", "Class": "shell"}})
    make("POST", "packetfilter", {"PacketFilter": {"Name": "hscale-group-filter", "Expression": []}})
    make("POST", "switch", {"Switch": {"Name": "hscale-group"}})
    for body in (
        {
            "Name": "their-elb",
            "Provider": {"Class": "proxylb"},
            "ServiceClass": "cloud/proxylb/plain/100",
            "Status": {"UseVIPFailover": False, "Region": "tk1"},
            "Settings": {"ProxyLB": {
                "BindPorts": [{"ProxyMode": "http", "Port": 80}],
                "HealthCheck": {"Protocol": "tcp", "DelayLoop": 10},
                "Servers": [THEIR_ENTRY],
            }},
        },
        {
            "Name": "example.net",
            "Provider": {"Class": "dns"},
            "Status": {"Zone": "example.net"},
            "Settings": {"DNS": {"ResourceRecordSets": [THEIR_RECORD]}},
        },
    ):  # fmt: skip
        make("POST", "commonserviceitem", {"CommonServiceItem": body}, zone="is1a")
    managed = [item for item in _all(fleet, "commonserviceitem") if ("commonserviceitem", item["ID"]) in before]
    for item in managed if parts else []:
        _add_their_part(fleet, item)
    objects = {
        (kind, item["ID"]): _text(item)
        for kind in KINDS
        for item in _all(fleet, kind)
        if (kind, item["ID"]) not in before
    }
    return Foreign(objects, parts=parts and bool(managed))


_STATE = re.compile(r"sfs:[0-9a-f]{10}")
"""How an object names the state that made it: by chance."""


def picture(fleet: Fleet, foreign: Foreign) -> Counter[str]:
    """All that is not of others, one line an object, an ELB entry and a record each."""
    servers = {item["ID"]: item["Name"] for item in _all(fleet, "server")}
    names = {
        interface["IPAddress"]: f"<address of {item['Name']}>"
        for item in _all(fleet, "server")
        for interface in item["Interfaces"]
    }
    lines: Counter[str] = Counter()
    own = {kind: [item for item in _all(fleet, kind) if (kind, item["ID"]) not in foreign.objects] for kind in KINDS}
    for item in own["commonserviceitem"]:
        if item["Provider"]["Class"] == "proxylb":
            names[item["Status"]["VirtualIPAddress"]] = f"<address of {item['Name']}>"
    for kind, found in own.items():
        for item in found:
            lines.update(_STATE.sub("sfs:<the state's>", line) for line in _SHOW[kind](item, servers, names))
    return lines


def state_error(fleet: Fleet, foreign: Foreign) -> str:
    """What the stack's state does not know of the cloud, or knows wrongly; empty where they agree."""
    latest = fleet.state()
    pending = [item["resource"]["urn"] for item in latest.get("pending_operations") or []]
    ids = [(item.get("outputs") or {}).get("elb_id") or item.get("id", "") for item in latest.get("resources") or []]
    known = {item for item in ids if item.isdigit()}
    kinds = set(KINDS) - {"disk", "interface"}
    there = {item["ID"] for kind in kinds for item in _all(fleet, kind) if (kind, item["ID"]) not in foreign.objects}
    found = {"pending": pending, "only in the state": known - there, "not in the state": there - known}
    return "; ".join(f"{word}: {', '.join(sorted(which))}" for word, which in found.items() if which)


def _server(item: JSON, servers: dict[str, str], names: dict[str, str]) -> list[str]:
    disks = sorted(disk["Name"] for disk in item["Disks"])
    nics = [bool(nic.get("PacketFilter")) for nic in item["Interfaces"]]
    facts = [item["Description"], sorted(item["Tags"]), item["ServerPlan"]["CPU"], item["ServerPlan"]["MemoryMB"]]
    return [f"server {item['Name']} {item['Instance']['Status']} {facts} disks {disks} interfaces {nics}"]


def _disk(item: JSON, servers: dict[str, str], names: dict[str, str]) -> list[str]:
    owner = servers.get(str((item.get("Server") or {}).get("ID")), "nothing")
    return [f"disk {item['Name']} {item['SizeMB']} {item['Availability']} {sorted(item['Tags'])} of {owner}"]


def _interface(item: JSON, servers: dict[str, str], names: dict[str, str]) -> list[str]:
    return [f"interface of {servers.get(str((item.get('Server') or {}).get('ID')), 'nothing')}"]


def _note(item: JSON, servers: dict[str, str], names: dict[str, str]) -> list[str]:
    return [f"note {item['Name']} {sorted(item['Tags'])} {item['Content']!r}"] if item["Scope"] == "user" else []


def _plain(item: JSON, servers: dict[str, str], names: dict[str, str]) -> list[str]:
    return [f"{item['Name']} {item['Description']}"] if item.get("Scope", "user") == "user" else []


def _item(item: JSON, servers: dict[str, str], names: dict[str, str]) -> list[str]:
    kind = item["Provider"]["Class"]
    settings = dict(item["Settings"]["ProxyLB" if kind == "proxylb" else "DNS"] or {})
    parts = [("entry", entry) for entry in settings.pop("Servers", None) or []]
    parts += [("record", record) for record in settings.pop("ResourceRecordSets", None) or []]
    whole = f"{kind} {item['Name']} {item.get('ServiceClass')} {sorted(item['Tags'])} {item['Description']!r}"
    return [f"{whole} {_text(settings)}", *(f"{word} of {item['Name']}: {_named(part, names)}" for word, part in parts)]


_SHOW = {
    "server": _server,
    "disk": _disk,
    "interface": _interface,
    "note": _note,
    "packetfilter": _plain,
    "switch": _plain,
    "sshkey": _plain,
    "commonserviceitem": _item,
}


def _named(part: JSON, names: dict[str, str]) -> str:
    """The part with what its address stands for."""
    return _text({key: names.get(str(value), value) for key, value in part.items()})


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _all(fleet: Fleet, kind: str) -> list[JSON]:
    """All objects of a kind that users have made; `Index` only says where each stands in this answer.

    The IDs of the cloud's own objects, some of which are in no scope, are below those of users.
    """
    found = fleet.call("GET", kind, zone=ZONE)[KINDS[kind]]
    return [
        {key: value for key, value in item.items() if key != "Index"}
        for item in found
        if item.get("Scope", "user") == "user" and int(item["ID"]) > FIRST_ID
    ]


def _has_their_part(item: JSON) -> bool:
    if item["Provider"]["Class"] == "proxylb":
        return THEIR_ENTRY in item["Settings"]["ProxyLB"]["Servers"]
    return THEIR_RECORD in item["Settings"]["DNS"]["ResourceRecordSets"]


def _add_their_part(fleet: Fleet, item: JSON) -> None:
    settings = item["Settings"]
    if item["Provider"]["Class"] == "proxylb":
        settings["ProxyLB"]["Servers"] = [*settings["ProxyLB"]["Servers"], THEIR_ENTRY]
    else:
        settings["DNS"]["ResourceRecordSets"] = [THEIR_RECORD, *settings["DNS"]["ResourceRecordSets"]]
    body = {"CommonServiceItem": {"Settings": settings}}
    fleet.call("PUT", f"commonserviceitem/{item['ID']}", body, zone="is1a")
