"""The policy pack and `plan-check` on real runs: what passes, what is blocked, what is remediated."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies import docs
from sakura_emulator.server import Running
from sakura_fleet import tokens
from tests.program.fleet import PREFIX, ROOT, Fleet, local_settings, new_fleet
from tests.program.snapshots import bring_up

PACK = ("--policy-pack", str(ROOT / "policies"))
ELB = {"name": "tk-elb", "bind_ports": [{"proxy_mode": "http", "port": 80}], "drain_timeout": 0}

PROGRAM = """\
import pulumi
from components import DnsRecords, DnsRecordsArgs, ServerGroup, address_records, https_record, stack_config

group = ServerGroup("web", stack_config().server_group)
servers = [server.reference for server in group.servers]
DnsRecords("dns", DnsRecordsArgs(zone="example.com", record_sets=[
    address_records("www", *servers), https_record("www", *servers),
]))
"""
"""A program of somebody's own, which announces HTTP/3 for servers that may not speak it."""

Make = Callable[[str], Fleet]


@pytest.fixture
def make(cloud: Running, tmp_path: Path) -> Make:
    """A maker of fleets by the name of their stack, which decides how strict the pack is."""
    return lambda stack: new_fleet(tmp_path / "a fleet", cloud.url, stack=stack)


def example(name: str) -> dict[str, Any]:
    """The settings of an example stack."""
    config = yaml.safe_load((ROOT / "stacks" / f"Pulumi.{name}.yaml").read_text())["config"]
    return {key.removeprefix(PREFIX): value for key, value in config.items()}


def previewed(fleet: Fleet, *arguments: str, expect: int = 0) -> str:
    """What a preview with the pack says."""
    done = fleet.pulumi("preview", *PACK, *arguments, check=False)
    assert done.returncode == expect, done.stdout + done.stderr
    assert "can't run policy" not in done.stdout
    return done.stdout


def servers_in_state(fleet: Fleet) -> list[dict[str, Any]]:
    return [resource for resource in fleet.state()["resources"] if resource["type"] == tokens.SERVER]


@pytest.mark.parametrize("stack", ["local", "staging", "production"])
def test_the_example_stacks_pass(make: Make, stack: str) -> None:
    fleet = make(stack)
    fleet.settings = {**example(stack), "api_root": fleet.api_root, "rate_limit": 1000, "account_id": None}
    fleet.write()
    if fleet.settings["dns"].get("lookup"):  # it writes into one that is there
        zone = fleet.settings["dns"]["zone"]
        body = {"Name": zone, "Provider": {"Class": "dns"}, "Status": {"Zone": zone}, "Settings": {"DNS": {}}}
        fleet.call("POST", "commonserviceitem", {"CommonServiceItem": body}, zone="is1a")
    assert "mandatory" not in previewed(fleet)


def test_an_update_passes_as_its_preview_did(make: Make) -> None:
    fleet = make("local")
    fleet.write(**{key: local_settings()[key] for key in ("elb", "hosts", "dns")})
    assert "created" in fleet.up(*PACK).stdout
    previewed(fleet, "--expect-no-changes")


def test_a_production_stack_that_breaks_rules_is_blocked_with_all_of_them(make: Make) -> None:
    fleet = make("production")
    fleet.write(**{key: local_settings()[key] for key in ("elb", "hosts", "dns")}, size=1)
    fleet.template(plan={"core": 12, "memory": 32}, edit_parameter={"disable_pw_auth": False})
    output = previewed(fleet, expect=1)
    for rule in (
        "production-two-zones",
        "production-two-members",
        "elb-redirect-to-https",
        "password-login-off",
        "plan-limit",
    ):
        assert f"[mandatory]  {rule} " in output
    assert "[advisory]  required-tags " in output
    assert "[mandatory]  https-record-agrees" not in output


