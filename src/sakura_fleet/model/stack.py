"""A stack's configuration: read once, checked as a whole, typed from then on.

Pulumi passes every value as a text: plain, or JSON for structured settings.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sakura_fleet.errors import InputError, Problem
from sakura_fleet.model.api_root import check_api_root
from sakura_fleet.model.names import RESOURCE_ID
from sakura_fleet.model.reading import Reader, concern, nearest
from sakura_fleet.model.server.group import MAX_SIZE, ServerGroupArgs, read_server_group
from sakura_fleet.model.server.template import LONGEST_PASSWORD, SHORTEST_PASSWORD
from sakura_fleet.tokens import CONFIG_NAMESPACE

if TYPE_CHECKING:
    from sakura_fleet.model.caddy.host import CaddyHostArgs
    from sakura_fleet.model.dns.args import DnsArgs
    from sakura_fleet.model.elb import ElbArgs
    from sakura_fleet.model.scaling import ScalingArgs

FLEET_ID: Final = r"[0-9a-z-]{8,64}"
STRUCTURED: Final = ("size", "server_group", "rate_limit", "elb", "hosts", "dns", "scaling")
"""Settings that are no plain texts, which Pulumi hands over as JSON."""
MAY_BE_SECRET: Final = ("access_token", "access_token_secret", "server_password")
_SHORTEST_SECRET: Final = 6
"""A secret shorter than this is not searched for in scripts: it would be found everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackConfig:
    """What the stack file says. `api_root` empty means the real cloud; sections that it does not have are None."""

    fleet_id: str
    api_root: str
    account_id: str
    rate_limit: float
    server_group: ServerGroupArgs
    elb: ElbArgs | None = None
    hosts: tuple[CaddyHostArgs, ...] = ()
    dns: DnsArgs | None = None
    scaling: ScalingArgs | None = None

    def apex_of(self, host: CaddyHostArgs) -> bool:
        """Whether the zone's own name leads to this host, too."""
        return bool(self.dns and self.dns.apex and self.dns.apex == host.record)

    @property
    def scaling_rules(self) -> ScalingArgs:
        """The rules for `scaler auto`: the stack's own, else the defaults."""
        from sakura_fleet.model.scaling import ScalingArgs  # only the scaler needs them

        return self.scaling or ScalingArgs()


def read_stack(
    raw: Mapping[str, str],
    *,
    secret_keys: Collection[str] = (),
    others: Collection[str] = (),
    source: str = "",
    any_size: bool = False,
) -> StackConfig:
    """The configuration of the namespace `sakura-fleet`, keys without it. Raises `InputError` with all problems.

    `others` are the keys of other namespaces, whole: one that is spelled almost like this one is a mistake. `any_size`
    takes a size outside min_size..max_size too, for those who are about to change it.
    """
    config, problems = judge_stack(raw, secret_keys=secret_keys, others=others, any_size=any_size)
    if problems:
        raise InputError(problems, source=source)
    return config


def judge_stack(
    raw: Mapping[str, str],
    *,
    secret_keys: Collection[str] = (),
    others: Collection[str] = (),
    any_size: bool = False,
) -> tuple[StackConfig, list[Problem]]:
    """The same with the problems, if there are any; a setting that has one is the default, or empty."""
    problems = _misspelt(others)
    data = {key: _decoded(key, value, problems) for key, value in raw.items()}
    reader = Reader(data, "", problems)
    _check_secrets(raw, secret_keys, {key: json.dumps(data.get(key)) for key in STRUCTURED}, problems)
    config = read_sections(reader)
    _check_scaling(config, problems)
    _check_names(config, problems)
    reader.close()
    problems = [problem for problem in problems if not (any_size and problem.rule == "size-range")]
    if config.dns and config.hosts and not problems:
        from sakura_fleet.model.caddy.rules import with_host_names

        config = replace(config, dns=with_host_names(config.dns, config.hosts))
    return config, problems


def read_sections(reader: Reader) -> StackConfig:
    """All settings, each judged by itself; problems go to the reader."""
    config = StackConfig(
        fleet_id=read_fleet_id(reader),
        api_root=_read_api_root(reader),
        account_id=reader.text("account_id", "", pattern=RESOURCE_ID, shape="the 12 digits of an account's ID"),
        rate_limit=reader.number(
            "rate_limit", 0.0, above=0, shape="a number of requests per second above 0, such as 5"
        ),
        server_group=read_server_group(reader.child("server_group"), stack=reader),
        elb=_read_elb(reader.child("elb")) if reader.has("elb") else None,
        hosts=_read_hosts(reader.children("hosts")) if reader.has("hosts") else (),
        dns=_read_dns(reader.child("dns")) if reader.has("dns") else None,
        scaling=_read_scaling(reader.child("scaling")) if reader.has("scaling") else None,
    )
    for key in MAY_BE_SECRET:
        reader.structure(key)
    return config


# What is known of a section is loaded for those who have it: a program starts on every run.


def _read_elb(reader: Reader) -> ElbArgs:
    from sakura_fleet.model.elb import read_elb

    return read_elb(reader)


def _read_hosts(readers: Sequence[Reader]) -> tuple[CaddyHostArgs, ...]:
    from sakura_fleet.model.caddy.host_reader import read_caddy_host

    return tuple(read_caddy_host(reader) for reader in readers)


def _read_dns(reader: Reader) -> DnsArgs:
    from sakura_fleet.model.dns.args import read_dns

    return read_dns(reader)


def _read_scaling(reader: Reader) -> ScalingArgs:
    from sakura_fleet.model.scaling import read_scaling

    return read_scaling(reader)


