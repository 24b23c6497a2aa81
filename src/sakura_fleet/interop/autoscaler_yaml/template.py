"""The template of a group's servers: machine plan, interfaces, disks, and what is edited on the disks."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from sakura_fleet.errors import FileError
from sakura_fleet.interop.autoscaler_yaml.section import NO_COUNTERPART, Section
from sakura_fleet.interop.autoscaler_yaml.selectors import selected_id
from sakura_fleet.model.server.os_types import OS_TYPES
from sakura_fleet.model.server.ssh_key import KEY_TYPES
from sakura_fleet.ownership import MAX_OWN_TAGS
from sakura_fleet.text_files import read_text_file


def read_template(section: Section, folder: Path) -> dict[str, Any]:
    """The stack's `server_group.template`. `folder` is where relative paths of keys and scripts begin."""
    template: dict[str, Any] = {}
    section.copy(template, "description", "interface_driver")
    tags = section.items("tags")
    if tags:
        template["tags"] = tags[:MAX_OWN_TAGS]
    for tag in tags[MAX_OWN_TAGS:]:
        section.to_do("tags", f"{tag!r} is one too many: of the cloud's ten tags, {MAX_OWN_TAGS} are yours")
    section.drop("use_group_tag", "tags that spread servers over hosts (@group=a) are not set")
    for key in ("icon_id", "icon"):
        icon = section.take(key)
        if selected_id(icon):
            template["icon_id"] = selected_id(icon)
        elif icon:
            section.to_do(key, "an icon is named by its ID: write that as icon_id")
    for key in ("cdrom", "cdrom_id", "private_host", "private_host_id"):
        section.drop(key, NO_COUNTERPART)
    section.drop("cloud_config", "there is no cloud-init here: write a startup script, or `edit_parameter`")
    template["plan"] = _machine_plan(section.section("plan"))
    template["network_interfaces"] = [_interface(entry) for entry in section.sections("network_interfaces")]
    template["disks"] = [_disk(entry) for entry in section.sections("disks")]
    if "edit_parameter" in section:
        template["edit_parameter"] = _edit_parameter(section.section("edit_parameter"), folder)
    else:
        template["edit_parameter"] = {"disabled": True}
    section.close()
    return template


def _machine_plan(section: Section) -> dict[str, Any]:
    plan: dict[str, Any] = {}
    section.copy(plan, "core", "memory", "dedicated_cpu")
    for key in ("gpu", "cpu_model"):
        section.drop(key, "there is no counterpart: the plan is chosen by core, memory and dedicated_cpu")
    section.close()
    return plan


def _disk(section: Section) -> dict[str, Any]:
    disk: dict[str, Any] = {}
    os_type = section.text("os_type")
    archive, copied = section.take("source_archive"), section.take("source_disk")
    if os_type:
        disk["os_type"] = os_type
        if os_type not in OS_TYPES:
            section.to_do("os_type", f"{os_type!r} is not known here; choose one of docs/configuration.md")
        for key, value in (("source_archive", archive), ("source_disk", copied)):
            if value:
                section.note(key, "without effect beside os_type, there as here; left out")
    elif archive:
        disk["source_archive"] = selected_id(archive) or _undecided(archive)
        if not selected_id(archive):
            section.to_do("source_archive", "an archive is named by its ID: write that")
        if copied:
            section.note("source_disk", "without effect beside source_archive, there as here; left out")
    elif copied:
        disk["source_archive"] = _undecided(copied)
        section.to_do("source_disk", "a disk cannot be copied from a disk; make an archive of it and write its ID")
    section.copy(disk, "plan", "connection", "size")
    for key in ("name_format", "name_prefix"):
        section.drop(key, "disks are called after their server")
    for key in ("tags", "description", "icon", "icon_id"):
        section.drop(key, "disks are not labelled")
    section.close()
    return disk


def _interface(section: Section) -> dict[str, Any]:
    upstream = section.take("upstream", "shared")
    interface: dict[str, Any] = {"upstream": upstream}
    if upstream != "shared":
        interface["upstream"] = selected_id(upstream) or _undecided(upstream)
        if not selected_id(upstream):
            section.to_do("upstream", "a switch is named by its ID: write that")
    block, length = section.text("assign_cidr_block"), section.take("assign_netmask_len")
    if block:
        interface["assign_cidr_block"] = _block(section, block, length)
    elif length:
        section.to_do("assign_netmask_len", "a netmask without assign_cidr_block assigns nothing; it was left out")
    section.copy(interface, "default_route")
    for key in ("packet_filter", "packet_filter_id"):
        section.drop(key, "a packet filter is written as a list of rules here, and made for the group")
    if "expose" in section:
        interface["expose"] = _expose(section.section("expose"))
    section.close()
    return interface


def _expose(section: Section) -> dict[str, Any]:
    expose: dict[str, Any] = {}
    section.copy(expose, "ports", "server_group_name")
    for key in ("weight", "vips", "health_check", "record_name", "record_ttl"):
        section.drop(key, "there is no counterpart: only an ELB can be the group's parent")
    section.close()
    return expose


def _block(section: Section, block: str, length: Any) -> str:
    """Here the block's own length is the netmask, so that of `assign_netmask_len` is written into it."""
    try:
        if not length or IPv4Network(block, strict=False).prefixlen == length:
            return block
    except ValueError:
        return block  # refused as it is
    section.to_do("assign_netmask_len", f"the block is now /{length}; nothing keeps addresses within {block}")
    return f"{block.partition('/')[0]}/{length}"


def _edit_parameter(section: Section, folder: Path) -> dict[str, Any]:
    disabled = section.take("disabled", False)
    edit: dict[str, Any] = {} if disabled is False else {"disabled": disabled}
    section.drop("password", "no password is in a stack file: `pulumi config set --secret server_password`")
    for key in ("disable_pw_auth", "enable_dhcp", "change_partition_uuid"):
        edit[key] = section.take(key, False)
    section.drop("host_name_format", "a server's host name is its name", unless=["%s"])
    section.drop("host_name_prefix", "a server's host name is its name")
    keys, scripts = (_contents(section, key, folder) for key in ("ssh_keys", "startup_scripts"))
    section.close()
    if disabled is True:
        for what, contents in (("ssh_keys", keys), ("startup_scripts", scripts)):
            if contents:
                section.note(what, "without effect, as edit_parameter is disabled; left out")
        return {"disabled": True}
    if keys:
        edit["ssh_keys"] = [key.strip() for key in keys]
    if scripts:
        edit["startup_scripts"] = scripts
    return edit


def _contents(section: Section, key: str, folder: Path) -> list[str]:
    """Keys or scripts, or the contents of the files that are named instead."""
    return [_content(section, f"{key}[{index}]", str(value), folder) for index, value in enumerate(section.items(key))]


def _content(section: Section, key: str, text: str, folder: Path) -> str:
    if "\n" in text.strip() or text.startswith(("#!", *KEY_TYPES)):
        return text
    try:
        content = read_text_file(folder / Path(text.strip()).expanduser())
    except (FileError, RuntimeError):
        section.to_do(key, f"there is no file {text.strip()!r} here; write its content in its place")
        return text
    if "PRIVATE KEY" in content:
        section.to_do(key, "this is a private key; write the public one")
        return text
    return content


def _undecided(selector: Any) -> str:
    """What was written where an ID must be: the stack file is refused until somebody writes it."""
    return f"of {json.dumps(selector)}"
