"""The price list of `public/price`. Every figure is a placeholder made by formula: never quote one."""

from __future__ import annotations

from functools import cache

from sakura_emulator.catalogue import plans
from sakura_emulator.wire import JSON


@cache
def service_classes(zone: str) -> tuple[JSON, ...]:
    """All classes with their prices in yen, as the zone of the call sees them."""
    rows: list[tuple[str, int]] = []
    seen: set[str] = set()
    for plan in plans.SERVER_PLANS.values():
        rows.append((plan["ServiceClass"], plan["CPU"] * 660 + plan["MemoryMB"] // 1024 * 550))
    for plan in plans.DISK_PLANS.values():
        per_gb = 27 if plan["ID"] == 4 else 13
        rows += [(size["ServiceClass"], size["SizeMB"] // 1024 * per_gb) for size in plan["Size"]]
    rows += [(plan["ServiceClass"], plan["BandWidthMbps"] * 33) for plan in plans.INTERNET_PLANS.values()]
    rows += [(name, int(name.rsplit("/", 1)[1]) * 12 + 1000) for name in plans.ELB_CLASSES]
    rows += [("cloud/dns", 55), ("cloud/archive/20g", 440), ("cloud/switch/default", 2200)]
    classes: list[JSON] = []
    for path, monthly in rows:
        if path in seen:
            continue
        seen.add(path)
        classes.append(
            {
                "ServiceClassID": 50000 + len(seen),
                "ServiceClassName": path.removeprefix("cloud/"),
                "ServiceClassPath": path,
                "DisplayName": f"{path.removeprefix('cloud/')} (placeholder price of the emulator)",
                "IsPublic": True,
                "Price": {
                    "Base": 0,
                    "Hourly": max(1, monthly // 200),
                    "Daily": max(1, monthly // 20),
                    "Monthly": monthly,
                    "Zone": zone,
                },
            }
        )
    return tuple(classes)
