"""Rules about ELBs."""

from __future__ import annotations

from collections.abc import Iterator

from policies.levels import EVERYWHERE, STRICT
from policies.properties import flag, items, mapping, number, text
from policies.rule import Breach, Context, Resource, Rule, Setting
from sakura_fleet import tokens


def health_check(elb: Resource, context: Context) -> Iterator[Breach]:
    """The ELB asks its members for a page, and often enough."""
    if not is_managed(elb):
        return
    check = mapping(mapping(elb.props.get("settings")).get("health_check"))
    protocol = text(check.get("protocol"))
    if protocol is not None and protocol != "http":
        yield Breach("settings.health_check.protocol", "a port that opens does not show that the site works")
    if protocol == "http" and not check.get("path", "/"):
        yield Breach("settings.health_check.path", "the check asks for no page")
    delay = number(check.get("delay_loop"))
    longest = context.settings["max_delay"]
    if delay is not None and delay > longest:
        yield Breach("settings.health_check.delay_loop", f"the pause between two checks is over {longest:g} seconds")


def redirect_to_https(elb: Resource, _context: Context) -> Iterator[Breach]:
    """Where there is https, http only leads to it."""
    if not is_managed(elb):
        return
    ports = [mapping(port) for port in items(mapping(elb.props.get("settings")).get("bind_ports"))]
    if not any(text(port.get("proxy_mode")) == "https" for port in ports):
        return
    for index, port in enumerate(ports):
        if text(port.get("proxy_mode")) == "http" and flag(port.get("redirect_to_https", False)) is False:
            yield Breach(f"settings.bind_ports[{index}].redirect_to_https", "this port answers without encryption")


def is_managed(elb: Resource) -> bool:
    """Whether the stack makes the ELB; one that is looked up has its settings from elsewhere."""
    return text(elb.props.get("lookup", "")) == ""


RULES = (
    Rule(
        id="elb-health-check",
        types=(tokens.ELB,),
        what="An ELB checks its members by asking for a page.",
        why="A server whose web server hangs still accepts connections. Only a page shows that the site works, and "
        "only frequent checks take a broken member out before many requests reach it.",
        way_out="set elb.health_check to protocol http with a path that the site answers, and a shorter delay_loop",
        levels=EVERYWHERE,
        settings={"max_delay": Setting(30, "the longest pause between two checks, in seconds")},
        check_resource=health_check,
    ),
    Rule(
        id="elb-redirect-to-https",
        types=(tokens.ELB,),
        what="An ELB with an https port redirects its http ports to it.",
        why="Whoever types a name without https:// would otherwise stay on an unencrypted connection.",
        way_out="set redirect_to_https: true on the http entries of elb.bind_ports",
        levels=STRICT,
        check_resource=redirect_to_https,
    ),
)
