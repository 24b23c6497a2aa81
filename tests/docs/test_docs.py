"""The documents say what the code does: keys, links, commands and examples."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from sakura_fleet.cli.main import main
from sakura_fleet.errors import InputError
from sakura_fleet.model.caddy.host import Behind, Binary, CaddyHostArgs, SshAccess
from sakura_fleet.model.caddy.site import FileServer, Redirect, ReverseProxy, Site
from sakura_fleet.model.dns import ALLOWABLE, TYPES, RecordSet
from sakura_fleet.model.dns import RULES as DNS_RULES
from sakura_fleet.model.dns.args import DnsArgs
from sakura_fleet.model.dns.rdata import HINTS
from sakura_fleet.model.dns.svcb import Severity
from sakura_fleet.model.elb import (
    CONTENT_TYPES,
    PLANS,
    PROXY_MODES,
    REGIONS,
    RULE_ACTIONS,
    SSL_POLICIES,
    BindPort,
    ElbArgs,
    ElbSettings,
    HealthCheck,
    ResponseHeader,
    Rule,
    SorryServer,
    Syslog,
)
from sakura_fleet.model.server.group import ServerGroupArgs, SizePreset
from sakura_fleet.model.server.os_types import OS_TYPES
from sakura_fleet.model.server.packet_filter import PacketFilterRule
from sakura_fleet.model.server.template import (
    DiskTemplate,
    EditParameter,
    Expose,
    MachinePlan,
    NetworkInterface,
    ServerTemplate,
)
from sakura_fleet.model.stack import StackConfig, read_stack
from sakura_fleet.model.zones import ZONES
from tests.docs.settings import MINIMAL

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = ROOT / "docs" / "configuration.md"
READMES = (ROOT / "README.md", ROOT / "README.ja.md")
STACK_FILES = sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))
PREFIX = "sakura-fleet:"

TEMPLATE = "`server_group.template`"
INTERFACES = "`server_group.template.network_interfaces[]`"
RULES = "`server_group.template.network_interfaces[].packet_filter[]`"
EXPOSE = "`server_group.template.network_interfaces[].expose`"
RECORD_SETS = "`dns.record_sets[]`"
HTTPS_VALUE = "`dns.record_sets[].values[]` as a mapping"

SECTIONS: dict[str, tuple[tuple[str | int, ...], type | None]] = {
    "The stack": ((), StackConfig),
    "`server_group`": (("server_group",), ServerGroupArgs),
    "`server_group.presets[]`": (("server_group", "presets", 0), SizePreset),
    TEMPLATE: (("server_group", "template"), ServerTemplate),
    "`server_group.template.plan`": (("server_group", "template", "plan"), MachinePlan),
    "`server_group.template.disks[]`": (("server_group", "template", "disks", 0), DiskTemplate),
    INTERFACES: (("server_group", "template", "network_interfaces", 0), NetworkInterface),
    RULES: (("server_group", "template", "network_interfaces", 0, "packet_filter", 0), PacketFilterRule),
    EXPOSE: (("server_group", "template", "network_interfaces", 0, "expose"), Expose),
    "`server_group.template.edit_parameter`": (("server_group", "template", "edit_parameter"), EditParameter),
    "`elb`": (("elb",), ElbArgs),
    "`elb.bind_ports[]`": (("elb", "bind_ports", 0), BindPort),
    "`elb.bind_ports[].response_headers[]`": (("elb", "bind_ports", 0, "response_headers", 0), ResponseHeader),
    "`elb.health_check`": (("elb", "health_check"), HealthCheck),
    "`elb.sorry_server`": (("elb", "sorry_server"), SorryServer),
    "`elb.syslog`": (("elb", "syslog"), Syslog),
    "`elb.rules[]`": (("elb", "rules", 0), Rule),
    "`hosts[]`": (("hosts", 0), CaddyHostArgs),
    "`hosts[].sites[]`": (("hosts", 1, "sites", 0), Site),
    "`hosts[].sites[].file_server`": (("hosts", 1, "sites", 0, "file_server"), FileServer),
    "`hosts[].sites[].reverse_proxy`": (("hosts", 1, "sites", 1, "reverse_proxy"), ReverseProxy),
    "`hosts[].sites[].redirect`": (("hosts", 1, "sites", 2, "redirect"), Redirect),
    "`hosts[].behind`": (("hosts", 2, "behind"), Behind),
    "`hosts[].binary`": (("hosts", 1, "binary"), Binary),
    "`hosts[].ssh`": (("hosts", 3, "ssh"), SshAccess),
    "`dns`": (("dns",), DnsArgs),
    RECORD_SETS: (("dns", "record_sets", 0), RecordSet),
    HTTPS_VALUE: (("dns", "record_sets", 0, "values", 0), None),
    "`dns.record_sets[].values[]` of MX as a mapping": (("dns", "record_sets", 1, "values", 0), None),
    "`dns.record_sets[].values[]` of SRV as a mapping": (("dns", "record_sets", 2, "values", 0), None),
    "`dns.record_sets[].values[]` of CAA as a mapping": (("dns", "record_sets", 3, "values", 0), None),
}
"""Each heading of the configuration page: where its settings stand, and the values that they become."""

PLANNED = "Not ready yet"
"""How the meaning of a key begins that is only announced."""

UNKNOWN = "zzzz"
"""A key that no reader has, and that resembles none."""

REFUSED = {"password"}
"""Keys that a reader knows only to refuse them with a better message."""

NEEDED_BY_ANOTHER = {
    "`elb.rules[]`": {"server_group"},
    "`hosts[]`": {"zone", "caddyfile"},
    "`hosts[].sites[]`": {"file_server"},
}
"""Keys that are needed or not by what another key says."""


def read(raw: dict[str, Any]) -> StackConfig:
    """A configuration in the form in which Pulumi hands it over."""
    return read_stack({key: value if isinstance(value, str) else json.dumps(value) for key, value in raw.items()})


def section(heading: str) -> str:
    """What stands under a heading of the configuration page."""
    text = CONFIGURATION.read_text("utf-8")
    found = re.search(rf"^##+ {re.escape(heading)}\n(.*?)(?=^## |^### |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"docs/configuration.md has no heading {heading}"
    return found.group(1)


def rows(heading: str) -> dict[str, tuple[str, str]]:
    """The table under a heading: key to type and default."""
    found = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.+) \|$", section(heading), re.MULTILINE)
    return {key: (kind, default) for key, kind, default, meaning in found if not meaning.startswith(PLANNED)}


def planned(heading: str) -> set[str]:
    """The keys that the page announces only."""
    return set(re.findall(rf"^\| `(\w+)` \|.*\| {re.escape(PLANNED)}", section(heading), re.MULTILINE))


def copy_of_minimal(heading: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A configuration, and the part of it that a section is about."""
    whole = json.loads(json.dumps(MINIMAL))
    part = whole
    for step in SECTIONS[heading][0]:
        part = part[step]
    return whole, part


