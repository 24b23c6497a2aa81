"""A server group: how many servers of one template, in which zones, under which names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from string import Formatter
from typing import Final

from sakura_fleet.errors import Problem
from sakura_fleet.model.names import RESOURCE_ID, SERVER_GROUP_NAME, SERVER_NAME
from sakura_fleet.model.reading import Reader, concern
from sakura_fleet.model.server.addresses import AddressBlock
from sakura_fleet.model.server.generation import generation_of
from sakura_fleet.model.server.template import ServerTemplate
from sakura_fleet.model.server.template_reader import read_template
from sakura_fleet.model.zones import ZONES

DEFAULT_NAME_FORMAT: Final = "{group}-{number:03}"
MAX_SIZE: Final = 1_000
MAX_HOST_NAME: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SizePreset:
    """A named size, for the scaler's `state NAME`."""

    name: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerGroupArgs:
    """What a server group is made of; `size` servers, numbered from 1, spread over `zones` in turn.

    `adopt` names servers that were made elsewhere, number to ID: the group takes them over instead of making its own.
    """

    name: str
    zones: tuple[str, ...]
    size: int
    min_size: int = 0
    max_size: int = MAX_SIZE
    presets: tuple[SizePreset, ...] = ()
    name_format: str = DEFAULT_NAME_FORMAT
    shutdown_force: bool = False
    template: ServerTemplate = field(default_factory=ServerTemplate)
    adopt: Mapping[int, str] = field(default_factory=dict)

    @property
    def generation(self) -> str:
        """The template's generation."""
        return generation_of(self.template)

    @property
    def exposed_ports(self) -> tuple[int, ...]:
        """The ports under which an ELB enters each member: those of the first interface."""
        interfaces = self.template.network_interfaces
        return interfaces[0].expose.ports if interfaces else ()

    def server_name(self, slot: int) -> str:
        """The cloud's name of the member at `slot` (from 0)."""
        return self.name_format.format(group=self.name, number=slot + 1)

    def member_name(self, component: str, slot: int) -> str:
        """Pulumi's name of the member at `slot` (from 0) in the component of that name: it has the generation in it."""
        return f"{component}-{self.generation}-{slot + 1:03}"

    def check(self, wrong: Sequence[Problem] = ()) -> list[Problem]:
        """What only shows when the settings are seen together; empty when nothing is wrong.

        Rules over settings that are `wrong` by themselves are left out; those problems have the paths of this value.
        """
        rules = (
            (self._check_sizes, ("size", "min_size", "max_size")),
            (self._check_presets, ("presets", "min_size", "max_size")),
            (self._check_names, ("name", "name_format", "max_size")),
            (self._check_interfaces, ("zones", "max_size", "template.network_interfaces")),
            (self._check_adopted, ("adopt", "max_size")),
        )
        return [problem for rule, settings in rules if not concern(wrong, *settings) for problem in rule()]

    def _check_sizes(self) -> list[Problem]:
        problems = []
        if not self.min_size <= self.size <= self.max_size:
            problems.append(
                Problem(
                    "size",
                    "size-range",
                    f"{self.size} is outside min_size {self.min_size} .. max_size {self.max_size}; run "
                    f"`pulumi config set size N` with N in that range, or change the range",
                )
            )
        if self.min_size > self.max_size:
            problems.append(
                Problem("min_size", "min-over-max", f"min_size {self.min_size} is over max_size {self.max_size}")
            )
        return problems

    def _check_presets(self) -> list[Problem]:
        problems = []
        for index, preset in enumerate(self.presets):
            if not self.min_size <= preset.size <= self.max_size:
                message = f"{preset.name!r} has {preset.size} servers, outside {self.min_size}..{self.max_size}"
                problems.append(Problem(f"presets[{index}].size", "preset-range", message))
            if preset.name in [other.name for other in self.presets[:index]]:
                message = f"{preset.name!r} is in the list twice"
                problems.append(Problem(f"presets[{index}].name", "duplicate-preset", message))
        return problems

    def _check_names(self) -> list[Problem]:
        try:
            names = {field_name for _, field_name, _, _ in Formatter().parse(self.name_format) if field_name}
            longest = self.server_name(max(self.max_size, 1) - 1)
        except (AttributeError, KeyError, TypeError, ValueError, IndexError):
            names, longest = set(), ""
        if not names <= {"group", "number"} or "number" not in names:
            return [
                Problem(
                    "name_format",
                    "name-format",
                    f"{self.name_format!r} must contain {{number}} and may contain {{group}}, such as "
                    f"{DEFAULT_NAME_FORMAT}",
                )
            ]
        if len(longest) > MAX_HOST_NAME:
            return [
                Problem(
                    "name_format",
                    "host-name-length",
                    f"server names such as {longest!r} have {len(longest)} characters; a host name takes "
                    f"{MAX_HOST_NAME}",
                )
            ]
        if not re.fullmatch(SERVER_NAME, longest):
            message = (
                f"a server cannot be called {longest!r}: a host name has letters, digits, hyphens and dots, and begins "
                "and ends with a letter or digit"
            )
            return [Problem("name_format", "host-name", message)]
        return []

    def _check_interfaces(self) -> list[Problem]:
        problems = []
        for index, interface in enumerate(self.template.network_interfaces):
            path = f"template.network_interfaces[{index}]"
            if isinstance(interface.upstream, str) and interface.upstream != "shared" and len(self.zones) > 1:
                problems.append(
                    Problem(
                        f"{path}.upstream", "switch-zone", "a switch is in one zone, but the group has several zones"
                    )
                )
            if isinstance(interface.upstream, Mapping):
                problems += [
                    Problem(f"{path}.upstream", "switch-zone", f"there is no switch for zone {zone}")
                    for zone in self.zones
                    if zone not in interface.upstream
                ]
            problems += [
                Problem(f"{path}.adopt_packet_filter.{zone}", "adopt-zone", f"the group has no servers in {zone!r}")
                for zone in interface.adopt_packet_filter
                if zone not in self.zones
            ]
            if not interface.assign_cidr_block:
                continue
            block = AddressBlock.of(interface.assign_cidr_block, interface.default_route)
            if len(block) < self.max_size:
                message = (
                    f"{block.written} has {len(block)} addresses for servers, and max_size is {self.max_size}; take a "
                    "larger block"
                )
                problems.append(Problem(f"{path}.assign_cidr_block", "cidr-capacity", message))
        return problems

    def _check_adopted(self) -> list[Problem]:
        problems = []
        first: dict[str, int] = {}
        for number, server in self.adopt.items():
            if not 1 <= number <= self.max_size:
                message = (
                    f"the group has the servers 1 to {self.max_size} (max_size), so none can become number {number}"
                )
                problems.append(Problem(f"adopt.{number}", "adopt-number", message))
            if first.setdefault(server, number) != number:
                message = f"server {server} cannot become number {number} and number {first[server]}; keep one of them"
                problems.append(Problem(f"adopt.{number}", "duplicate-adopt", message))
        return problems


