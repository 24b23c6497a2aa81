"""Resources as the pack sees them, and which rules they break."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from policies.rule import Breach, Context, Resource, Rule
from policies.rules import RULES
from sakura_fleet import tokens

BY_ID: dict[str, Rule] = {rule.id: rule for rule in RULES}
GROUP = "urn:pulumi:test::fleet::sakura-fleet:index:ServerGroup::web"


def resource(token: str, pulumi_name: str, around: str = "", parent: str = "", /, **props: Any) -> Resource:
    """A resource of this type, inside a component where `around` names one."""
    types = f"{around}${token}" if around else token
    return Resource(f"urn:pulumi:test::fleet::{types}::{pulumi_name}", token, props, parent)


def server(name: str = "web-abc123-001", around: str = tokens.SERVER_GROUP, **changes: Any) -> Resource:
    """A server that no rule minds."""
    props: dict[str, Any] = {
        "name": "web-001",
        "slot": 0,
        "zones": ["is1b", "is1c"],
        "plan": {"core": 2, "memory": 4, "dedicated_cpu": False},
        "disks": [{"os_type": "almalinux", "source_archive": "", "plan": "ssd", "size": 20}],
        "network_interfaces": [{"upstream": "shared"}],
        "packet_filters": [{"is1b": "113000000001"}],
        "edit_parameter": {"disabled": False, "disable_pw_auth": True, "ssh_keys": []},
        "tags": ["production"],
        "labels": {"stack": "production", "group": "web", "min_size": 2, "max_size": 4},
        "owner_tags": {"fleet": "sf:0123456789", "resource": "sfr:" + name},
    }
    return resource(tokens.SERVER, name, around, GROUP if around == tokens.SERVER_GROUP else "", **{**props, **changes})


def elb(**changes: Any) -> Resource:
    """An ELB that no rule minds; `changes` are of its settings, but for those of the ELB itself."""
    own = {key: changes.pop(key) for key in ("plan", "lookup", "tags", "settings") if key in changes}
    settings: dict[str, Any] = {
        "bind_ports": [
            {"proxy_mode": "http", "port": 80, "redirect_to_https": True},
            {"proxy_mode": "https", "port": 443},
        ],
        "health_check": {"protocol": "http", "path": "/live", "delay_loop": 10},
    }
    props: dict[str, Any] = {"plan": 100, "lookup": "", "tags": ["production"], "settings": {**settings, **changes}}
    return resource(tokens.ELB, "web-elb", **{**props, **own})


def breaches(
    rule_id: str, judged: Resource | None = None, declared: Iterable[Resource] = (), **settings: Any
) -> list[Breach]:
    """How this resource, or the whole stack, breaks a rule in the stack `production`."""
    rule = BY_ID[rule_id]
    context = Context(rule.configured(settings), "production", {resource.urn: resource for resource in declared})
    if judged is None:
        assert rule.check_stack
        return list(rule.check_stack(context))
    assert rule.check_resource
    return list(rule.check_resource(judged, context)) if judged.type in rule.types else []


def broken(
    rule_id: str, judged: Resource | None = None, declared: Iterable[Resource] = (), **settings: Any
) -> list[str]:
    """The paths at which a rule is broken."""
    return [breach.path for breach in breaches(rule_id, judged, declared, **settings)]
