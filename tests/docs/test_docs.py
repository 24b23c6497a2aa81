"""The documents say what the code does: keys, links, commands and examples."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from sakura_fleet.cli.main import main
from sakura_fleet.errors import InputError
from sakura_fleet.model.packet_filter import PacketFilterRule
from sakura_fleet.model.server_group import ServerGroupArgs, SizePlan
from sakura_fleet.model.stack import StackConfig, read_stack
from sakura_fleet.model.template import (
    DiskTemplate,
    EditParameter,
    Expose,
    NetworkInterface,
    ServerPlan,
    ServerTemplate,
)

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = ROOT / "docs" / "configuration.md"
READMES = (ROOT / "README.md", ROOT / "README.ja.md")
STACK_FILES = sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))
PREFIX = "sakura-fleet:"

TEMPLATE = "`server_group.template`"
INTERFACES = "`server_group.template.network_interfaces[]`"
RULES = "`server_group.template.network_interfaces[].packet_filter[]`"
SECTIONS: dict[str, type] = {
    "The stack": StackConfig,
    "`server_group`": ServerGroupArgs,
    "`server_group.plans[]`": SizePlan,
    TEMPLATE: ServerTemplate,
    "`server_group.template.plan`": ServerPlan,
    "`server_group.template.disks[]`": DiskTemplate,
    INTERFACES: NetworkInterface,
    RULES: PacketFilterRule,
    "`server_group.template.network_interfaces[].expose`": Expose,
    "`server_group.template.edit_parameter`": EditParameter,
}
"""Each heading of the configuration page, and the values that its table describes."""

PLANNED = "Not there yet"
"""How the meaning of a key begins that is only announced."""

STACK_ONLY = {"size", "access_token", "access_token_secret", "server_password"}
"""Keys of the stack that are no field of `StackConfig`: the size belongs to the group, secrets are not kept."""

MINIMAL: dict[str, Any] = {
    "fleet_id": "for-the-tests",
    "size": 1,
    "server_group": {
        "name": "web",
        "zones": ["is1b"],
        "max_size": 1,
        "plans": [{"name": "one", "size": 1}],
        "template": {"network_interfaces": [{"packet_filter": [{"protocol": "tcp"}]}]},
    },
}
"""Every required setting, and no other."""


def read(raw: dict[str, Any]) -> StackConfig:
    """A configuration in the form in which Pulumi hands it over."""
    return read_stack({key: value if isinstance(value, str) else json.dumps(value) for key, value in raw.items()})


def rows(heading: str) -> dict[str, tuple[str, str]]:
    """The table under a heading: key to type and default."""
    text = CONFIGURATION.read_text("utf-8")
    section = re.search(rf"^##+ {re.escape(heading)}\n(.*?)(?=^## |^### |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, f"docs/configuration.md has no heading {heading}"
    found = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.+) \|$", section.group(1), re.MULTILINE)
    return {key: (kind, default) for key, kind, default, meaning in found if not meaning.startswith(PLANNED)}


def planned(heading: str) -> set[str]:
    """The keys that the page announces only."""
    text = CONFIGURATION.read_text("utf-8")
    section = re.search(rf"^##+ {re.escape(heading)}\n(.*?)(?=^## |^### |\Z)", text, re.MULTILINE | re.DOTALL)
    return set(
        re.findall(rf"^\| `(\w+)` \|.*\| {re.escape(PLANNED)}", section.group(1) if section else "", re.MULTILINE)
    )


def keys(values: type) -> set[str]:
    """What the reader of these values takes."""
    names = {field.name for field in fields(values)}
    if values is ServerGroupArgs:
        names.remove("size")
    return names | STACK_ONLY if values is StackConfig else names


@pytest.mark.parametrize("heading", SECTIONS)
def test_configuration_names_every_key_and_no_other(heading: str) -> None:
    assert set(rows(heading)) == keys(SECTIONS[heading]) - planned(heading)


WHERE: dict[str, tuple[str | int, ...]] = {
    "The stack": (),
    "`server_group`": ("server_group",),
    "`server_group.plans[]`": ("server_group", "plans", 0),
    TEMPLATE: ("server_group", "template"),
    "`server_group.template.plan`": ("server_group", "template", "plan"),
    "`server_group.template.disks[]`": ("server_group", "template", "disks", 0),
    INTERFACES: ("server_group", "template", "network_interfaces", 0),
    RULES: ("server_group", "template", "network_interfaces", 0, "packet_filter", 0),
    "`server_group.template.network_interfaces[].expose`": (
        "server_group",
        "template",
        "network_interfaces",
        0,
        "expose",
    ),
    "`server_group.template.edit_parameter`": ("server_group", "template", "edit_parameter"),
}
"""Where each section's settings stand."""


