"""From sacloud/autoscaler's configuration to a stack file of ours.

Both layouts are understood: server groups at the top with a `parent`, and, as before its v0.5, nested under it. What
has no counterpart is listed with its path and line, never dropped in silence. Where a guess could do harm (which
archive is meant by a name?) what was written stays: the stack file is then refused until somebody decides.

Defaults differ between the two tools, so every one of theirs that means something else here is written out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Final

from sakura_fleet.errors import FleetError, InputError, Problem
from sakura_fleet.model.server.os_types import OS_TYPES
from sakura_fleet.model.server.ssh_key import KEY_TYPES
from sakura_fleet.model.stack import read_stack
from sakura_fleet.model.yaml_lines import Lines, dump
from sakura_fleet.ownership import MAX_OWN_TAGS
from sakura_fleet.tokens import CONFIG_NAMESPACE

ELB_TYPES: Final = ("ELB", "EnhancedLoadBalancer")
PARENT_TYPES: Final = (*ELB_TYPES, "GSLB", "DNS", "LoadBalancer")
THEIR_COOLDOWN: Final = 600
_ID: Final = re.compile(r"[0-9]{12}")
_NAME: Final = re.compile(r"[a-z]([a-z0-9-]{0,26}[a-z0-9])?")
_VERB: Final = re.compile(r"%(%|s|(?P<width>0[1-9])?d)")


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that is not, or not quite, in the result."""

    path: str
    line: int
    message: str

    def at(self, source: str) -> str:
        """As compilers write it."""
        return f"{source}:{self.line}: {self.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class Converted:
    """A stack file without its fleet_id, what it lacks, and what our parser still refuses."""

    config: Mapping[str, Any]
    notes: tuple[Note, ...]
    problems: tuple[Problem, ...]
    source: str

    def text(self) -> str:
        """The stack file."""
        head = [
            f"# Made from {self.source} by `scaler convert`. Next: `sakura-fleet init STACK` adds the fleet_id.",
            *(f"# not converted: line {note.line}, {note.path}: {note.message}" for note in self.notes),
            *(f"# to be done: {problem}" for problem in self.problems),
        ]
        comments = "\n".join(line.replace("\n", " ") for line in head)
        config = {f"{CONFIG_NAMESPACE}:{key}": value for key, value in self.config.items()}
        return f"{comments}\n{dump({'config': config})}"


def convert(text: str, *, source: str, folder: Path, group: str = "") -> Converted:
    """Convert a file's text. `folder` is where its relative paths begin; `group` names one of several server groups.

    Raises `FleetError` where there is no server group, or several and none is named.
    """
    return _Conversion(Lines(text, source), folder).run(group)


@dataclass(frozen=True, slots=True)
class _Found:
    """A server group, where it stands, and its parent's type and selector."""

    path: str
    body: Mapping[str, Any]
    parent_path: str
    parent_type: str
    selector: Any

    @property
    def name(self) -> str:
        return str(self.body.get("name") or self.body.get("server_name_prefix") or "")

    @property
    def prefix(self) -> str:
        return str(self.body.get("server_name_prefix") or self.body.get("name") or "")


class _Part:
    """One mapping of their file: what was not taken from it is noted."""

    def __init__(self, notes: Callable[[str, str], None], path: str, body: Any) -> None:
        self.path = path
        self._note = notes
        self._body: dict[str, Any] = dict(body) if isinstance(body, Mapping) else {}
        if body is not None and not isinstance(body, Mapping):
            notes(path, "this is not a mapping; it was left out")

    def __contains__(self, key: str) -> bool:
        return self._body.get(key) is not None

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def take(self, key: str, default: Any = None) -> Any:
        value = self._body.pop(key, None)
        return default if value is None else value

    def items(self, key: str) -> list[Any]:
        """A list; empty where it is absent or no list."""
        value = self.take(key, [])
        if isinstance(value, list):
            return value
        self.note(key, "this is not a list; it was left out")
        return []

    def part(self, key: str) -> _Part:
        return _Part(self._note, self.at(key), self.take(key))

    def copy(self, into: dict[str, Any], *keys: str) -> None:
        """Keys that are the same here and there."""
        for key in keys:
            value = self.take(key)
            if value is not None:
                into[key] = value

    def note(self, key: str, message: str) -> None:
        self._note(self.at(key), message)

    def lost(self, key: str, message: str, *, unless: Sequence[Any] = ()) -> None:
        """Take a key that has no counterpart; no note where it says nothing anyway."""
        value = self.take(key)
        if value is not None and value not in (*unless, "", False, 0) and value != {} and value != []:
            self.note(key, message)

    def close(self) -> None:
        """Whatever is left is unknown."""
        for key in self._body:
            self.note(str(key), "there is no counterpart for this key")


