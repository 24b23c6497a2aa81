"""Whatever a client sends, the emulator answers in the envelope and never fails itself."""

from __future__ import annotations

import json
import random
from typing import Any

from sakura_emulator.api.routes import ROUTES
from tests.emulator.support import JSON, Api

_KEYS = (
    *("Name", "Description", "Tags", "Icon", "ServerPlan", "ConnectedSwitches", "ID", "CPU", "MemoryMB", "Plan"),
    *("SizeMB", "SourceArchive", "SourceDisk", "Server", "Servers", "Rules", "ServerGroup", "IPAddress", "Port"),
    *("Settings", "ProxyLB", "DNS", "ResourceRecordSets", "Provider", "Class", "Status", "ServiceClass", "Content"),
    *("PublicKey", "Image", "Expression", "UserSubnet", "NetworkMaskLen", "BandWidthMbps", "Config", "Notes"),
    *("SSHKeys", "WithDisk", "Force", "PrimaryCert", "AdditionalCerts", "CDROM", "KMSKey", "UserIPAddress", "Zone"),
    *("BindPorts", "HealthCheck", "LetsEncrypt", "SettingsHash", "PrivateHost", "Region", "DefaultRoute", "Variables"),
)
_SCALARS: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    4,
    1024,
    20480,
    10**30,
    1.5,
    "",
    "x",
    "1",
    "dns",
    "proxylb",
    "\ud800x",
)
_ENVELOPES = (
    "Server",
    "Disk",
    "Archive",
    "Interface",
    "Switch",
    "Internet",
    "Bridge",
    "PacketFilter",
    "Note",
    "SSHKey",
)


def value(chance: random.Random, depth: int) -> Any:
    kind = chance.random()
    if depth == 0 or kind < 0.4:
        return chance.choice(_SCALARS)
    if kind < 0.6:
        return [value(chance, depth - 1) for _ in range(chance.randrange(3))]
    return {chance.choice(_KEYS): value(chance, depth - 1) for _ in range(chance.randrange(6))}


def test_no_body_makes_the_emulator_fail(api: Api) -> None:
    chance = random.Random(1)
    envelopes = (*_ENVELOPES, "Icon", "CDROM", "CommonServiceItem", "License")
    for round_number in range(6):
        server = api.make_server()["ID"]
        ids = {
            "server": server,
            "disk": api.make_disk(server)["ID"],
            "interface": api.server(server)["Interfaces"][0]["ID"],
            "switch": api.make("switch", "Switch", Name="s")["ID"],
            "note": api.make("note", "Note", Name="n")["ID"],
            "commonserviceitem": (api.make_elb() if round_number % 2 else api.make_zone(f"z{round_number}.example"))[
                "ID"
            ],
        }
        for method, path, _ in ROUTES:
            if method == "GET":
                continue
            first = path.partition("/")[0]
            target = path.replace(":id", str(ids.get(first, 1)))
            for key in ("server", "switch", "bridge", "filter"):
                target = target.replace(f":{key}", chance.choice(["1", "x", str(ids.get(key, 2))]))
            inner = {"Name": "n", **{chance.choice(_KEYS): value(chance, 4) for _ in range(8)}}
            body: JSON = dict.fromkeys(envelopes, inner) | {chance.choice(_KEYS): value(chance, 3)}
            answer = api.http.request(
                method, f"{api.base}/{target}", content=json.dumps(body)
            )  # httpx refuses lone surrogates
            document = answer.json()
            assert answer.status_code in (200, 201, 202, 400, 403, 404, 409, 501), (method, target, body, document)
            assert document.get("is_ok") is True or document["is_fatal"] is True
    for path in ("server", "disk", "interface", "switch", "note", "commonserviceitem", "archive", "packetfilter"):
        api.get(path)
