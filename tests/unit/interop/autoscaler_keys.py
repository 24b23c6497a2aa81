"""Every key of sacloud/autoscaler's configuration (v0.19), a value of it, and what `scaler convert` makes of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from tests.unit.model.read import PUBLIC_KEY

Outcome = Literal["converted", "noted", "to do"]
"""`noted`: listed, and nothing is lost. `to do`: something is, and the exit code says so."""
ID = "113000000001"
GROUP = "resources[0]"
TEMPLATE = f"{GROUP}.template"
DISK = f"{TEMPLATE}.disks[0]"
EDIT = f"{TEMPLATE}.edit_parameter"
NIC = f"{TEMPLATE}.network_interfaces[0]"
EXPOSE = f"{NIC}.expose"

DOCUMENT: dict[str, Any] = {
    "resources": [
        {
            "type": "ServerGroup",
            "name": "web",
            "zone": "is1b",
            "max_size": 3,
            "template": {
                "plan": {"core": 1, "memory": 1},
                "disks": [{"os_type": "almalinux"}],
                "network_interfaces": [{"upstream": "shared"}],
                "edit_parameter": {"disable_pw_auth": True},
            },
        }
    ]
}
ON_SWITCH = {
    "upstream": {"id": ID},
    "assign_cidr_block": "192.168.0.16/24",
    "default_route": "192.168.0.1",
}


@dataclass(frozen=True)
class Key:
    """One key. `beside` are other keys that it needs, each with its path; `becomes` is its place in the stack file and
    its value there."""

    path: str
    value: Any
    outcome: Outcome
    becomes: tuple[str, Any] | None = None
    beside: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        return f"{self.path}={json.dumps(self.value)}"

    def document(self) -> dict[str, Any]:
        made: dict[str, Any] = json.loads(json.dumps(DOCUMENT))
        for path, value in (*self.beside, (self.path, self.value)):
            put(made, path, json.loads(json.dumps(value)))
        return made


def put(document: Any, path: str, value: Any) -> None:
    """Write a value at a path such as `resources[0].zone`."""
    *way, last = re.findall(r"[^.\[\]]+", path)
    for step in way:
        document = document[int(step)] if isinstance(document, list) else document.setdefault(step, {})
    if isinstance(document, list):
        document[int(last) :] = [value]
    else:
        document[last] = value


def get(document: Any, path: str) -> Any:
    for step in re.findall(r"[^.\[\]]+", path):
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def converted(path: str, value: Any, place: str, wanted: Any = None, *beside: tuple[str, Any]) -> Key:
    return Key(path, value, "converted", (place, value if wanted is None else wanted), beside)


_ELB = (f"{GROUP}.parent", {"type": "ELB", "selector": "tk-elb"})
_PORT = (f"{TEMPLATE}.network_interfaces", [{"upstream": "shared", "expose": {"ports": [80]}}])
_ONE_NIC = (NIC, ON_SWITCH)
_S, _T = "server_group", "server_group.template"
_BLOCK = f"{_T}.network_interfaces[0].assign_cidr_block"

KEYS: tuple[Key, ...] = (
    # autoscaler itself
    *(Key("sakuracloud", {key: "t"}, "noted") for key in ("token", "secret", "profile")),
    Key("handlers", [{"name": "h", "endpoint": "unix:h.sock"}], "to do"),
    converted("autoscaler.cooldown", 300, "scaling.cooldown"),
    converted("autoscaler.cooldown.up", 300, "scaling.cooldown", {"up": 300, "down": 600}),
    converted("autoscaler.cooldown.down", 300, "scaling.cooldown", {"up": 600, "down": 300}),
    Key("autoscaler.cooldown.keep", 300, "noted"),
    Key("autoscaler.cooldown.keep", 300, "to do", beside=((f"{GROUP}.auto_healing", {"enabled": True}),)),
    Key("autoscaler.shutdown_grace_period", 30, "noted"),
    Key("autoscaler.exporter_config.enabled", True, "to do"),
    converted("autoscaler.exporter_config.address", ":8081", "scaling.cooldown", 600),
    Key("autoscaler.handlers_config.disabled", True, "to do"),
    Key("autoscaler.handlers_config.handlers", {"elb-servers": {"disabled": True}}, "to do"),
    # other resources
    Key("resources[1]", {"type": "Server", "selector": {"names": ["v"], "zones": ["is1b"]}}, "to do"),
    Key("resources[1]", {"type": "Router", "selector": {"names": ["r"], "zones": ["is1b"]}}, "to do"),
    Key("resources[1]", {"type": "ELB", "selector": {"names": ["e"]}}, "to do"),
    Key("resources[1]", {"type": "EnhancedLoadBalancer", "selector": {"names": ["e"]}, "plans": []}, "to do"),
    # the server group
    converted(f"{GROUP}.name", "front", f"{_S}.name"),
    converted(f"{GROUP}.server_name_prefix", "front", f"{_S}.name"),
    converted(f"{GROUP}.server_name_format", "%s-%02d", f"{_S}.name_format", "{group}-{number:02}"),
    converted(f"{GROUP}.zone", "tk1b", f"{_S}.zones", ["tk1b"]),
    converted(f"{GROUP}.zones", ["is1b", "is1c"], f"{_S}.zones", None, (f"{GROUP}.zone", None)),
    Key(f"{GROUP}.zone", "tk1a", "to do", beside=((f"{GROUP}.zones", ["is1b"]),)),
    converted(f"{GROUP}.min_size", 1, f"{_S}.min_size"),
    converted(f"{GROUP}.max_size", 4, f"{_S}.max_size"),
    converted(f"{GROUP}.auto_healing.enabled", True, "scaling.heal"),
    converted(f"{GROUP}.plans", [{"name": "big", "size": 2}], f"{_S}.presets"),
    Key(f"{GROUP}.plans[0]", {"size": 2}, "noted", beside=((f"{GROUP}.plans", [{}]),)),
    converted(f"{GROUP}.shutdown_force", True, f"{_S}.shutdown_force"),
    Key(f"{GROUP}.setup_grace_period", 60, "noted"),
    # its parent
    Key(f"{GROUP}.parent.selector", "tk-elb", "noted", beside=(_ELB, _PORT)),
    converted(f"{GROUP}.parent.selector", {"id": ID}, "elb.lookup", ID, _ELB, _PORT),
    Key(f"{GROUP}.parent.selector", {"names": ["a", "b"]}, "to do", beside=(_ELB,)),
    Key(f"{GROUP}.parent.selector", {"tags": ["a"]}, "to do", beside=(_ELB,)),
    *(Key(f"{GROUP}.parent", {"type": kind, "selector": "p"}, "to do") for kind in ("GSLB", "DNS", "LoadBalancer")),
    # its template
    converted(f"{TEMPLATE}.tags", ["a", "b"], f"{_T}.tags"),
    Key(f"{TEMPLATE}.tags", [f"tag{number}" for number in range(9)], "to do"),
    Key(f"{TEMPLATE}.use_group_tag", True, "to do"),
    converted(f"{TEMPLATE}.description", "d", f"{_T}.description"),
    converted(f"{TEMPLATE}.icon_id", ID, f"{_T}.icon_id"),
    converted(f"{TEMPLATE}.icon", {"id": ID}, f"{_T}.icon_id", ID),
    Key(f"{TEMPLATE}.icon", "CentOS", "to do"),
    *(Key(f"{TEMPLATE}.{key}{tail}", ID, "to do") for key in ("cdrom", "private_host") for tail in ("", "_id")),
    converted(f"{TEMPLATE}.interface_driver", "e1000", f"{_T}.interface_driver"),
    converted(f"{TEMPLATE}.plan.core", 2, f"{_T}.plan.core"),
    converted(f"{TEMPLATE}.plan.memory", 4, f"{_T}.plan.memory"),
    converted(f"{TEMPLATE}.plan.dedicated_cpu", True, f"{_T}.plan.dedicated_cpu"),
    Key(f"{TEMPLATE}.plan.gpu", 1, "to do"),
    Key(f"{TEMPLATE}.plan.cpu_model", "amd_epyc_7713p", "to do"),
    Key(f"{TEMPLATE}.cloud_config", "#cloud-config\n", "to do"),
    # its disks
    converted(f"{DISK}.os_type", "debian", f"{_T}.disks[0].os_type"),
    Key(f"{DISK}.os_type", "centos7", "to do"),
    converted(f"{DISK}.source_archive", {"id": ID}, f"{_T}.disks[0].source_archive", ID, (f"{DISK}.os_type", "")),
    Key(f"{DISK}.source_archive", "mine", "to do", beside=((f"{DISK}.os_type", ""),)),
    Key(f"{DISK}.source_archive", "mine", "noted"),
    Key(f"{DISK}.source_disk", {"id": ID}, "to do", beside=((f"{DISK}.os_type", ""),)),
    Key(f"{DISK}.source_disk", {"id": ID}, "noted"),
    converted(f"{DISK}.plan", "hdd", f"{_T}.disks[0].plan"),
    converted(f"{DISK}.connection", "ide", f"{_T}.disks[0].connection"),
    converted(f"{DISK}.size", 40, f"{_T}.disks[0].size"),
    *(Key(f"{DISK}.{key}", "x", "to do") for key in ("name_format", "name_prefix", "description", "icon", "icon_id")),
    Key(f"{DISK}.tags", ["x"], "to do"),
    # what is edited on them
    converted(f"{EDIT}.disabled", True, f"{_T}.edit_parameter.disabled"),
    Key(f"{EDIT}.password", "hunter2", "to do"),
    converted(f"{EDIT}.disable_pw_auth", False, f"{_T}.edit_parameter.disable_pw_auth"),
    converted(f"{EDIT}.enable_dhcp", True, f"{_T}.edit_parameter.enable_dhcp"),
    converted(f"{EDIT}.change_partition_uuid", True, f"{_T}.edit_parameter.change_partition_uuid"),
    converted(f"{EDIT}.ssh_keys", [PUBLIC_KEY], f"{_T}.edit_parameter.ssh_keys"),
    converted(f"{EDIT}.startup_scripts", ["#!/bin/sh\nid\n"], f"{_T}.edit_parameter.startup_scripts"),
    Key(f"{EDIT}.startup_scripts", ["gone.sh"], "to do"),
    Key(f"{EDIT}.host_name_prefix", "x", "to do"),
    Key(f"{EDIT}.host_name_format", "%s-%02d", "to do"),
    # its interfaces
    converted(f"{NIC}.upstream", "shared", f"{_T}.network_interfaces[0].upstream"),
    converted(f"{NIC}.upstream", {"id": ID}, f"{_T}.network_interfaces[0].upstream", ID),
    Key(f"{NIC}.upstream", {"names": ["lan"]}, "to do"),
    converted(f"{NIC}.assign_cidr_block", "192.168.0.32/24", _BLOCK, None, _ONE_NIC),
    converted(f"{NIC}.assign_netmask_len", 24, _BLOCK, "192.168.0.16/24", _ONE_NIC),
    Key(f"{NIC}.assign_netmask_len", 25, "to do", beside=(_ONE_NIC,)),
    Key(f"{NIC}.assign_netmask_len", 24, "to do"),
    converted(f"{NIC}.default_route", "192.168.0.2", f"{_T}.network_interfaces[0].default_route", None, _ONE_NIC),
    Key(f"{NIC}.packet_filter", "p", "to do"),
    Key(f"{NIC}.packet_filter_id", ID, "to do"),
    converted(f"{EXPOSE}.ports", [80], f"{_T}.network_interfaces[0].expose.ports"),
    converted(f"{EXPOSE}.server_group_name", "gr1", f"{_T}.network_interfaces[0].expose.server_group_name"),
    Key(f"{EXPOSE}.weight", 2, "to do"),
    Key(f"{EXPOSE}.vips", ["192.0.2.1"], "to do"),
    Key(f"{EXPOSE}.health_check", {"protocol": "http", "path": "/", "status_code": 200}, "to do"),
    Key(f"{EXPOSE}.record_name", "www", "to do"),
    Key(f"{EXPOSE}.record_ttl", 10, "to do"),
)  # fmt: skip
