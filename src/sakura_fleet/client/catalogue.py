"""What the cloud sells: server plans, disk plans, prices and zones.

API paths `product/server`, `product/disk`, `public/price` and `zone`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sakura_fleet.client._api import Api, GlobalReadApi
from sakura_fleet.client._values import Json, boolean, gigabytes, items, mapping, megabytes, number, own_id, text
from sakura_fleet.client.disks import PLAN_NAMES
from sakura_fleet.client.servers import COMMITMENT
from sakura_fleet.model.zones import Zone

__all__ = ["DiskPlan", "DiskPlansApi", "Price", "PricesApi", "ServerPlan", "ServerPlansApi", "ZonesApi"]


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """One combination of cores and memory (GB). `gpu` counts graphics cards."""

    id: str
    name: str
    core: int
    memory_gb: int
    dedicated_cpu: bool
    generation: int
    gpu: int
    confidential_vm: bool
    availability: str

    @classmethod
    def from_api(cls, body: Json) -> Self:
        return cls(
            id=own_id(body),
            name=text(body.get("Name")),
            core=number(body.get("CPU")),
            memory_gb=gigabytes(body.get("MemoryMB")),
            dedicated_cpu=text(body.get("Commitment")) == COMMITMENT[True],
            generation=number(body.get("Generation")),
            gpu=number(body.get("GPU")),
            confidential_vm=boolean(body.get("ConfidentialVM")),
            availability=text(body.get("Availability")),
        )


class ServerPlansApi(Api[ServerPlan]):
    """Server plans of a zone."""

    PATH, SINGULAR, PLURAL = "product/server", "ServerPlan", "ServerPlans"
    VALUE = ServerPlan

    def find(self, zone: str) -> list[ServerPlan]:
        """All server plans of the zone."""
        return self._find(zone)

    def lookup(self, zone: str, core: int, memory_gb: int, dedicated_cpu: bool = False) -> ServerPlan | None:
        """The newest plan that can be had with exactly these cores and GB of memory, without GPU; None if none."""
        wanted = (core, memory_gb, dedicated_cpu)
        filters = {
            "CPU": [str(core)],
            "MemoryMB": [str(megabytes(memory_gb))],
            "Commitment": [COMMITMENT[dedicated_cpu]],
        }
        fitting = [
            plan
            for plan in self._find(zone, filters=filters)
            if (plan.core, plan.memory_gb, plan.dedicated_cpu) == wanted
            and plan.availability == "available"
            and not plan.gpu
            and not plan.confidential_vm
        ]
        return max(fitting, key=lambda plan: plan.generation, default=None)


@dataclass(frozen=True, slots=True)
class DiskPlan:
    """One kind of disk; `plan` is "ssd", "hdd" or the ID of another one; `sizes_gb` are those that can be had."""

    id: str
    plan: str
    name: str
    availability: str
    sizes_gb: tuple[int, ...]

    @classmethod
    def from_api(cls, body: Json) -> Self:
        plan_id = own_id(body)
        sizes = (size for size in items(body.get("Size")) if text(size.get("Availability")) == "available")
        return cls(
            id=plan_id,
            plan=PLAN_NAMES.get(plan_id, plan_id),
            name=text(body.get("Name")),
            availability=text(body.get("Availability")),
            sizes_gb=tuple(sorted(gigabytes(size.get("SizeMB")) for size in sizes)),
        )


class DiskPlansApi(Api[DiskPlan]):
    """Disk plans of a zone."""

    PATH, SINGULAR, PLURAL = "product/disk", "DiskPlan", "DiskPlans"
    VALUE = DiskPlan

    def find(self, zone: str) -> list[DiskPlan]:
        """All disk plans of the zone."""
        return self._find(zone)

    def read(self, zone: str, plan_id: str) -> DiskPlan:
        """One disk plan. Raises `NotFoundError` if the zone does not have it."""
        return self._object("GET", zone, self._at(plan_id))


@dataclass(frozen=True, slots=True)
class Price:
    """What one service class costs in yen, as the API lists it; None where it is not sold by that span."""

    service_class: str
    name: str
    zone: str
    basic: int | None
    hourly: int | None
    daily: int | None
    monthly: int | None
    public: bool

    @classmethod
    def from_api(cls, body: Json, zone: str = "") -> Self:
        price = mapping(body.get("Price"))
        basic, hourly, daily, monthly = (
            number(price[key]) if price.get(key) is not None else None for key in ("Base", "Hourly", "Daily", "Monthly")
        )
        return cls(
            service_class=text(body.get("ServiceClassPath")),
            name=text(body.get("DisplayName")),
            zone=text(price.get("Zone")) or zone,
            basic=basic,
            hourly=hourly,
            daily=daily,
            monthly=monthly,
            public=boolean(body.get("IsPublic")),
        )


class PricesApi(Api[Price]):
    """Prices of a zone."""

    PATH, SINGULAR, PLURAL = "public/price", "ServiceClass", "ServiceClasses"
    VALUE = Price

    def _parse(self, zone: str, body: Json) -> Price:
        return Price.from_api(body, zone)

    def _key(self, body: Json) -> str:
        return f"{text(body.get('ServiceClassID'))} {text(body.get('ServiceClassPath'))}"

    def find(self, zone: str) -> list[Price]:
        """All prices of the zone."""
        return self._find(zone)


class ZoneReader:
    """Makes a zone of the model, which knows nothing of the API's words."""

    @staticmethod
    def from_api(body: Json) -> Zone:
        region = mapping(body.get("Region"))
        return Zone(
            name=text(body.get("Name")),
            id=own_id(body),
            description=text(body.get("Description")),
            region_id=own_id(region),
            region=text(region.get("Name")),
            sandbox=boolean(body.get("IsDummy")),
        )


class ZonesApi(GlobalReadApi[Zone]):
    """The zones that the API offers today; `sakura_fleet.model.zones` has those known when this was written."""

    PATH, SINGULAR, PLURAL = "zone", "Zone", "Zones"
    VALUE = ZoneReader
