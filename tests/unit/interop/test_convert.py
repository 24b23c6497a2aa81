"""`scaler convert`: both layouts of sacloud/autoscaler's file, and nothing lost without a word."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from sakura_fleet.cli.convert import convert
from sakura_fleet.errors import FileError
from sakura_fleet.interop import autoscaler_yaml
from sakura_fleet.interop.autoscaler_yaml import Converted
from sakura_fleet.model.scaling import Cooldown
from sakura_fleet.model.server.template import DiskTemplate, Expose, MachinePlan, NetworkInterface
from sakura_fleet.model.stack import StackConfig, read_stack
from tests.unit.interop.autoscaler_keys import KEYS, Key, get
from tests.unit.model.read import PUBLIC_KEY
from tests.unit.yaml_bomb import bomb

GROUP: dict[str, Any] = {
    "type": "ServerGroup",
    "name": "hscale-group",
    "zone": "tk1b",
    "min_size": 2,
    "max_size": 5,
    "shutdown_force": False,
    "plans": [{"name": "smallest", "size": 2}, {"name": "medium", "size": 3}, {"name": "largest", "size": 5}],
    "template": {
        "description": "hscale-group",
        "interface_driver": "virtio",
        "plan": {"core": 1, "memory": 1, "dedicated_cpu": False},
        "network_interfaces": [{"upstream": "shared", "expose": {"ports": [80], "server_group_name": "gr1"}}],
        "disks": [{"os_type": "almalinux", "plan": "ssd", "connection": "virtio", "size": 20}],
        "edit_parameter": {
            "disabled": False,
            "password": "",
            "disable_pw_auth": True,
            "enable_dhcp": False,
            "change_partition_uuid": True,
            "ssh_keys": [PUBLIC_KEY],
            "startup_scripts": ['#!/bin/bash\nyum install -y nginx\necho "I am {{ .Name }}" > /srv/index.html\n'],
        },
    },
}
"""A server group such as the seed's."""


def nested(group: dict[str, Any], cooldown: Any = 540) -> dict[str, Any]:
    """The layout before v0.5, as in the seed."""
    elb = {"type": "ELB", "name": "hscale-elb", "selector": {"names": ["tk-elb"]}, "resources": [group]}
    return {"resources": [elb], "autoscaler": {"cooldown": cooldown}}


def flat(group: dict[str, Any], cooldown: Any = 540) -> dict[str, Any]:
    """Today's layout."""
    return {
        "resources": [{**group, "parent": {"type": "ELB", "selector": "tk-elb"}}],
        "autoscaler": {"cooldown": cooldown},
    }


def changed(document: dict[str, Any] | None = None, /, **changes: Any) -> dict[str, Any]:
    """A copy of the group, or of `document`; `template__plan={…}` changes what lies deeper, None removes."""
    copy: dict[str, Any] = json.loads(json.dumps(document or GROUP))
    for path, value in changes.items():
        *way, last = path.split("__")
        place = copy
        for step in way:
            place = place[step]
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return copy


def run(tmp_path: Path, document: Any, *arguments: str) -> Result:
    path = tmp_path / "autoscaler.yaml"
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document, sort_keys=False))
    return CliRunner().invoke(convert, [str(path), *arguments])


def parsed(text: str) -> StackConfig:
    """The stack, once it has a fleet_id."""
    config = yaml.safe_load(text)["config"]
    raw = {key.removeprefix("sakura-fleet:"): value for key, value in config.items()}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in raw.items()}
    return read_stack({**texts, "fleet_id": "0123456789abcdef"})


def accepted(tmp_path: Path, document: Any, *arguments: str) -> tuple[StackConfig, str]:
    """The stack, and what was listed."""
    result = run(tmp_path, document, *arguments)
    assert result.exit_code == 0, result.output
    return parsed(result.stdout), result.stderr


def refused(tmp_path: Path, document: Any) -> str:
    """What is listed where the stack's reader does not take the result yet."""
    result = run(tmp_path, document)
    assert result.exit_code == 3
    assert "to be done: " in result.stderr
    assert "# to be done: " in result.stdout
    return result.stderr