def read_fleet_id(reader: Reader) -> str:
    """The fleet's identity; problems go to the reader."""
    shape = "8 to 64 lower-case letters, digits or hyphens (`sakura-fleet init` writes one)"
    return reader.text("fleet_id", pattern=FLEET_ID, shape=shape)


def _misspelt(keys: Collection[str]) -> list[Problem]:
    problems = []
    for key in sorted(keys):
        namespace, _, setting = key.partition(":")
        if namespace != CONFIG_NAMESPACE and nearest(namespace, [CONFIG_NAMESPACE]):
            message = f"nobody reads the namespace {namespace!r}; did you mean {CONFIG_NAMESPACE}:{setting}?"
            problems.append(Problem(key, "unknown-namespace", message))
    return problems


def _check_names(config: StackConfig, problems: list[Problem]) -> None:
    """What only shows when group, zone, ELB and hosts are seen together.

    A rule is left out where a setting that it goes by is wrong by itself, and only then: all that is wrong is told at
    once, and nothing that only follows from something else.
    """
    wrong = tuple(problems)
    if config.hosts:
        from sakura_fleet.model.caddy.rules import check_hosts

        unnamed = concern(wrong, *(f"server_group.{key}" for key in ("name", "name_format", "max_size")))
        members = [] if unnamed else [config.server_group.server_name(slot) for slot in range(MAX_SIZE)]
        problems += check_hosts(config.hosts, config.dns, members)
    if config.elb:
        problems += _check_entries(config.server_group, wrong)
    if config.elb and config.elb.lets_encrypt_names and not config.dns:
        message = "certificates are issued once the names point at the ELB; add the stack's zone as dns.zone"
        problems.append(Problem("elb.lets_encrypt_names", "no-dns-zone", message))
    if config.dns:
        problems += _check_names_in_the_zone(config, config.dns, wrong)


def _check_names_in_the_zone(config: StackConfig, dns: DnsArgs, wrong: Sequence[Problem]) -> list[Problem]:
    """Whether what the zone's names are for is in the stack."""
    problems = []
    if dns.elb and not config.elb:
        problems.append(Problem("dns.elb", "no-elb", "the stack has no elb that this name could point at; remove it"))
    goes_by = ("dns.zone", "dns.elb", "elb.lookup", "elb.vip_failover", "elb.bind_ports")
    if config.elb and not concern(wrong, *goes_by):
        from sakura_fleet.model.dns.elb_name import check_elb_name

        problems += check_elb_name(dns, config.elb)
    records = {f"hosts[{index}].record": host.record for index, host in enumerate(config.hosts)}
    if dns.apex and dns.apex not in records.values() and not concern(wrong, *(records or ["hosts"])):
        message = f"no host of the stack has the record {dns.apex!r}; name one that has"
        problems.append(Problem("dns.apex", "no-such-host", message))
    return problems


def _check_entries(group: ServerGroupArgs, wrong: Sequence[Problem]) -> list[Problem]:
    """Whether an ELB reaches the group, and has room for it at its largest: under load it would be too late."""
    from sakura_fleet.model.elb import MAX_ENTRIES, NO_PORT

    if concern(wrong, "server_group.template.network_interfaces"):
        return []
    ports = len(group.exposed_ports)
    if not ports:
        return [NO_PORT]
    entries = group.max_size * ports
    if entries <= MAX_ENTRIES or concern(wrong, "server_group.max_size"):
        return []
    message = (
        f"{group.max_size} servers with {ports} port{'s' if ports != 1 else ''} are {entries} entries; an ELB takes "
        f"{MAX_ENTRIES}: lower max_size to {MAX_ENTRIES // ports}" + (", or expose fewer ports" if ports > 1 else "")
    )
    return [Problem("server_group.max_size", "too-many-entries", message)]


def _check_scaling(config: StackConfig, problems: list[Problem]) -> None:
    """The scaling settings against the group's limits, where both could be read."""
    if config.scaling and not concern(problems, "scaling", "server_group.min_size", "server_group.max_size"):
        group = config.server_group
        found = config.scaling.check(min_size=group.min_size, max_size=group.max_size)
        problems += [problem.under("scaling") for problem in found]


def _read_api_root(reader: Reader) -> str:
    root = reader.text("api_root", "")
    problem = check_api_root(root) if root else ""
    if problem:
        reader.problem("api_root", "api-root", problem)
    return root


def _decoded(key: str, value: str, problems: list[Problem]) -> Any:
    if key not in STRUCTURED:
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        problems.append(Problem(key, "type", f"{value!r} cannot be read; write it as YAML in the stack file"))
        return None


def _check_secrets(
    raw: Mapping[str, str], secret_keys: Collection[str], structured: Mapping[str, str], problems: list[Problem]
) -> None:
    """`structured` are the settings that end in scripts or records, as this module writes JSON."""
    for key in secret_keys:
        if key in raw and key not in MAY_BE_SECRET:
            message = f"a secret is not expected here; keep secrets in {', '.join(MAY_BE_SECRET)}"
            problems.append(Problem(key, "unexpected-secret", message))
    password = raw.get("server_password", "")
    if password and not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        message = (
            f"the password has {len(password)} characters; the cloud takes {SHORTEST_PASSWORD} to {LONGEST_PASSWORD}: "
            "run `pulumi config set --secret server_password` with another one"
        )
        problems.append(Problem("server_password", "password-length", message))
    for key in MAY_BE_SECRET:
        value = raw.get(key, "")
        if value and key not in secret_keys:
            message = f"this must not be stored in plain text; run `pulumi config set --secret {key}`"
            problems.append(Problem(key, "plain-secret", message))
        for where, text in structured.items():
            if len(value) >= _SHORTEST_SECRET and json.dumps(value)[1:-1] in text:
                message = f"this contains the value of the secret {key}; the cloud stores it in plain text"
                problems.append(Problem(where, "secret-in-script", message))