def test_a_rule_about_a_resource_stops_it_before_it_is_made(make: Make) -> None:
    fleet = make("production")
    fleet.template(edit_parameter={"disable_pw_auth": False})
    done = fleet.up(*PACK, check=False)  # --skip-preview is among up's arguments
    assert done.returncode != 0
    assert "[mandatory]  password-login-off " in done.stdout
    assert "server" not in fleet.count()


def test_members_that_go_are_not_counted(make: Make) -> None:
    fleet = make("production")
    group = example("production")["server_group"]
    fleet.write(size=2, server_group={**group, "min_size": 1})
    fleet.up(*PACK)
    fleet.write(size=1)
    assert "[mandatory]  production-two-members " in previewed(fleet, expect=1)


def test_the_stack_file_can_say_the_kind_of_stack(make: Make) -> None:
    fleet = make("production")
    assert "[mandatory]  production-two-zones " in previewed(fleet, expect=1)
    document = yaml.safe_load(fleet.stack_file.read_text())
    document["config"]["sakura-fleet-policies:kind"] = "local"
    fleet.stack_file.write_text(yaml.safe_dump(document))
    previewed(fleet)


def test_http3_is_announced_by_a_caddy_host_only(make: Make) -> None:
    fleet = make("staging")
    (fleet.folder / "__main__.py").write_text(PROGRAM)
    output = previewed(fleet, expect=1)
    assert output.count("HTTP/3 is announced, but the server behind is no CaddyHost") == 1
    done = fleet.up(*PACK, check=False)
    assert done.returncode != 0
    assert "[mandatory]  https-record-agrees " in done.stdout
    zones = [
        item["Settings"]["DNS"]["ResourceRecordSets"]
        for item in fleet.call("GET", "commonserviceitem", zone="is1a")["CommonServiceItems"]
    ]
    assert zones in ([], [[]]), "no record is written"

    config = fleet.folder / "config.json"
    names = [server["urn"].rpartition("::")[2] for server in servers_in_state(fleet)]
    config.write_text(json.dumps({"https-record-agrees": {"http3_servers": names}}))
    previewed(fleet, "--policy-pack-config", str(config))


def test_remediation_adds_tags_and_leaks_no_secret(make: Make) -> None:
    fleet = make("local")
    fleet.write(elb=ELB)
    fleet.pulumi("config", "set", "--secret", f"{PREFIX}server_password", "hush-hush-hush")
    config = fleet.folder / "config.json"
    config.write_text(json.dumps({"required-tags": "remediate"}))
    remediating = (*PACK, "--policy-pack-config", str(config))
    output = fleet.up(*remediating).stdout
    assert "[remediate]  required-tags" in output
    assert "hush" not in output
    assert "hush" not in fleet.pulumi("stack", "export").stdout
    for server in servers_in_state(fleet):
        assert server["inputs"]["tags"] == ["web", "local"]
        for where in ("inputs", "outputs"):
            assert "ciphertext" in server[where]["password"]
    assert all({"local", "web"} <= set(server["Tags"]) for server in fleet.servers())
    fleet.pulumi("preview", *remediating, "--expect-no-changes")
    assert fleet.changes() == {"update": 3}, "a run without the pack takes the tags off again"


def test_the_example_of_the_page_is_a_configuration(make: Make) -> None:
    fleet = make("local")
    fleet.write(elb={**ELB, "bind_ports": [*ELB["bind_ports"], {"proxy_mode": "https", "port": 443}]})  # type: ignore
    config = fleet.folder / "config.json"
    config.write_text(json.dumps(docs.EXAMPLE))
    output = previewed(fleet, "--policy-pack-config", str(config), expect=1)
    assert "[mandatory]  elb-redirect-to-https " in output
    assert "[remediate]  required-tags" in output


def test_labels_are_the_programs_and_no_change(fleet: Fleet) -> None:
    bring_up(fleet)
    group = fleet.settings["server_group"]
    fleet.write(server_group={**group, "min_size": 2, "max_size": 3, "presets": []})
    assert fleet.changes() == {}
    since = len(fleet.requests())
    fleet.up()
    assert {request["method"] for request in fleet.requests(since)} <= {"GET"}
    labels = {"stack": "test", "group": group["name"], "min_size": 2, "max_size": 3}
    assert [server["inputs"]["labels"] for server in servers_in_state(fleet)] == [labels, labels]
    fleet.pulumi("preview", "--refresh", "--expect-no-changes")