@pytest.mark.parametrize(("zone", "cooldown"), [("tk1b", 540), ("tk1a", 180)])
@pytest.mark.parametrize("layout", [nested, flat])
def test_files_like_the_seeds(tmp_path: Path, layout: Any, zone: str, cooldown: int) -> None:
    config, listed = accepted(tmp_path, layout(changed(zone=zone), cooldown))
    group = config.server_group
    assert (group.name, group.zones, group.size, group.min_size, group.max_size) == ("hscale-group", (zone,), 2, 2, 5)
    assert [(preset.name, preset.size) for preset in group.presets] == [("smallest", 2), ("medium", 3), ("largest", 5)]
    assert group.server_name(0) == "hscale-group-001"
    template = group.template
    assert (template.description, template.plan) == ("hscale-group", MachinePlan(core=1, memory=1))
    assert template.disks == (DiskTemplate(os_type="almalinux", size=20),)
    assert template.network_interfaces == (NetworkInterface(expose=Expose(ports=(80,), server_group_name="gr1")),)
    edit = template.edit_parameter
    assert (edit.disable_pw_auth, edit.enable_dhcp, edit.change_partition_uuid) == (True, False, True)
    assert edit.ssh_keys == (PUBLIC_KEY,)
    assert edit.startup_scripts == tuple(GROUP["template"]["edit_parameter"]["startup_scripts"])
    assert config.elb is not None
    assert config.elb.lookup == "tk-elb"
    assert config.scaling_rules.cooldown == Cooldown(up=cooldown, down=cooldown)
    assert "whole name is 'tk-elb'" in listed
    assert len(listed.splitlines()) == 1


def test_the_result_reads_well_and_can_be_written_to_a_file(tmp_path: Path) -> None:
    output = tmp_path / "stacks" / "Pulumi.web.yaml"
    result = run(tmp_path, nested(GROUP), "-f", str(output))
    assert (result.exit_code, result.stdout) == (0, "")
    text = output.read_text("utf-8")
    assert "          - |\n            #!/bin/bash\n" in text
    assert "{{ .Name }}" in text
    modeline, _, rest = text.partition("\n")
    assert modeline == "# yaml-language-server: $schema=stack.schema.json"
    assert rest.startswith("# Made from autoscaler.yaml by `scaler convert`. Next: `sakura-fleet init STACK`")
    schema = output.with_name("stack.schema.json")
    assert f"wrote {output}\nwrote {schema}, by which editors" in result.stderr
    properties = json.loads(schema.read_text())["properties"]["config"]["properties"]
    assert set(yaml.safe_load(text)["config"]) <= set(properties)
    assert parsed(text).server_group.name == "hscale-group"
    again = run(tmp_path, nested(GROUP), "-f", str(output))
    assert again.exit_code == 1
    assert "nothing was written" in str(again.exception)
    assert output.read_text("utf-8") == text


def test_defaults_that_mean_something_else_are_written_out(tmp_path: Path) -> None:
    bare = changed(template={"plan": {"core": 1, "memory": 1}}, plans=None, shutdown_force=None)
    config, _ = accepted(tmp_path, {"resources": [bare]})
    template = config.server_group.template
    assert (template.disks, template.network_interfaces) == ((), ())
    assert template.edit_parameter.disabled
    assert config.scaling_rules.cooldown == Cooldown(up=600, down=600)
    assert config.elb is None
    config, _ = accepted(tmp_path, {"resources": [changed(template__edit_parameter={})]})
    edit = config.server_group.template.edit_parameter
    assert (edit.disabled, edit.disable_pw_auth, edit.change_partition_uuid) == (False, False, False)


@pytest.mark.parametrize(
    ("cooldown", "expected", "words"),
    [
        ({"up": 300, "down": 900}, Cooldown(up=300, down=900), ""),
        ({"up": 300, "keep": 60}, Cooldown(up=300, down=600), "autoscaler.cooldown.keep"),
        (0, Cooldown(up=600, down=600), "0 means 600 there"),
        ({"up": -1, "down": 600}, Cooldown(up=600, down=600), "autoscaler.cooldown.up: -1 means 600"),
    ],
    ids=str,
)
def test_cooldown(tmp_path: Path, cooldown: Any, expected: Cooldown, words: str) -> None:
    config, listed = accepted(tmp_path, flat(GROUP, cooldown))
    assert config.scaling_rules.cooldown == expected
    assert words in listed


