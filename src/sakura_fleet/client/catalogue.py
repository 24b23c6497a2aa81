"""What the cloud sells: server plans, disk plans, prices and zones.

API paths `product/server`, `product/disk`, `public/price` and `zone`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sakura_fleet.client._api import Api, GlobalReadApi
from sakura_fleet.client._fields import Fields
from sakura_fleet.client._values import Json, boolean, mapping, megabytes, number, text
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
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        return cls(
            id=fields.own_id(),
            name=fields.text("Name"),
            core=fields.positive("CPU"),
            memory_gb=fields.gigabytes("MemoryMB"),
            dedicated_cpu=fields.text("Commitment") == COMMITMENT[True],
            generation=fields.number("Generation"),
            gpu=number(fields.get("GPU")),
            confidential_vm=boolean(fields.get("ConfidentialVM")),
            availability=fields.text("Availability"),
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
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        plan_id = fields.own_id()
        sizes = (size for size in fields.items("Size") if size.text("Availability") == "available")
        return cls(
            id=plan_id,
            plan=PLAN_NAMES.get(plan_id, plan_id),
            name=fields.text("Name"),
            availability=fields.text("Availability"),
            sizes_gb=tuple(sorted(size.gigabytes("SizeMB") for size in sizes)),
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
    def from_api(cls, body: Json | Fields, zone: str = "") -> Self:
        fields = Fields.of(body)
        price = mapping(fields.get("Price"))
        basic, hourly, daily, monthly = (
            number(price[key]) if price.get(key) is not None else None for key in ("Base", "Hourly", "Daily", "Monthly")
        )
        return cls(
            service_class=fields.text("ServiceClassPath"),
            name=text(fields.get("DisplayName")),
            zone=text(price.get("Zone")) or zone,
            basic=basic,
            hourly=hourly,
            daily=daily,
            monthly=monthly,
            public=boolean(fields.get("IsPublic")),
        )


class PricesApi(Api[Price]):
    """Prices of a zone."""

    PATH, SINGULAR, PLURAL = "public/price", "ServiceClass", "ServiceClasses"
    VALUE = Price

    def _parse(self, zone: str, fields: Fields) -> Price:
        return Price.from_api(fields, zone)

    def _key(self, fields: Fields) -> str:
        return f"{text(fields.get('ServiceClassID'))} {fields.text('ServiceClassPath')}"

    def find(self, zone: str) -> list[Price]:
        """All prices of the zone."""
        return self._find(zone)


class ZoneReader:
    """Makes a zone of the model, which knows nothing of the API's words."""

    @staticmethod
    def from_api(body: Json | Fields) -> Zone:
        fields = Fields.of(body)
        region = mapping(fields.get("Region"))
        return Zone(
            name=fields.text("Name"),
            id=fields.own_id(),
            description=text(fields.get("Description")),
            region_id=text(region.get("ID")),
            region=text(region.get("Name")),
            sandbox=boolean(fields.get("IsDummy")),
        )


class ZonesApi(GlobalReadApi[Zone]):
    """The zones that the API offers today; `sakura_fleet.model.zones` has those known when this was written."""

    PATH, SINGULAR, PLURAL = "zone", "Zone", "Zones"
    VALUE = ZoneReader
