"""The addresses of a block on a switch, of which each new server gets the lowest free one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Self


@dataclass(frozen=True, slots=True)
class AddressBlock:
    """The addresses after the one that is written, up to the last before the broadcast address, without the default
    route's."""

    written: str
    netmask_len: int
    first: int
    last: int
    default_route: int | None

    @classmethod
    def of(cls, written: str, default_route: str = "") -> Self:
        """The block written as `192.168.0.16/24`. Raises `ValueError` where that is none."""
        network = IPv4Network(written, strict=False)
        first = int(IPv4Address(written.partition("/")[0])) + 1
        route = int(IPv4Address(default_route)) if default_route else None
        return cls(written, network.prefixlen, first, int(network.broadcast_address) - 1, route)

    def __iter__(self) -> Iterator[str]:
        """All of them, lowest first."""
        return (str(IPv4Address(number)) for number in range(self.first, self.last + 1) if number != self.default_route)

    def __len__(self) -> int:
        taken = self.default_route is not None and self.first <= self.default_route <= self.last
        return max(0, self.last - self.first + 1 - taken)