@pytest.mark.parametrize(
    ("changes", "name", "first"),
    [
        ({"server_name_prefix": "web"}, "web", "web-001"),
        ({"server_name_format": "%s%d"}, "hscale-group", "hscale-group1"),
        ({"server_name_format": "%s.%04d"}, "hscale-group", "hscale-group.0001"),
        ({"name": "Web.A"}, "web-a", "Web.A-001"),
        ({"name": "web-"}, "web", "web--001"),
        ({"name": "1"}, "web", "1-001"),
        ({"name": None, "server_name_prefix": "front"}, "front", "front-001"),
    ],
    ids=str,
)
def test_names_of_servers_stay(tmp_path: Path, changes: dict[str, Any], name: str, first: str) -> None:
    config, _ = accepted(tmp_path, flat(changed(**changes)))
    assert (config.server_group.name, config.server_group.server_name(0)) == (name, first)


def test_a_name_format_without_counterpart(tmp_path: Path) -> None:
    for written in ("%d-%s", "%s-%x", "%s", "%s-%3d"):
        result = run(tmp_path, flat(changed(server_name_format=written)))
        assert result.exit_code == 3
        assert parsed(result.stdout).server_group.server_name(0) == "hscale-group-001"
        assert "resources[0].server_name_format: to be done: " in result.stderr


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"server_name_format": "%s_%04d"}, "hscale-group"),
        ({"server_name_format": "{%s}%%%03d"}, "hscale-group"),
        ({"name": "web_a"}, "web-a"),
        ({"name": "日本"}, "web"),
        ({"name": f"{'w' * 27}-{'b' * 40}"}, "w" * 27),
        ({"name": None}, "web"),
        ({"name": ["x"]}, "x"),
    ],
    ids=str,
)
def test_names_that_no_server_can_have_become_others(tmp_path: Path, changes: dict[str, Any], name: str) -> None:
    result = run(tmp_path, flat(changed(**changes)))
    assert result.exit_code == 3
    group = parsed(result.stdout).server_group
    assert (group.name, group.server_name(0)) == (name, f"{name}-001")
    assert "to be done: servers called like" in result.stderr


LOST: dict[str, Any] = {
    "template__use_group_tag": True,
    "template__cdrom": {"names": ["x"]},
    "template__private_host_id": 113000000001,
    "template__plan__gpu": 1,
    "template__plan__cpu_model": "amd",
    "template__tags": [f"tag{number}" for number in range(9)],
    "template__edit_parameter__password": "hunter2",
    "template__edit_parameter__host_name_format": "%s-%02d",
    "template__unheard_of": "x",
    "unheard_of": "x",
}


@pytest.mark.parametrize("path", LOST)
def test_what_has_no_counterpart_is_listed_with_its_line(tmp_path: Path, path: str) -> None:
    result = run(tmp_path, flat(changed(**{path: LOST[path]})))
    assert result.exit_code == 3
    listed = result.stderr
    lines = (tmp_path / "autoscaler.yaml").read_text().splitlines()
    key = path.rpartition("__")[2]
    (number,) = [number for number, line in enumerate(lines, start=1) if line.strip().startswith(f"{key}:")]
    found = [line for line in listed.splitlines() if f"resources[0].{path.replace('__', '.')}" in line]
    assert found, listed
    assert f"autoscaler.yaml:{number}: " in found[0]
    assert ": to be done: " in found[0]
    assert f"# to be done: line {number}, resources[0]." in result.stdout
    assert "hunter2" not in result.output


@pytest.mark.parametrize("path", ["setup_grace_period", "template__use_group_tag", "template__plan__gpu"])
def test_what_says_nothing_is_not_listed(tmp_path: Path, path: str) -> None:
    _, listed = accepted(tmp_path, flat(changed(**{path: 0})))
    assert len(listed.splitlines()) == 1