def copy_of_minimal(heading: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A configuration, and the part of it that a section is about."""
    whole = json.loads(json.dumps(MINIMAL))
    whole["server_group"]["template"] |= {"plan": {}, "disks": [{}], "edit_parameter": {}}
    whole["server_group"]["template"]["network_interfaces"][0]["expose"] = {}
    part = whole
    for step in WHERE[heading]:
        part = part[step]
    return whole, part


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_of_the_tables_is_one_the_reader_knows(heading: str) -> None:
    for key in (*rows(heading), "zzzz"):
        whole, part = copy_of_minimal(heading)
        part[key] = -0.5
        with pytest.raises(InputError) as caught:
            read(whole)
        unknown = [p.path for p in caught.value.problems if p.rule == "unknown-key"]
        assert bool(unknown) == (key == "zzzz"), (key, unknown)


def _default(field: Field[Any]) -> str | None:
    """A field's default as the page writes it; None where it is a structure of its own."""
    default = field.default
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if default in ("", ()):
        return "none"
    return None if default is MISSING or isinstance(default, tuple) else f"`{default}`"


@pytest.mark.parametrize("heading", [heading for heading in SECTIONS if heading != "The stack"])
def test_defaults_are_the_code_s(heading: str) -> None:
    stated = rows(heading)
    for field in fields(SECTIONS[heading]):
        default = _default(field)
        if default and field.name in stated and stated[field.name][1] != "required":
            assert stated[field.name][1] == default, field.name


@pytest.mark.parametrize("heading", SECTIONS)
def test_required_keys_are_those_without_which_nothing_works(heading: str) -> None:
    required = {key for key, (_, default) in rows(heading).items() if default == "required"}
    for key in set(rows(heading)) - {"server_group"}:
        whole, part = copy_of_minimal(heading)
        part.pop(key, None)
        if key in required:
            with pytest.raises(InputError, match=rf"{key}: the setting is missing"):
                read(whole)
        else:
            read(whole)


def markdown_files() -> list[Path]:
    """Every Markdown file that is tracked or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = listed.stdout.split("\n") if listed.returncode == 0 else []
    found = [ROOT / name for name in names if name and (ROOT / name).is_file()]
    return found or [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", markdown_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    dead = []
    for link in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert not dead


def commands(path: Path) -> list[str]:
    """The lines that a reader is to type."""
    return re.findall(r"^\$ (.+)$", path.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", markdown_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_named_commands_exist(path: Path) -> None:
    text = path.read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^\$ )make ([a-z-]+)", text, re.MULTILINE)) <= targets
    assert set(re.findall(r"(?:`|^\$ )sakura-fleet ([a-z]+)", text, re.MULTILINE)) <= set(main.commands)


@pytest.mark.parametrize("path", markdown_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_options_of_our_command_exist(path: Path) -> None:
    for name, rest in re.findall(r"(?:`|^\$ )sakura-fleet ([a-z]+)([^`\n]*)", path.read_text("utf-8"), re.MULTILINE):
        known = {option for parameter in main.commands[name].params for option in parameter.opts}
        assert set(re.findall(r"(?<=\s)--?[a-z][a-z-]*", rest)) <= known, f"sakura-fleet {name}{rest}"


def test_both_readmes_have_the_same_commands() -> None:
    english, japanese = (commands(path) for path in READMES)
    assert english
    assert english == japanese


def test_both_readmes_have_the_same_code() -> None:
    english, japanese = (
        re.findall(r"^```(?:python|yaml)\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        for path in READMES
    )
    assert [re.sub(r" *#.*", "", block) for block in english] == [re.sub(r" *#.*", "", block) for block in japanese]


def test_program_of_the_readme_uses_what_exists() -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```", READMES[0].read_text("utf-8"), re.MULTILINE | re.DOTALL)
    compile(program, "README.md", "exec")
    for module, names in re.findall(r"^from (sakura_fleet\.model\.\w+) import (.+)$", program, re.MULTILINE):
        loaded = __import__(module, fromlist=["*"])
        assert all(hasattr(loaded, name) for name in names.split(", "))


@pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.name)
def test_stack_files_are_accepted(path: Path) -> None:
    config = yaml.safe_load(path.read_text("utf-8"))["config"]
    assert all(key.startswith(PREFIX) for key in config)
    assert read({key.removeprefix(PREFIX): value for key, value in config.items()})


def test_every_stack_file_is_a_fleet_of_its_own() -> None:
    fleets = [yaml.safe_load(path.read_text("utf-8"))["config"][f"{PREFIX}fleet_id"] for path in STACK_FILES]
    assert {"Pulumi.local.yaml", "Pulumi.staging.yaml", "Pulumi.production.yaml"} <= {path.name for path in STACK_FILES}
    assert len(set(fleets)) == len(fleets)


def test_license_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text("ascii")
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert text.rstrip().endswith("limitations under the License.")
    assert len(text) == 11_358