def checked(fleet: Fleet, *arguments: str) -> subprocess.CompletedProcess[str]:
    return fleet.run("sakura-fleet", "plan-check", "--stack", fleet.stack, *arguments, check=False)


def rules(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [finding["rule"] for finding in json.loads(done.stdout)["findings"]]


def test_plans_of_a_groups_life(fleet: Fleet) -> None:
    fleet.write(elb=ELB)
    assert checked(fleet).returncode == 0, "everything is made"
    bring_up(fleet)
    assert checked(fleet).returncode == 0, "nothing changes"
    fleet.write(size=5)
    assert checked(fleet).returncode == 0, "grow"
    fleet.up()
    fleet.template(plan={"core": 2, "memory": 4})
    assert checked(fleet).returncode == 0, "another template: as many come as go"
    fleet.template(plan={"core": 1, "memory": 1})

    fleet.write(size=1)
    shrunk = checked(fleet, "-o", "json")
    assert (shrunk.returncode, rules(shrunk)) == (5, ["group-shrinks"]), shrunk.stderr
    assert "4 of 5 servers would go" in shrunk.stdout
    assert checked(fleet, "--max-removed", "80").returncode == 0
    fleet.write(size=3)
    assert checked(fleet).returncode == 0, "2 of 5"

    fleet.write(size=5, elb=None)
    plan = fleet.folder / "plan.json"
    plan.write_text(fleet.pulumi("preview", "--json", "--show-sames").stdout)
    done = fleet.run("sakura-fleet", "plan-check", str(plan), check=False)
    assert done.returncode == 5
    assert "elb-deleted  tk-elb" in done.stdout
    assert fleet.run("sakura-fleet", "plan-check", str(plan), "--allow-delete", "tk-elb").returncode == 0

    plan.write_text(fleet.pulumi("destroy", "--preview-only", "--json").stdout)
    assert rules(fleet.run("sakura-fleet", "plan-check", str(plan), "-o", "json", check=False)) == [
        "elb-entries-deleted",
        "elb-deleted",
        "group-shrinks",
    ]


def test_plans_of_a_host_and_its_zone(fleet: Fleet) -> None:
    hosts = local_settings()["hosts"]
    texts = [{"name": name, "type": "TXT", "values": ["x"]} for name in "ab"]
    fleet.write(hosts=hosts, dns={"zone": "example.com", "record_sets": texts})
    fleet.up()
    (zone,) = [resource["urn"] for resource in fleet.state()["resources"] if resource["type"] == tokens.DNS_ZONE]
    fleet.pulumi("state", "protect", zone, "--yes")
    unprotected = checked(fleet, "-o", "json")
    assert (unprotected.returncode, rules(unprotected)) == (5, ["protection-removed"])
    fleet.pulumi("state", "unprotect", zone, "--yes")

    fleet.write(hosts=[{**hosts[0], "email": "ops@example.com"}])
    replaced = checked(fleet, "-o", "json")
    assert (replaced.returncode, rules(replaced)) == (5, ["server-replaced"])
    assert checked(fleet, "--allow-delete", "www").returncode == 0

    fleet.write(hosts=hosts, dns={"zone": "example.com", "record_sets": texts[:1]})
    edited = checked(fleet)
    assert edited.returncode == 5
    assert "the record sets b TXT would be taken out of the zone example.com" in edited.stdout
    assert checked(fleet, "--allow-delete", "example.com").returncode == 0

    fleet.write(hosts=None, dns=None)
    gone = {"dns-zone-deleted", "dns-records-deleted", "server-deleted"}
    assert {*rules(checked(fleet, "-o", "json"))} == gone

    fleet.write(size="many")
    failed = checked(fleet)
    assert failed.returncode == 1
    assert "must be of type 'integer'" in failed.stderr
