"""Every class of `commonserviceitem`: ELB and DNS with their rules, the others by echo."""

from __future__ import annotations

from sakura_fleet.emulator.api.item import dns, proxylb
from sakura_fleet.emulator.api.item.resource import Behaviour
from sakura_fleet.emulator.errors import bad_request
from sakura_fleet.emulator.store import Record
from sakura_fleet.emulator.wire import JSON, Call


def _gslb(call: Call, record: Record, body: JSON) -> None:
    record["status"] = {**record["status"], "FQDN": f"site-{record.id}.gslb7.sakura.ne.jp"}


_CLASSES: dict[str, Behaviour] = {
    "dns": dns.BEHAVIOUR,
    "proxylb": proxylb.BEHAVIOUR,
    "gslb": Behaviour(2000002, "gslb7.sakura.ne.jp", "cloud/gslb", create=_gslb),
    "simplemon": Behaviour(4000001, "simplemon1", "cloud/simplemon"),
    "autobackup": Behaviour(3000001, "autobackup1", "cloud/autobackup", zonal=True),
    "autoscale": Behaviour(8000001, "autoscale1", "cloud/autoscale/1"),
    "sim": Behaviour(5000001, "sim1", "cloud/sim/1"),
    "localrouter": Behaviour(7000001, "localrouter1", "cloud/localrouter/default"),
    "esme": Behaviour(9000001, "esme1", "cloud/esme"),
    "enhanceddb": Behaviour(9100001, "enhanceddb1", "cloud/enhanceddb"),
    "containerregistry": Behaviour(9200001, "containerregistry1", "cloud/containerregistry"),
    "certificateauthority": Behaviour(9300001, "certificateauthority1", "cloud/certificateauthority"),
    "saknoticedestination": Behaviour(9400001, "saknoticedestination1", "cloud/saknoticedestination"),
    "saknoticegroup": Behaviour(9500001, "saknoticegroup1", "cloud/saknoticegroup"),
}


def behaviour(name: str) -> Behaviour:
    """The rules of a class."""
    if name not in _CLASSES:
        raise bad_request("unsupported_res_class", f"Provider.Class {name!r}")
    return _CLASSES[name]