def asked_for(heading: str) -> set[str]:
    """The keys that the reader of a section's settings takes, in its own words."""
    whole, part = copy_of_minimal(heading)
    part[UNKNOWN] = 1
    with pytest.raises(InputError) as caught:
        read(whole)
    (message,) = [p.message for p in caught.value.problems if p.rule == "unknown-key"]
    known = set(message.partition("known are ")[2].split(", "))
    # The addresses of hints are read apart from the mapping, as they may refer to servers.
    return known | set(HINTS) if heading == HTTPS_VALUE else known


def test_the_minimal_configuration_is_accepted() -> None:
    assert read(MINIMAL)


@pytest.mark.parametrize("heading", SECTIONS)
def test_configuration_names_every_key_and_no_other(heading: str) -> None:
    assert set(rows(heading)) == asked_for(heading) - REFUSED - planned(heading)


@pytest.mark.parametrize("heading", [heading for heading, (_, values) in SECTIONS.items() if values])
def test_configuration_names_every_field(heading: str) -> None:
    named = {field.name for field in fields(SECTIONS[heading][1])}  # type: ignore[arg-type]
    if heading == "`server_group`":
        named.remove("size")  # a key of the stack, as `pulumi config set size` changes it
    if heading == "`elb`":
        named = named - {"settings"} | {field.name for field in fields(ElbSettings)}
    assert named - planned(heading) <= set(rows(heading))