@pytest.mark.parametrize("written", [{}, {"auto_healing": {"enabled": False}}, {"auto_healing": {"enabled": True}}])
def test_servers_are_mended_where_they_were(tmp_path: Path, written: dict[str, Any]) -> None:
    config, listed = accepted(tmp_path, flat(changed(**written)))
    assert config.scaling_rules.heal is bool(written and written["auto_healing"]["enabled"])
    assert "auto_healing" not in listed


def test_the_rest_of_the_file_is_listed_without_its_secrets(tmp_path: Path) -> None:
    document = {
        **flat(GROUP),
        "handlers": [{"name": "x"}],
        "sakuracloud": {"token": "hunter2", "secret": "hunter2"},
        "other": 1,
    }
    document["autoscaler"] |= {"shutdown_grace_period": 30, "exporter_config": {"enabled": True}, "zzz": 1}
    document["resources"].append({"type": "Server", "name": "v"})
    result = run(tmp_path, document)
    listed = result.stderr
    assert (result.exit_code, parsed(result.stdout).server_group.name) == (3, "hscale-group")
    for path in ("handlers", "sakuracloud", "other", "autoscaler.shutdown_grace_period",
                 "autoscaler.exporter_config.enabled", "autoscaler.zzz", "resources[1]"):  # fmt: skip
        assert f": {path}: " in listed
    assert "hunter2" not in result.output


def test_more_than_one_group(tmp_path: Path) -> None:
    document = {"resources": [GROUP, changed(name="batch")]}
    result = run(tmp_path, document)
    assert "has several server groups (hscale-group, batch); name one with --group" in str(result.exception)
    config, listed = accepted(tmp_path, document, "--group", "batch")
    assert config.server_group.name == "batch"
    assert "server group 'hscale-group' needs a stack of its own" in listed
    assert "has no server group 'x'" in str(run(tmp_path, document, "--group", "x").exception)


@pytest.mark.parametrize(
    ("parent", "lookup", "words"),
    [
        ({"type": "EnhancedLoadBalancer", "selector": {"id": 113000000001}}, "113000000001", ""),
        ({"type": "ELB", "selector": {"names": ["a", "b"]}}, None, "write elb.lookup"),
        ({"type": "ELB", "selector": {"tags": ["a"]}}, None, "write elb.lookup"),
        ({"type": "GSLB", "selector": "g"}, None, "a GSLB cannot be the group's parent"),
        ({"type": "ELB", "selector": "e", "more": 1}, "e", "parent.more"),
    ],
    ids=str,
)
def test_parents(tmp_path: Path, parent: dict[str, Any], lookup: str | None, words: str) -> None:
    result = run(tmp_path, {"resources": [changed(parent=parent)]})
    assert words in result.stderr
    elb = yaml.safe_load(result.stdout)["config"].get("sakura-fleet:elb")
    assert (elb or {}).get("lookup") == (lookup or (None if parent["type"] == "GSLB" else ""))


def disks(**disk: Any) -> dict[str, Any]:
    return flat(changed(template__disks=[disk]))


def test_disks(tmp_path: Path) -> None:
    config, _ = accepted(tmp_path, disks(source_archive={"id": 113000000001}, os_type="", size=40))
    assert config.server_group.template.disks[0].source_archive == "113000000001"
    config, _ = accepted(tmp_path, disks(size=40))
    assert config.server_group.template.disks == (DiskTemplate(size=40),)
    assert "source_archive: to be done: an archive is named by its ID" in refused(
        tmp_path, disks(source_archive="mine")
    )
    assert "source_disk: to be done: a disk cannot be copied" in refused(
        tmp_path, disks(source_disk={"id": 113000000001})
    )
    assert "'ubuntu2004' is not known here" in refused(tmp_path, disks(os_type="ubuntu2004"))
    assert "name_format: to be done: disks are called" in run(tmp_path, disks(name_format="%s-d%d")).stderr
    assert "os_type: to be done: this is not a text" in run(tmp_path, disks(os_type=["almalinux"])).stderr


