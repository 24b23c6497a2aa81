"""What a server of a template costs, from the cloud's public price list. Yen, without tax rules of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sakura_fleet.model.server.template import ServerTemplate


@dataclass(frozen=True, slots=True)
class Rate:
    """A price in yen; None where the list has no such price."""

    hourly: int | None
    monthly: int | None


@dataclass(frozen=True, slots=True)
class Cost:
    """The sum for one server; `missing` names the service classes that the list does not price."""

    hourly: int
    monthly: int
    missing: tuple[str, ...] = ()


def service_classes(template: ServerTemplate) -> list[str]:
    """The service classes that one server of the template is charged for."""
    plan = template.plan
    suffix = "-dedicatedcpu" if plan.dedicated_cpu else ""
    classes = [f"cloud/plan/{plan.core}core-{plan.memory}gb{suffix}"]
    return classes + [f"cloud/disk/{disk.plan}/{disk.size}g" for disk in template.disks]


def cost_of(template: ServerTemplate, prices: Mapping[str, Rate]) -> Cost:
    """What one server of the template costs; `prices` by service class."""
    hourly = monthly = 0
    missing = []
    for name in service_classes(template):
        rate = prices.get(name)
        if rate is None or rate.hourly is None or rate.monthly is None:
            missing.append(name)
            continue
        hourly += rate.hourly
        monthly += rate.monthly
    return Cost(hourly, monthly, tuple(missing))