def test_every_table_of_the_page_is_compared_with_the_code() -> None:
    headings = re.findall(r"^##+ (.+)$", CONFIGURATION.read_text("utf-8"), re.MULTILINE)
    assert {heading for heading in headings if re.search(r"^\| Key \| Type \|", section(heading), re.MULTILINE)} == set(
        SECTIONS
    )


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_of_the_tables_is_one_the_reader_knows(heading: str) -> None:
    for key in rows(heading):
        whole, part = copy_of_minimal(heading)
        part[key] = -0.5
        with pytest.raises(InputError) as caught:
            read(whole)
        assert [p.path for p in caught.value.problems if p.rule == "unknown-key"] == [], key


def _default(default: object) -> str | None:
    """A default as the page writes it; None where it is a structure of its own."""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if default in ("", (), None):
        return "none"
    return f"`{default}`" if isinstance(default, str | int) else None


def _defaults(heading: str) -> dict[str, object]:
    """The defaults of a section's keys: those of the values' fields."""
    _, values = SECTIONS[heading]
    found = {field.name: field.default for field in fields(values)} if values else {}
    if heading == "`elb`":
        found |= {field.name: field.default for field in fields(ElbSettings)}
    if heading == "`elb.health_check`":
        found |= {"path": ElbSettings().health_check.path}
    return {key: default for key, default in found.items() if default is not MISSING}


@pytest.mark.parametrize("heading", [heading for heading in SECTIONS if heading != "The stack"])
def test_defaults_are_the_code_s(heading: str) -> None:
    stated = rows(heading)
    for key, value in _defaults(heading).items():
        default = _default(value)
        if default and key in stated and stated[key][1] != "required":
            assert stated[key][1] == default, key


@pytest.mark.parametrize("heading", SECTIONS)
def test_required_keys_are_those_without_which_nothing_works(heading: str) -> None:
    required = {key for key, (_, default) in rows(heading).items() if default == "required"}
    for key in set(rows(heading)) - {"server_group"} - NEEDED_BY_ANOTHER.get(heading, set()):
        whole, part = copy_of_minimal(heading)
        part.pop(key, None)
        if heading.startswith("`server_group"):
            whole.pop("elb")  # which needs a port
        if key in required:
            with pytest.raises(InputError, match=rf"\b{key}: .*missing"):
                read(whole)
        else:
            read(whole)


def record_types() -> dict[str, str]:
    """The table of record types: type to the value that it shows."""
    return dict(re.findall(r"^\| `([A-Z]+)` \| `(.+?)` \|", section(RECORD_SETS), re.MULTILINE))


def test_configuration_names_every_record_type() -> None:
    assert set(record_types()) == set(TYPES)


@pytest.mark.parametrize(("kind", "value"), record_types().items())
def test_the_values_shown_for_record_types_are_accepted_as_they_stand(kind: str, value: str) -> None:
    name = {"SRV": "_sip._tcp", "SVCB": "_dns.resolver"}.get(kind, "shown")
    dns = {"zone": "example.com", "record_sets": [{"name": name, "type": kind, "values": [value]}]}
    (read_set,) = read({**MINIMAL, "dns": dns}).dns.record_sets  # type: ignore[union-attr]
    assert [typed.text() for typed in read_set.values] == [value]


def test_configuration_names_every_rule_that_can_be_allowed() -> None:
    stated = re.findall(r"^\| `([a-z0-9-]+)` \|", section("`dns.record_sets[].allow`"), re.MULTILINE)
    assert set(stated) == set(ALLOWABLE)


def test_the_page_on_dns_names_every_rule_with_its_severity_and_source() -> None:
    text = (ROOT / "docs" / "dns.md").read_text("utf-8")
    words = {Severity.ERROR: "refused", Severity.HARMFUL: "refused unless allowed", Severity.WARNING: "warning"}
    stated = re.findall(r"^\| `([a-z0-9-]+)` \| ([a-z ]+) \| [^|]+ \| ([^|]+) \|$", text, re.MULTILINE)
    assert sorted(stated) == sorted(
        (rule, words[severity], re.sub(r"^(?=\d|Appendix)", "RFC 9460 ", source))
        for rule, (severity, source) in DNS_RULES.items()
    )


def test_configuration_names_every_value_of_the_short_lists() -> None:
    text = CONFIGURATION.read_text("utf-8")
    lists = (PLANS, REGIONS, PROXY_MODES, SSL_POLICIES, RULE_ACTIONS, CONTENT_TYPES, ZONES, OS_TYPES)
    words = {str(word) for words in lists for word in words}
    assert {word for word in words if not re.search(rf"[ `]{re.escape(word)}[`,. ]", text)} == set()


