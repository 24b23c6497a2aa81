"""Collections that always look empty, so that clean-up loops over every list can pass. Nothing can be made in them."""

from __future__ import annotations

from sakura_fleet.emulator.api.bridge import refuse_in_sandbox
from sakura_fleet.emulator.api.resource import Route, fixed
from sakura_fleet.emulator.errors import ApiError
from sakura_fleet.emulator.wire import Answer, Call

_LISTS = (
    ("appliance", "Appliance", "Appliances"),
    ("privatehost", "PrivateHost", "PrivateHosts"),
    ("license", "License", "Licenses"),
    ("subnet", "Subnet", "Subnets"),
    ("ipaddress", "IPAddress", "IPAddress"),
    ("ipv6net", "IPv6Net", "IPv6Nets"),
    ("ipv6addr", "IPv6Addr", "IPv6Addrs"),
)


def create_license(call: Call) -> Answer:
    """POST /license: refused in the sandbox as by the service, not written elsewhere."""
    refuse_in_sandbox(call)
    raise ApiError(501, "not_implemented", "POST license")


ROUTES: list[Route] = [
    ("POST", "license", create_license),
    *(route for path, singular, plural in _LISTS for route in fixed(path, singular, plural, lambda _: [])),
]