class _Conversion:
    def __init__(self, lines: Lines, folder: Path) -> None:
        self._lines = lines
        self._folder = folder
        self._notes: list[Note] = []
        self._source = lines.source
        self._heals = False

    def run(self, wanted: str) -> Converted:
        document = self._lines.document
        if not isinstance(document, Mapping) or not isinstance(document.get("resources"), list):
            raise FleetError(f"{self._source} has no list of `resources`; is it sacloud/autoscaler's configuration?")
        top = _Part(self._note, "", document)
        groups = self._groups(top.take("resources"), "resources")
        chosen = self._choose(groups, wanted)
        config: dict[str, Any] = {}
        server_group = self._server_group(chosen)
        config["size"] = str(server_group.get("min_size", 0))
        config["server_group"] = server_group
        elb = self._elb(chosen)
        if elb:
            config["elb"] = elb
        config["scaling"] = self._scaling(top.part("autoscaler"))
        self._rest(top)
        for other in groups:
            if other is not chosen:
                self._note(other.path, f"server group {other.name!r} needs a stack of its own: convert with --group")
        notes = tuple(sorted(self._notes, key=lambda note: note.line))
        return Converted(config, notes, _problems(config), self._source)

    def _note(self, path: str, message: str) -> None:
        self._notes.append(Note(path, self._lines.line(path), message))

    # Finding the group

    def _groups(self, resources: Any, path: str, parent: tuple[str, str, Any] = ("", "", None)) -> list[_Found]:
        found: list[_Found] = []
        for index, body in enumerate(resources if isinstance(resources, list) else ()):
            here = f"{path}[{index}]"
            kind = str(body.get("type") or "") if isinstance(body, Mapping) else ""
            if kind == "ServerGroup":
                own = body.get("parent")
                if isinstance(own, Mapping):
                    own_parent = (f"{here}.parent", str(own.get("type") or ""), own.get("selector"))
                    for key in own.keys() - {"type", "selector"}:
                        self._note(f"{here}.parent.{key}", "there is no counterpart for this key")
                    found.append(_Found(here, body, *own_parent))
                else:
                    found.append(_Found(here, body, *parent))
            elif kind in PARENT_TYPES and body.get("resources"):
                found += self._groups(body["resources"], f"{here}.resources", (here, kind, body.get("selector")))
                for key in body.keys() - {"type", "name", "selector", "resources"}:
                    self._note(f"{here}.{key}", "there is no counterpart for this key")
            else:
                what = f"a {kind}" if kind else "this"
                self._note(here, f"{what} is not converted: only server groups scale here")
        return found

    def _choose(self, groups: list[_Found], wanted: str) -> _Found:
        names = ", ".join(found.name or found.path for found in groups)
        if not groups:
            raise FleetError(f"{self._source} has no resource of type ServerGroup; only those are converted")
        if not wanted:
            if len(groups) > 1:
                raise FleetError(f"{self._source} has several server groups ({names}); name one with --group")
            return groups[0]
        fitting = [found for found in groups if wanted in (found.name, found.prefix)]
        if len(fitting) != 1:
            problem = "has no server group" if not fitting else "has more than one server group"
            raise FleetError(f"{self._source} {problem} {wanted!r}; there are {names}")
        return fitting[0]

    # The group

    def _server_group(self, found: _Found) -> dict[str, Any]:
        part = _Part(self._note, found.path, found.body)
        for key in ("type", "parent", "name", "server_name_prefix"):
            part.take(key)
        group: dict[str, Any] = {**self._names(part, found)}
        zone = part.take("zone")
        group["zones"] = part.take("zones", [zone] if zone else [])
        group["min_size"] = part.take("min_size", 0)
        group["max_size"] = part.take("max_size", 0)
        plans = self._plans(part)
        if plans:
            group["plans"] = plans
        part.copy(group, "shutdown_force")
        part.lost("setup_grace_period", "not needed: a server joins the ELB when its health check calls it UP")
        healing = part.part("auto_healing")
        self._heals = bool(healing.take("enabled", False))
        healing.close()
        group["template"] = self._template(part.part("template"))
        part.close()
        return group

    def _names(self, part: _Part, found: _Found) -> dict[str, str]:
        prefix = found.prefix
        name = (
            prefix if _NAME.fullmatch(prefix) else re.sub(r"[^a-z0-9]+", "-", prefix.lower()).strip("-0123456789")[:28]
        )
        if name != prefix:
            self._note(found.path, f"a group cannot be called {prefix!r} here; it becomes {name!r}")
        if found.name != prefix:
            self._note(found.path, f"the group is called {prefix!r} like its servers, no longer {found.name!r}")
        written = str(part.take("server_name_format", "%s-%03d"))
        shape = _shape(written, "{group}" if name == prefix else _literal(prefix))
        if shape is None:
            part.note("server_name_format", f"{written!r} has no counterpart; the servers are called by the default")
            shape = "{group}-{number:03}"
        return {"name": name} if shape == "{group}-{number:03}" else {"name": name, "name_format": shape}

    def _plans(self, part: _Part) -> list[dict[str, Any]]:
        plans: list[dict[str, Any]] = []
        for index, body in enumerate(part.items("plans")):
            one = _Part(self._note, f"{part.at('plans')}[{index}]", body)
            plan: dict[str, Any] = {}
            one.copy(plan, "name", "size")
            one.close()
            if not plan.get("name"):
                self._note(one.path, "a plan without a name cannot be asked for; it was left out")
            elif plan["name"] in [other["name"] for other in plans]:
                self._note(one.path, f"the plan {plan['name']!r} is there already, and the first one counts")
            else:
                plans.append({"name": str(plan["name"]), "size": plan.get("size", 0)})
        return plans

    def _template(self, part: _Part) -> dict[str, Any]:
        template: dict[str, Any] = {}
        part.copy(template, "description", "interface_driver")
        tags = part.items("tags")
        if tags:
            template["tags"] = tags[:MAX_OWN_TAGS]
        for tag in tags[MAX_OWN_TAGS:]:
            part.note("tags", f"{tag!r} is one too many: of the cloud's ten tags, {MAX_OWN_TAGS} are yours")
        part.lost("use_group_tag", "tags that spread servers over hosts (@group=a) are not set")
        icon_id = _chosen_id(part.take("icon_id")) or _chosen_id(part.take("icon"))
        if icon_id:
            template["icon_id"] = icon_id
        for key in ("cdrom", "cdrom_id", "private_host", "private_host_id", "cloud_config"):
            part.lost(key, "there is no counterpart for this key")
        plan = part.part("plan")
        template["plan"] = {}
        plan.copy(template["plan"], "core", "memory", "dedicated_cpu")
        for key in ("gpu", "cpu_model"):
            plan.lost(key, "there is no counterpart: the plan is chosen by core, memory and dedicated_cpu")
        plan.close()
        template["network_interfaces"] = [
            self._interface(_Part(self._note, f"{part.at('network_interfaces')}[{index}]", body))
            for index, body in enumerate(part.items("network_interfaces"))
        ]
        template["disks"] = [
            self._disk(_Part(self._note, f"{part.at('disks')}[{index}]", body))
            for index, body in enumerate(part.items("disks"))
        ]
        edits = "edit_parameter" in part
        template["edit_parameter"] = self._edit(part.part("edit_parameter")) if edits else {"disabled": True}
        part.close()
        return template

    def _disk(self, part: _Part) -> dict[str, Any]:
        disk: dict[str, Any] = {}
        os_type = part.take("os_type")
        archive, copied = part.take("source_archive"), part.take("source_disk")
        if os_type:
            disk["os_type"] = os_type
            if os_type not in OS_TYPES:
                part.note("os_type", f"{os_type!r} is not known here; choose one of docs/configuration.md")
        elif archive or copied:
            key, value = ("source_archive", archive) if archive else ("source_disk", copied)
            disk["source_archive"] = (_chosen_id(value) if archive else "") or f"of {json.dumps(value)}"
            if not archive:
                part.note(key, "a disk cannot be copied from a disk; make an archive of it and write its ID")
            elif not _chosen_id(value):
                part.note(key, "an archive is named by its ID: write that")
        part.copy(disk, "plan", "connection", "size")
        for key in ("name_format", "name_prefix"):
            part.lost(key, "disks are called after their server")
        part.close()
        return disk

    def _interface(self, part: _Part) -> dict[str, Any]:
        upstream = part.take("upstream", "shared")
        interface: dict[str, Any] = {"upstream": upstream}
        if upstream != "shared":
            interface["upstream"] = _chosen_id(upstream) or f"of {json.dumps(upstream)}"
            if not _chosen_id(upstream):
                part.note("upstream", "a switch is named by its ID: write that")
        block, length = part.take("assign_cidr_block"), part.take("assign_netmask_len")
        if block:
            interface["assign_cidr_block"] = self._block(part, str(block), length)
        part.copy(interface, "default_route")
        part.lost("packet_filter", "a packet filter is written as a list of rules here, and made for the group")
        if "expose" in part:
            expose = part.part("expose")
            interface["expose"] = {}
            expose.copy(interface["expose"], "ports", "server_group_name")
            for key in ("weight", "vips", "health_check", "record_name", "record_ttl"):
                expose.lost(key, "there is no counterpart: only an ELB can be the group's parent")
            expose.close()
        part.close()
        return interface

    def _block(self, part: _Part, block: str, length: Any) -> str:
        """Here the block's own length is the netmask, so that of `assign_netmask_len` is written into it."""
        try:
            same = length is None or IPv4Network(block, strict=False).prefixlen == int(length)
        except (TypeError, ValueError):
            return block
        if not same:
            part.note("assign_netmask_len", f"the block is now /{length}; nothing keeps addresses within {block}")
        return block if same else f"{block.partition('/')[0]}/{length}"

    def _edit(self, part: _Part) -> dict[str, Any]:
        edit: dict[str, Any] = {"disabled": True} if part.take("disabled", False) else {}
        part.lost("password", "no password stands in a stack file: `pulumi config set --secret server_password`")
        for key in ("disable_pw_auth", "enable_dhcp", "change_partition_uuid"):
            edit[key] = part.take(key, False)
        part.lost("host_name_format", "a server's host name is its name", unless=["%s"])
        part.lost("host_name_prefix", "a server's host name is its name")
        keys = [self._or_file(one, part.at("ssh_keys"), index) for index, one in enumerate(part.items("ssh_keys"))]
        scripts = [
            self._or_file(one, part.at("startup_scripts"), index)
            for index, one in enumerate(part.items("startup_scripts"))
        ]
        part.close()
        if edit.get("disabled"):
            for what, some in (("ssh_keys", keys), ("startup_scripts", scripts)):
                if some:
                    part.note(what, "without effect, as edit_parameter is disabled; left out")
            return {"disabled": True}
        if keys:
            edit["ssh_keys"] = [key.strip() for key in keys]
        if scripts:
            edit["startup_scripts"] = scripts
        return edit

    def _or_file(self, value: Any, path: str, index: int) -> str:
        """A key or script, or the content of the file that is named instead."""
        text = str(value)
        if "\n" in text.strip() or text.startswith(("#!", *KEY_TYPES)):
            return text
        here = f"{path}[{index}]"
        file = self._folder / Path(text.strip()).expanduser()
        try:
            content = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError, RuntimeError, ValueError):
            self._note(here, f"there is no file {text.strip()!r} here; write its content in its place")
            return text
        if "PRIVATE KEY" in content:
            self._note(here, "this is a private key; write the public one")
            return text
        return content

    # Around the group

    def _elb(self, found: _Found) -> dict[str, Any]:
        if not found.parent_type:
            return {}
        if found.parent_type not in ELB_TYPES:
            self._note(found.parent_path, f"a {found.parent_type} cannot be the group's parent here; only an ELB can")
            return {}
        here = f"{found.parent_path}.selector"
        name = _chosen_id(found.selector) or _chosen_name(found.selector)
        if not name:
            self._note(here, "an ELB is looked up by its ID or its whole name: write elb.lookup")
        elif not _ID.fullmatch(name):
            self._note(here, f"lookup takes the ELB whose whole name is {name!r}; a selector also took a part of it")
        return {"lookup": name}

    def _scaling(self, part: _Part) -> dict[str, Any]:
        written = part.take("cooldown", THEIR_COOLDOWN)
        cooldown: Any = self._cooldown(part, "cooldown", written)
        if isinstance(written, Mapping):
            both = _Part(self._note, part.at("cooldown"), written)
            up, down = (self._cooldown(both, key, both.take(key, THEIR_COOLDOWN)) for key in ("up", "down"))
            both.lost("keep", "only growing and shrinking have a cooldown")
            both.close()
            cooldown = up if up == down else {"up": up, "down": down}
        part.lost("shutdown_grace_period", "not needed: a job that was stopped is finished by the next one")
        part.lost("exporter_config", "there is no counterpart for this key")
        part.lost("handlers_config", "there are no handlers")
        part.close()
        return {"mode": "threshold", "cooldown": cooldown, "heal": self._heals}

    def _cooldown(self, part: _Part, key: str, value: Any) -> Any:
        if isinstance(value, int) and value <= 0:
            part.note(key, f"{value} means {THEIR_COOLDOWN} there, so that is written; here 0 means none")
            return THEIR_COOLDOWN
        return value

    def _rest(self, top: _Part) -> None:
        top.lost("sakuracloud", "the API key comes from the environment: SAKURA_ACCESS_TOKEN and _SECRET")
        top.lost("handlers", "there are no handlers")
        top.close()