def test_networks(tmp_path: Path) -> None:
    def networks(**nic: Any) -> dict[str, Any]:
        return flat(changed(template__network_interfaces=[nic]))

    switch = {"id": "113000000001"}
    block = {"assign_cidr_block": "192.168.12.32/27", "default_route": "192.168.12.1", "assign_netmask_len": 24}
    result = run(tmp_path, networks(upstream=switch, expose={"ports": [80]}, **block))
    nic = parsed(result.stdout).server_group.template.network_interfaces[0]
    assert (nic.upstream, nic.assign_cidr_block) == ("113000000001", "192.168.12.32/24")
    assert result.exit_code == 3
    assert "nothing keeps addresses within 192.168.12.32/27" in result.stderr
    assert "a switch is named by its ID" in refused(tmp_path, networks(upstream={"names": ["lan"]}))
    listed = run(tmp_path, networks(upstream="shared", packet_filter="p", expose={"weight": 1})).stderr
    assert "an ELB needs a port to reach the servers at" in listed
    assert "packet_filter: " in listed
    assert "expose.weight: " in listed


def test_keys_and_scripts_in_files(tmp_path: Path) -> None:
    (tmp_path / "boot.sh").write_text("#!/bin/sh\necho {{ .Name }}\n")
    (tmp_path / "id.pub").write_text(f"{PUBLIC_KEY}\n")
    edit = {"ssh_keys": ["id.pub"], "startup_scripts": ["boot.sh"]}
    config, _ = accepted(tmp_path, flat(changed(template__edit_parameter=edit)))
    assert config.server_group.template.edit_parameter.ssh_keys == (PUBLIC_KEY,)
    assert config.server_group.template.edit_parameter.startup_scripts == ("#!/bin/sh\necho {{ .Name }}\n",)
    edit["startup_scripts"] = ["gone.sh"]
    assert "there is no file 'gone.sh' here" in refused(tmp_path, flat(changed(template__edit_parameter=edit)))
    (tmp_path / "id.pub").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n")
    listed = refused(tmp_path, flat(changed(template__edit_parameter=edit)))
    assert "this is a private key" in listed
    assert "hunter2" not in listed


def test_variables_that_we_do_not_have_are_left_for_a_person(tmp_path: Path) -> None:
    edit = {"startup_scripts": ["#!/bin/sh\necho {{ .IPAddress }}\n"]}
    assert "unknown variable {{ .IPAddress }}" in refused(tmp_path, flat(changed(template__edit_parameter=edit)))


def test_keys_of_a_disabled_edit_parameter(tmp_path: Path) -> None:
    edit = {"disabled": True, "ssh_keys": [PUBLIC_KEY]}
    config, listed = accepted(tmp_path, flat(changed(template__edit_parameter=edit)))
    assert config.server_group.template.edit_parameter.disabled
    assert "edit_parameter.ssh_keys: without effect" in listed


def test_plans_that_count_once(tmp_path: Path) -> None:
    plans = [{"name": "a", "size": 2}, {"name": "a", "size": 3}, {"size": 4}]
    config, listed = accepted(tmp_path, flat(changed(plans=plans)))
    assert [(preset.name, preset.size) for preset in config.server_group.presets] == [("a", 2)]
    assert "plans[1]" in listed
    assert "plans[2]" in listed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no list of `resources`"),
        ("[]", "has no list of `resources`"),
        ("resources: {}", "has no list of `resources`"),
        ("resources: []", "has no resource of type ServerGroup"),
        ("resources: [1, null, {type: Server}]", "has no resource of type ServerGroup"),
        ("resources: [", "is not YAML"),
        ("a: &a [*a]", "an alias stands for what is around it"),
        ("resources: [{type: ServerGroup, name: &a {x: [*a]}}]", "an alias stands for what is around it"),
        (bomb("a", "[{}]"), "its aliases (`*name`) stand for too much"),
        (bomb("{x: 1}", "{{<<: [{}]}}"), "its aliases (`*name`) stand for too much"),
        ("[" * 3000, "is nested too deeply"),
        ("x" * 1_100_000, "it has more than 1048576 bytes"),
        (f"resources: {'9' * 5000}", "a number of 5000 digits"),
        ("resources: !!int x", "is not YAML"),
        ("resources: !!timestamp 2021-99-99", "is not YAML"),
        ("resources: !!set {a, b}", "is not YAML"),
        ("a: !!python/object/apply:os.system [id]", "is not YAML"),
    ],
)
def test_files_that_are_none(tmp_path: Path, text: str, words: str) -> None:
    result = run(tmp_path, text)
    assert result.exit_code == 1
    assert words in str(result.exception)


