"""What a change of the size costs by the cloud's public price list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sakura_fleet.model.prices import Rate, cost_of
from sakura_fleet.model.server.group import ServerGroupArgs

if TYPE_CHECKING:
    from sakura_fleet import client as api


def price_of(client: api.Client, group: ServerGroupArgs, size: int) -> str:
    """In words: one server, `size` servers, and the difference to the declared size. Yen, in the group's first zone."""
    zone = group.zones[0]
    rates = {price.service_class: Rate(price.hourly, price.monthly) for price in client.prices.find(zone)}
    cost = cost_of(group.template, rates)
    missing = f"; not in the list: {', '.join(cost.missing)}" if cost.missing else ""
    return (
        f"price list of {zone}: {cost.monthly:,} yen a month ({cost.hourly:,} an hour) for a server; "
        f"{size} servers {cost.monthly * size:,} yen a month, {cost.monthly * (size - group.size):+,}{missing}"
    )
