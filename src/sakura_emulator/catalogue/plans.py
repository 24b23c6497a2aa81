"""Server, disk and router plans."""

from __future__ import annotations

from typing import Any

from sakura_emulator.values import number
from sakura_emulator.wire import JSON

# Cores -> memory in GB. The combinations beyond the smaller ones are unverified.
_STANDARD: dict[int, tuple[int, ...]] = {
    1: (1, 2, 3, 4, 5),
    2: (2, 3, 4, 5, 6, 8, 12),
    3: (3, 4, 5, 6, 8, 12),
    4: (4, 5, 6, 8, 12, 16, 20),
    5: (5, 6, 8, 12, 16, 20, 24),
    6: (6, 8, 12, 16, 20, 24, 32),
    8: (8, 12, 16, 20, 24, 32, 48),
    10: (10, 12, 16, 20, 24, 32, 48),
    12: (12, 16, 20, 24, 32, 48, 64),
    16: (16, 32, 48, 64, 96),
    20: (20, 32, 48, 64, 96, 128),
    24: (24, 48, 64, 96, 128, 192),
    32: (32, 64, 96, 120, 128, 224),
}
_DEDICATED: dict[int, tuple[int, ...]] = {
    2: (4, 8),
    4: (8, 16),
    6: (12, 24),
    8: (16, 32),
    10: (24, 32),
    24: (192,),
    32: (120,),
}

DEFAULT_GENERATION = 100


def _server_plan(first: int, cpu: int, memory: int, generation: int, commitment: str) -> JSON:
    dedicated = commitment == "dedicatedcpu"
    suffix = "-dedicatedcpu" if dedicated else ""
    return {
        "ID": first + memory * 1000 + cpu,
        "Name": f"プラン/{'コア専有' if dedicated else ''}{cpu}Core-{memory}GB",
        "CPU": cpu,
        "MemoryMB": memory * 1024,
        "GPU": 0,
        "GPUModel": "",
        "CPUModel": "uncategorized",
        "Commitment": commitment,
        "Generation": generation,
        "ConfidentialVM": False,
        "ServiceClass": f"cloud/plan/{cpu}core-{memory}gb{suffix}",
        "Availability": "available",
    }


SERVER_PLANS: dict[int, JSON] = {
    plan["ID"]: plan
    for first, generation, commitment, table in (
        (100000000, 100, "standard", _STANDARD),
        (200000000, 200, "standard", _STANDARD),
        (300000000, 200, "dedicatedcpu", _DEDICATED),
    )
    for cpu, memories in table.items()
    for memory in memories
    for plan in (_server_plan(first, cpu, memory, generation, commitment),)
}

_GPU = _server_plan(0, 4, 56, 200, "standard") | {"GPU": 1, "GPUModel": "nvidia_v100_32gbvram"}
_LARGE_GPU = _server_plan(0, 24, 240, 200, "standard") | {"GPU": 1, "GPUModel": "nvidia_h100_80gbvram"}
_CONFIDENTIAL = _server_plan(500000000, 2, 4, 200, "dedicatedcpu")

# Names, IDs and models of the plans with a GPU are the service's, as usacloud has printed them; those of the plan for a
# confidential VM, and its size, are unverified.
_SPECIAL: tuple[JSON, ...] = (
    {**_GPU, "ID": 201056004, "Name": "高火力 VRT/4Core-56GB-V100x1"},
    {**_LARGE_GPU, "ID": 210096019, "Name": "高火力 VRT/24Core-240GB-H100x1"},
    {
        **_CONFIDENTIAL,
        "Name": "コア専有プラン/2Core-4GB (Confidential VM)",
        "CPUModel": "amd_epyc_7713p",
        "ConfidentialVM": True,
    },
)
SERVER_PLANS |= {plan["ID"]: plan for plan in _SPECIAL}

_SPECIFIED = ("CPU", "MemoryMB", "GPU", "GPUModel", "CPUModel", "Generation", "Commitment", "ConfidentialVM")


def choose_server_plan(wanted: JSON) -> JSON | None:
    """The plan of an ID or a specification; of several generations the default one."""
    if wanted.get("ID"):
        return SERVER_PLANS.get(number(wanted["ID"]))
    specified: dict[str, Any] = {key: wanted[key] for key in _SPECIFIED if wanted.get(key) not in (None, "", 0, False)}
    specified = {"Commitment": "standard", "GPU": 0, "ConfidentialVM": False} | specified
    if not {"CPU", "MemoryMB"} <= specified.keys():
        return None
    fitting = [plan for plan in SERVER_PLANS.values() if all(plan[key] == value for key, value in specified.items())]
    return min(fitting, key=lambda plan: plan["Generation"] != DEFAULT_GENERATION, default=None)


def _disk_plan(plan: int, name: str, storage: str, word: str, sizes: tuple[int, ...]) -> JSON:
    return {
        "ID": plan,
        "Name": name,
        "StorageClass": storage,
        "Availability": "available",
        "Size": [
            {
                "SizeMB": size * 1024,
                "DisplaySize": size // 1024 if size >= 1024 else size,
                "DisplaySuffix": "TB" if size >= 1024 else "GB",
                "Availability": "available",
                "ServiceClass": f"cloud/disk/{word}/{size}g",
            }
            for size in sizes
        ],
    }


_SIZES = (40, 60, 80, 100, 250, 500, 750, 1024, 2048, 4096, 8192, 12288)
DISK_PLANS: dict[int, JSON] = {
    2: _disk_plan(2, "標準プラン", "iscsi1204", "hdd", _SIZES),
    4: _disk_plan(4, "SSDプラン", "iscsi9999", "ssd", (20, *_SIZES)),
}
DEFAULT_DISK_PLAN = 4

INTERNET_PLANS: dict[int, JSON] = {
    mbps: {
        "ID": mbps,
        "Name": f"{mbps}Mbps共有",
        "BandWidthMbps": mbps,
        "ServiceClass": f"cloud/internet/router/{mbps}m",
        "Availability": "available",
    }
    for mbps in (100, 250, *range(500, 10001, 500))
}

# The IDs are those of the fake in the vendor's Go client.
PRIVATE_HOST_PLANS: dict[int, JSON] = {
    plan: {
        "ID": plan,
        "Name": f"200Core 224GB {name}",
        "CPU": 200,
        "MemoryMB": 229376,
        "Dedicated": False,
        "Class": kind,
        "ServiceClass": f"cloud/privatehost/{kind}/200core-224gb",
        "Availability": "available",
    }
    for plan, name, kind in ((112900526366, "標準", "dynamic"), (113102196877, "Windows", "ms_windows"))
}

# Sizes in GB of an NFS appliance, by the storage's name; the IDs of its plans count up from these.
NFS_PLANS: dict[str, tuple[int, tuple[int, ...]]] = {
    "HDD": (101, (100, 500, 1024, 2048, 4096, 8192, 12288)),
    "SSD": (200, (20, 100, 500, 1024, 2048, 4096)),
}

LICENSE_PLANS: dict[int, JSON] = {
    10001: {
        "ID": 10001,
        "Name": "Windows RDS SAL",
        "TermsOfUse": "1ライセンスにつき、1人のユーザが利用できます。",
        "ServiceClass": "cloud/os/windows-sal",
        "CreatedAt": "2015-01-01T00:00:00+09:00",
        "ModifiedAt": "2015-01-01T00:00:00+09:00",
    }
}

ELB_SIZES = (100, 500, 1000, 5000, 10000, 50000, 100000, 400000)
ELB_CLASSES = tuple(f"cloud/proxylb/{kind}/{size}" for kind in ("plain", "anycast") for size in ELB_SIZES)