def read_server_group(reader: Reader, *, stack: Reader) -> ServerGroupArgs:
    """A server group from the stack's configuration, which has its `size` too; problems go to the readers."""
    problems = reader.problems
    before = len(problems)
    group = ServerGroupArgs(
        name=reader.text(
            "name", pattern=SERVER_GROUP_NAME, shape="a name of 1 to 28 lower-case letters, digits and hyphens"
        ),
        zones=_read_zones(reader),
        size=stack.whole("size", minimum=0, maximum=MAX_SIZE),
        min_size=reader.whole("min_size", 0, minimum=0, maximum=MAX_SIZE),
        max_size=reader.whole("max_size", minimum=0, maximum=MAX_SIZE),
        presets=_read_presets(reader),
        name_format=reader.text("name_format", DEFAULT_NAME_FORMAT),
        shutdown_force=reader.flag("shutdown_force", default=False),
        template=read_template(reader.child("template")),
        adopt=_read_adopt(reader),
    )
    reader.close()
    wrong = [_in_the_group(problem, reader) for problem in problems[before:]]
    problems += [_as_written(problem, reader) for problem in group.check(wrong)]
    return group


def _in_the_group(problem: Problem, reader: Reader) -> Problem:
    """The problem at the path that `ServerGroupArgs` has it at: the reverse of `_as_written`."""
    path = re.sub(r"^plans\b", "presets", problem.path.removeprefix(f"{reader.path}."))
    return replace(problem, path="" if path == reader.path else path)


def _as_written(problem: Problem, reader: Reader) -> Problem:
    """The problem at the path of the stack file: `size` is beside the group, and presets may be called `plans`."""
    if problem.path == "size":
        return problem
    if reader.has("plans"):
        problem = replace(problem, path=re.sub(r"^presets\b", "plans", problem.path))
    return problem.under(reader.path)


def _read_zones(reader: Reader) -> tuple[str, ...]:
    zones = reader.texts("zones")
    if not zones and reader.has("zones"):
        reader.problem("zones", "no-zone", "the list is empty; name at least one zone")
    for index, zone in enumerate(zones):
        if zone not in ZONES:
            reader.problem(
                f"zones[{index}]", "unknown-zone", f"there is no zone {zone!r}; known are {', '.join(ZONES)}"
            )
        if zone in zones[:index]:
            reader.problem(f"zones[{index}]", "duplicate-zone", f"{zone!r} is in the list twice")
    return zones


def _read_adopt(reader: Reader) -> dict[int, str]:
    """Server numbers to IDs; as in JSON, a number may be written as a text."""
    servers = reader.child("adopt")
    written = reader.structure("adopt")
    adopt: dict[int, str] = {}
    for key in written if isinstance(written, Mapping) else ():
        server = servers.text(key, pattern=RESOURCE_ID, shape="the 12 digits of a server's ID, in quotes")
        if re.fullmatch(r"[1-9][0-9]{0,3}", str(key)):
            adopt[int(key)] = server
        else:
            message = f"{key!r} is not the number of a server of this group, such as 1"
            servers.problem(str(key), "adopt-number", message)
    return adopt


def _read_presets(reader: Reader) -> tuple[SizePreset, ...]:
    """The named sizes, also as `plans`, which is what sacloud/autoscaler calls them."""
    if reader.has("presets") and reader.has("plans"):
        reader.problem("plans", "one-name", "`plans` is another name of `presets`; keep one of them")
    written = "plans" if reader.has("plans") else "presets"
    return tuple(_read_preset(child) for child in reader.children(written))


def _read_preset(reader: Reader) -> SizePreset:
    preset = SizePreset(name=reader.text("name"), size=reader.whole("size", minimum=0, maximum=MAX_SIZE))
    reader.close()
    return preset