def _shape(written: str, prefix: str) -> str | None:
    """A printf format of (prefix, number) as one of ours; None where it cannot be."""
    verbs = [match[0] for match in _VERB.finditer(written) if match[0] != "%%"]
    if "%" in _VERB.sub("", written) or [verb[-1] for verb in verbs] != ["s", "d"]:
        return None
    found, last = "", 0
    for match in _VERB.finditer(written):
        found += _literal(written[last : match.start()])
        found += "%" if match[0] == "%%" else prefix if match[0] == "%s" else f"{{number:{match['width']}}}"
        last = match.end()
    return (found + _literal(written[last:])).replace("{number:None}", "{number}")


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _chosen_id(selector: Any) -> str:
    """The ID that a selector names; empty where it names none."""
    value = selector.get("id") if isinstance(selector, Mapping) else selector
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if _ID.fullmatch(text) else ""


def _chosen_name(selector: Any) -> str:
    """The name that a selector names; empty where it is not exactly one."""
    names = selector.get("names") if isinstance(selector, Mapping) and not selector.get("tags") else selector
    if isinstance(names, list) and len(names) == 1:
        names = names[0]
    return names if isinstance(names, str) else ""


def _problems(config: Mapping[str, Any]) -> tuple[Problem, ...]:
    """What our own parser says to the result, once it has a fleet_id."""
    raw = {key: value if isinstance(value, str) else json.dumps(value, default=str) for key, value in config.items()}
    try:
        read_stack({**raw, "fleet_id": "to-be-written"})
    except InputError as error:
        return error.problems
    return ()