@pytest.mark.parametrize(
    "change",
    [{key: value} for key in ("plans", "template", "zones", "min_size", "parent") for value in (7, "x", [1])]
    + [{f"template__{key}": value} for key in ("plan", "disks", "tags", "edit_parameter", "network_interfaces")
       for value in (7, "x", [1], {"x": 1})],
    ids=str,
)  # fmt: skip
def test_nonsense_is_refused_and_never_breaks(tmp_path: Path, change: dict[str, Any]) -> None:
    result = run(tmp_path, flat(changed(**change)))
    assert result.exit_code in (0, 3)
    assert result.stderr


def test_anchors_and_merges(tmp_path: Path) -> None:
    text = """
base: &base
  plan: {core: 2, memory: 4, gpu: 1}
resources:
  - type: ServerGroup
    name: web
    zones: [is1b, is1c]
    min_size: 1
    max_size: 3
    template:
      <<: *base
      description: merged
"""
    result = run(tmp_path, text)
    config, listed = parsed(result.stdout), result.stderr
    assert (config.server_group.template.plan.core, config.server_group.zones) == (2, ("is1b", "is1c"))
    assert "template.plan.gpu" in listed
    assert ": base: to be done: there is no counterpart" in listed
    assert "autoscaler.yaml:3: resources[0].template.plan.gpu" in listed


def converted(tmp_path: Path, document: Any) -> Converted:
    return autoscaler_yaml.convert(
        yaml.safe_dump(document, sort_keys=False, allow_unicode=True), source="autoscaler.yaml", folder=tmp_path
    )


def settings_of(result: Converted) -> dict[str, Any]:
    config = yaml.safe_load(result.text())["config"]
    return {key.removeprefix("sakura-fleet:"): value for key, value in config.items()}


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_every_key_of_theirs_is_converted_or_listed(tmp_path: Path, key: Key) -> None:
    result = converted(tmp_path, key.document())
    noted = {note.to_do for note in result.notes if note.path.startswith(key.path)}
    if key.becomes:
        place, wanted = key.becomes
        assert get(settings_of(result), place) == wanted
        assert (noted, result.is_whole, result.problems) == (set(), True, ())
    else:
        assert noted == {key.outcome == "to do"}
        assert result.is_whole is (key.outcome == "noted")


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_a_key_that_nobody_knows_is_to_be_done(tmp_path: Path, key: Key) -> None:
    """The control of the table: whatever is not read is listed, wherever it is."""
    folder, _, name = key.path.rpartition(".")
    if key.path.endswith("]") or isinstance(get(key.document(), folder) if folder else {}, list):
        return
    other = replace(key, path=f"{folder}.unheard_{name}" if folder else f"unheard_{name}")
    listed = [note for note in converted(tmp_path, other.document()).notes if other.path.startswith(note.path)]
    assert any(note.to_do for note in listed)


ODD = (None, True, 0, -1, 7, 1.5, float("inf"), float("nan"), 2**70, "", "x", "a\nb", "a\u2028b", "%", "{", [], [None],
       [1], [[]], {}, {"x": 1}, {1: 2}, {"id": []}, {"names": [[]]}, {"up": []}, {"enabled": []})  # fmt: skip


@pytest.mark.parametrize("path", sorted({key.path for key in KEYS}))
def test_no_value_of_a_key_breaks_the_conversion(tmp_path: Path, path: str) -> None:
    (key, *_) = [key for key in KEYS if key.path == path]
    for value in ODD:
        try:
            result = converted(tmp_path, replace(key, value=value).document())
        except FileError:
            assert path == "resources[1]" or path.endswith("parent"), path
            continue
        assert set(settings_of(result)) >= {"size", "server_group", "scaling"}
        if result.is_whole:
            assert parsed(result.text())
