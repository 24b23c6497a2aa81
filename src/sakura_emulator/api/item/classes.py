"""Every class of `commonserviceitem`: ELB and DNS with their rules, the others by echo."""

from __future__ import annotations

import ipaddress

from sakura_emulator.api.item import dns, proxylb
from sakura_emulator.api.item.behaviour import Behaviour
from sakura_emulator.call import Call
from sakura_emulator.errors import bad_request, refused
from sakura_emulator.store import Record
from sakura_emulator.values import mapping, objects, text
from sakura_emulator.wire import JSON


def _registry(call: Call, record: Record, body: JSON) -> None:
    name = text(record["status"], "registry_name")
    record["status"] = {**record["status"], "hostname": f"{name}.sakuracr.jp"}
    record["users"] = []


def _enhanced_db(call: Call, record: Record, body: JSON) -> None:
    wanted = record["status"]
    kind, region = text(wanted, "database_type", "tidb"), text(wanted, "region", "is1")
    host = f"{text(wanted, 'database_name')}.{kind}-{region}.db.sakurausercontent.com"
    record["status"] = {**wanted, "hostname": host, "port": 3306 if kind == "mariadb" else 4000}
    record["config"] = {"max_connections": 50, "allowed_networks": []}


def _local_router(call: Call, record: Record, body: JSON) -> None:
    """The key that a peer needs."""
    record["status"] = {**record["status"], "SecretKeys": [call.cloud.settings.word("local router", record.id)]}


def _destination(call: Call, record: Record, before: JSON) -> None:
    """An update leaves out what cannot change: the type and the value."""
    record["settings"] = {**before, **record["settings"]}


def _gslb(call: Call, record: Record, body: JSON) -> None:
    record["status"] = {**record["status"], "FQDN": f"site-{record.id}.gslb7.sakura.ne.jp"}
    _gslb_servers(call, record, {})


def _gslb_servers(call: Call, record: Record, before: JSON) -> None:
    """Every server has an address."""
    for server in objects(mapping(record["settings"], "GSLB"), "Servers"):
        address = str((server.get("IPAddress") if isinstance(server, dict) else None) or "")
        try:
            ipaddress.IPv4Address(address)
        except ValueError:
            raise refused(f"a server of the GSLB: {server!r}", f"実サーバのIPアドレス({address})が不正です") from None


_CLASSES: dict[str, Behaviour] = {
    "dns": dns.BEHAVIOUR,
    "proxylb": proxylb.BEHAVIOUR,
    "gslb": Behaviour(2000001, "gslb7.sakura.ne.jp", "cloud/gslb", create=_gslb, update=_gslb_servers),
    "simplemon": Behaviour(4000001, "simplemon1", "cloud/simplemon"),
    "autobackup": Behaviour(3000001, "autobackup1", "cloud/autobackup", zonal=True),
    "autoscale": Behaviour(8000001, "autoscale1", "cloud/autoscale/1"),
    "sim": Behaviour(5000001, "sim1", "cloud/sim/1"),
    "localrouter": Behaviour(7000001, "localrouter1", "cloud/localrouter/default", create=_local_router),
    "esme": Behaviour(9000001, "esme1", "cloud/esme"),
    "enhanceddb": Behaviour(9100001, "enhanceddb1", "cloud/enhanceddb", create=_enhanced_db),
    "containerregistry": Behaviour(9200001, "containerregistry1", "cloud/containerregistry", create=_registry),
    "certificateauthority": Behaviour(9300001, "certificateauthority1", "cloud/certificateauthority"),
    "saknoticedestination": Behaviour(
        9400001, "saknoticedestination1", "cloud/saknoticedestination", update=_destination
    ),
    "saknoticegroup": Behaviour(9500001, "saknoticegroup1", "cloud/saknoticegroup"),
}


def behaviour(name: str) -> Behaviour:
    """The rules of a class."""
    if name not in _CLASSES:
        raise bad_request("unsupported_res_class", f"Provider.Class {name!r}")
    return _CLASSES[name]
