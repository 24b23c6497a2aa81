"""Collections that are always empty, so that clean-up loops over every list can pass. Nothing can be made in them."""

from __future__ import annotations

from sakura_emulator.api.resource import Route, fixed

ROUTES: list[Route] = fixed("ipv6addr", "IPv6Addr", "IPv6Addrs", lambda _: [])