def examples() -> list[str]:
    """The YAML blocks of the configuration page."""
    text = CONFIGURATION.read_text("utf-8")
    return re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


WHOLE_STACKS = [block for block in examples() if block.startswith("# stacks/Pulumi.")]
PARTS = [block for block in examples() if block.startswith(f"  {PREFIX}")]
WITHIN_TEMPLATE = [block for block in examples() if block.startswith("      ")]


def _config(block: str) -> dict[str, Any]:
    config = yaml.safe_load(block)
    assert all(key.startswith(PREFIX) for key in config)
    return {key.removeprefix(PREFIX): value for key, value in config.items()}


@pytest.mark.parametrize("block", WHOLE_STACKS, ids=lambda block: block.partition("\n")[0])
def test_examples_of_whole_stacks_are_accepted(block: str) -> None:
    assert read(_config(yaml.safe_dump(yaml.safe_load(block)["config"])))


@pytest.mark.parametrize("block", PARTS, ids=lambda block: block.partition("\n")[0].strip())
def test_examples_of_parts_are_accepted_in_a_stack(block: str) -> None:
    around = {**MINIMAL, "size": 2, "hosts": [{**MINIMAL["hosts"][0], "record": "www"}]}
    around["server_group"] = {**MINIMAL["server_group"], "max_size": 2}
    block = re.sub(r"ssh-ed25519 AAAA… \S+", _public_key(), block)
    config = _config(block)
    if "server_group" in config:
        around.pop("elb")  # which needs a port
    assert read({**around, **config})


@pytest.mark.parametrize("block", WITHIN_TEMPLATE, ids=lambda block: block.partition("\n")[0].strip())
def test_examples_of_the_template_are_accepted_in_a_stack(block: str) -> None:
    part = yaml.safe_load(re.sub(r"ssh-ed25519 AAAA… \S+", _public_key(), block))
    if "packet_filter" in part:
        part = {"network_interfaces": [part]}
    whole = {**MINIMAL, "server_group": {**MINIMAL["server_group"], "template": part}}
    whole.pop("elb")  # which needs a port
    assert read(whole)


def _public_key() -> str:
    """A public key that is whole, for the shortened one of an example."""
    text = (ROOT / "stacks" / "Pulumi.local.yaml").read_text("utf-8")
    return str(re.findall(r"ssh-ed25519 \S+", text)[0])


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.name)
def test_the_stack_that_a_readme_begins_with_is_accepted(path: Path) -> None:
    block = re.findall(r"^```yaml\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)[0]
    assert read(_config(yaml.safe_dump(yaml.safe_load(block)["config"]))).elb


def test_no_example_is_left_out() -> None:
    template = [block for block in examples() if block.startswith("    template:")]
    assert len(WHOLE_STACKS) >= 2
    assert len(examples()) == len(WHOLE_STACKS) + len(PARTS) + len(WITHIN_TEMPLATE) + len(template)


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


UNBREAKABLE = ("|", "#", "<", "![")
"""How lines begin that Markdown cannot break: tables, headings, comments, pictures."""


def wrapped_files() -> list[Path]:
    """All but Japanese ones (a sentence a line, as a break in one is shown as a blank) and what `make bench` writes."""
    return [path for path in markdown_files() if not path.name.endswith((".ja.md", "RESULTS.md"))]


@pytest.mark.parametrize("path", wrapped_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_prose_is_wrapped_at_100_columns(path: Path) -> None:
    text = re.sub(r"^ *```.*?^ *```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    long = [line for line in text.splitlines() if len(line) > 100 and not line.lstrip().startswith(UNBREAKABLE)]
    assert [line for line in long if " " in line.strip()] == []


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
    assert set(re.findall(r"(?:`|^\$ )sakura-fleet ([a-z-]+)", text, re.MULTILINE)) <= set(main.commands)


@pytest.mark.parametrize("path", markdown_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_options_of_our_command_exist(path: Path) -> None:
    for name, rest in re.findall(r"(?:`|^\$ )sakura-fleet ([a-z-]+)([^`\n]*)", path.read_text("utf-8"), re.MULTILINE):
        command = main.commands[name]
        if isinstance(command, click.Group) and (sub := rest.split()[:1]):
            assert sub[0] in command.commands, f"sakura-fleet {name}{rest}"
            command = command.commands[sub[0]]
        known = {option for parameter in command.params for option in parameter.opts}
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
