"""An ELB with a group behind it: who joins, who leaves, in which order, and what is never touched."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sakura_emulator.server import Running
from sakura_fleet.inventory.fleet import JOINING, NO_SERVER
from tests.program.crash import clock_stands, kill_during_up
from tests.program.elb import ELB, addresses, elb_settings, elb_writes, entries, is_elb_write, items
from tests.program.fleet import Fleet
from tests.program.snapshots import bring_up
from tests.waiting import PATIENCE, wait_for


@pytest.fixture
def web(fleet: Fleet) -> Fleet:
    """The seed's group behind an ELB with a rule that names it, up."""
    fleet.write(elb=ELB)
    return bring_up(fleet)


def test_members_join_by_one_write_and_leave_by_two_before_any_shutdown(web: Fleet) -> None:
    assert entries(web) == addresses(web)
    assert {server["ServerGroup"] for server in elb_settings(web)["Servers"]} == {"gr1"}
    settings = elb_settings(web)
    assert [port["Port"] for port in settings["BindPorts"]] == [80, 443]
    assert settings["HealthCheck"]["Path"] == "/live"
    web.pulumi("preview", "--refresh", "--expect-no-changes")

    since = len(web.requests())
    web.write(size=5)
    web.up()
    assert entries(web) == addresses(web)
    assert elb_writes(web, since) == 1

    since = len(web.requests())
    leaving = [server["ID"] for server in web.servers()[2:]]
    web.write(size=2)
    web.up()
    assert entries(web) == addresses(web)
    assert elb_writes(web, since) == 2
    log = web.requests(since)
    last_write = max(index for index, request in enumerate(log) if is_elb_write(request))
    shutdowns = [
        index
        for index, request in enumerate(log)
        if request["method"] == "DELETE" and request["path"].endswith("/power")
    ]
    assert len(shutdowns) == len(leaving) == 3
    assert last_write < min(shutdowns), "no server is shut down before its entry is gone"


def test_leavers_are_drained_first(make_fleet: Callable[..., Fleet]) -> None:
    fleet = make_fleet(latency="baseline", time_scale=1000)
    fleet.write(elb=ELB)
    fleet.up()
    since = len(fleet.requests())
    fleet.write(size=1)

    def health_checks() -> int:
        """How often the ELB's connections were read after the first write."""
        log = fleet.requests(since)
        first = next((index for index, request in enumerate(log) if is_elb_write(request)), len(log))
        return sum(request["path"].endswith("/health") for request in log[first:])

    with clock_stands(fleet):
        up = subprocess.Popen(
            fleet.command("up", "--yes", "--skip-preview"), cwd=fleet.folder, env=fleet.env, stdout=subprocess.DEVNULL
        )
        wait_for("connections to be read more than once", lambda: health_checks() > 1)
        assert elb_writes(fleet, since) == 1, "connections are watched until they have ended"
    assert up.wait(PATIENCE) == 0
    assert elb_writes(fleet, since) == 2


def test_changed_template_keeps_somebody_serving(web: Fleet) -> None:
    old = set(entries(web))
    web.template(plan={"core": 2, "memory": 4})
    since = len(web.requests())
    web.up()
    assert entries(web) == addresses(web)
    assert not old & set(entries(web))
    assert elb_writes(web, since) == 3, "one to join, two to leave"


def test_size_zero_and_back_parks_the_rule_and_destroy_works(web: Fleet) -> None:
    web.write(size=0)
    web.up()
    assert entries(web) == []
    assert elb_settings(web)["Rules"] == []
    web.write(size=1)
    web.up()
    assert entries(web) == addresses(web)
    assert [rule["ServerGroup"] for rule in elb_settings(web)["Rules"]] == ["gr1"]
    web.pulumi("destroy", "--yes", "--skip-preview")
    assert web.count() == {}


def test_settings_change_in_place_with_one_write_and_what_was_done_by_hand_is_kept_or_repaired(web: Fleet) -> None:
    (item,) = items(web)
    settings = {**item["Settings"]["ProxyLB"], "OriginGuard": {"Token": "kept"}}
    body = {"CommonServiceItem": {"Settings": {"ProxyLB": settings}}}
    web.call("PUT", f"commonserviceitem/{item['ID']}", body, zone="is1a")
    since = len(web.requests())
    web.write(elb={**ELB, "gzip": True, "sticky_session": True, "timeout": 60, "description": "new words"})
    assert web.changes() == {"update": 1}
    web.up()
    after = elb_settings(web)
    assert after["Gzip"] == {"Enabled": True}
    assert after["Timeout"] == {"InactiveSec": 60}
    assert after["OriginGuard"] == {"Token": "kept"}
    assert elb_writes(web, since) == 1
    assert entries(web) == addresses(web)

    settings = {**after, "Servers": after["Servers"][:1]}
    body = {"CommonServiceItem": {"Settings": {"ProxyLB": settings}}}
    web.call("PUT", f"commonserviceitem/{item['ID']}", body, zone="is1a")
    web.pulumi("refresh", "--yes", "--skip-preview")
    assert web.changes() == {"update": 1}, "an entry that was taken out by hand is shown"
    web.up()
    assert sorted(entries(web)) == sorted(addresses(web)), "and repaired"


def test_plan_change_follows_the_new_id(web: Fleet) -> None:
    (before,) = items(web)
    web.write(elb={**ELB, "plan": 500})
    web.up()
    (after,) = items(web)
    assert after["ID"] != before["ID"]
    assert after["ServiceClass"].endswith("/500")
    web.write(size=3)
    web.up()
    assert entries(web) == addresses(web)
    web.pulumi("preview", "--refresh", "--expect-no-changes")
    web.pulumi("destroy", "--yes", "--skip-preview")
    assert web.count() == {}


def test_elb_made_elsewhere_keeps_its_own_entries(fleet: Fleet) -> None:
    by_hand = {"IPAddress": "192.0.2.10", "Port": 80, "ServerGroup": "gr1", "Enabled": True}
    rule = {"Host": "example.com", "Action": "forward", "ServerGroup": "gr1"}
    body = {
        "Name": "tk-elb",
        "Provider": {"Class": "proxylb"},
        "ServiceClass": "cloud/proxylb/plain/100",
        "Settings": {
            "ProxyLB": {
                "HealthCheck": {"Protocol": "tcp", "DelayLoop": 10},
                "BindPorts": [{"ProxyMode": "http", "Port": 80}],
                "Servers": [by_hand],
                "Rules": [rule],
            }
        },
    }
    fleet.call("POST", "commonserviceitem", {"CommonServiceItem": body}, zone="is1a")
    fleet.write(elb={"lookup": "tk-elb"})
    fleet.up()
    assert entries(fleet) == ["192.0.2.10", *addresses(fleet)]
    fleet.write(size=0)
    fleet.up()
    assert elb_settings(fleet)["Servers"] == [by_hand]
    assert elb_settings(fleet)["Rules"] == [rule]
    fleet.write(size=2)
    fleet.up()
    fleet.pulumi("destroy", "--yes", "--skip-preview")
    assert fleet.count() == {"proxylb": 1}
    assert elb_settings(fleet)["Servers"] == [by_hand]


def test_more_than_forty_entries_are_refused_before_anything_changes(fleet: Fleet) -> None:
    group = fleet.settings["server_group"]
    fleet.write(size=41, elb=ELB, server_group={**group, "max_size": 50})
    done = fleet.pulumi("up", "--yes", check=False)
    assert done.returncode != 0
    assert "[too-many-entries]" in done.stdout
    assert fleet.count() == {}


def test_entries_that_never_come_up_leave_the_old_ones_serving(make_fleet: Callable[..., Fleet]) -> None:
    fleet = make_fleet(latency="instant", health_delay=100_000)
    fleet.write(elb={**ELB, "up_deadline": 0})
    fleet.up()
    old = entries(fleet)
    servers = {server["ID"] for server in fleet.servers()}
    fleet.write(elb={**ELB, "up_deadline": 1})
    fleet.template(plan={"core": 2, "memory": 4})
    failed = fleet.up(check=False)
    assert failed.returncode != 0
    assert "to call" in failed.stdout
    assert "health check's path and port" in failed.stdout
    assert old == entries(fleet)[:2]
    assert servers <= {server["ID"] for server in fleet.servers()}, "no old server goes while the new ones are not UP"


def test_elb_that_somebody_deleted_comes_back_with_its_entries(web: Fleet) -> None:
    (gone,) = items(web)
    web.call("DELETE", f"commonserviceitem/{gone['ID']}", zone="is1a")
    web.up("--refresh")
    (made,) = items(web)
    assert made["ID"] != gone["ID"]
    assert {entry["IPAddress"] for entry in elb_settings(web)["Servers"]} == set(addresses(web))
    assert elb_settings(web)["Rules"] == gone["Settings"]["ProxyLB"]["Rules"]
    assert web.changes("--refresh") == {}


def test_another_region_is_another_elb_and_the_old_one_is_emptied_first(web: Fleet) -> None:
    (old,) = items(web)
    web.write(elb={**ELB, "region": "tk1"})
    web.up()
    (made,) = items(web)
    assert (made["ID"] != old["ID"], made["Status"]["Region"]) == (True, "tk1")
    assert {entry["IPAddress"] for entry in elb_settings(web)["Servers"]} == set(addresses(web))
    assert web.changes() == {}


# Runs that end between joining and the state


def never_up(cloud: Running) -> None:
    """From now on the ELB calls no entry UP."""
    cloud.cloud.settings = replace(cloud.cloud.settings, health_delay=100_000.0)


def notes(fleet: Fleet) -> list[str]:
    """What `show` says of each entry of the ELB."""
    shown = fleet.run("sakura-fleet", "show", "--stack", fleet.stack, "--output", "json").stdout
    return [entry["note"] for entry in json.loads(shown)["elb_entries"]]


def failed_change(fleet: Fleet) -> dict[str, Any]:
    """A template whose servers never come UP, and a run that fails for it; returns the plan of before."""
    plan = dict(fleet.settings["server_group"]["template"]["plan"])
    fleet.write(elb={**ELB, "up_deadline": 1, "drain_timeout": 0})
    fleet.template(plan={"core": 2, "memory": 4})
    failed = fleet.up(check=False)
    assert (failed.returncode != 0, "to call" in failed.stdout) == (True, True), failed.stdout
    assert len(entries(fleet)) == 4
    return plan


@pytest.mark.parametrize("refreshed", [False, True])
def test_a_change_that_failed_and_was_taken_back_leaves_no_entry(cloud: Running, web: Fleet, refreshed: bool) -> None:
    old = entries(web)
    never_up(cloud)
    plan = failed_change(web)
    assert notes(web) == ["", "", JOINING, JOINING]
    web.template(plan=plan)
    if refreshed:
        web.pulumi("refresh", "--yes", "--skip-preview")
    assert web.changes()["update"] == 2, "the membership, and the template as the group has it"
    web.up()
    assert entries(web) == old == addresses(web)
    assert web.changes("--refresh") == {}


def test_a_change_that_failed_goes_on_when_it_can(cloud: Running, web: Fleet) -> None:
    healthy = cloud.cloud.settings
    never_up(cloud)
    old = entries(web)
    failed_change(web)
    failed_again = web.up(check=False)
    assert (failed_again.returncode != 0, entries(web)[:2]) == (True, old), "entries that were never UP are waited for"
    cloud.cloud.settings = healthy
    web.up()
    assert entries(web) == addresses(web)
    assert not {*old} & {*entries(web)}
    assert web.changes("--refresh") == {}


def test_a_first_run_that_failed_is_destroyed_with_its_entries(cloud: Running, fleet: Fleet) -> None:
    never_up(cloud)
    fleet.write(elb={**ELB, "up_deadline": 1})
    assert fleet.up(check=False).returncode != 0
    assert len(entries(fleet)) == 2
    fleet.pulumi("destroy", "--yes", "--skip-preview")
    assert fleet.count() == {}


def test_a_killed_change_that_was_taken_back_leaves_no_entry(cloud: Running, web: Fleet) -> None:
    """The engine's checkpoints know the new servers then, but no state the entries."""
    old = entries(web)
    never_up(cloud)
    plan = dict(web.settings["server_group"]["template"]["plan"])
    web.template(plan={"core": 2, "memory": 4})
    kill_during_up(web, lambda: len(entries(web)) == 4, PULUMI_SKIP_CHECKPOINTS="false")
    web.pulumi("cancel", "--yes")
    web.template(plan=plan)
    web.up()
    assert entries(web) == old == addresses(web)
    web.pulumi("destroy", "--yes", "--skip-preview")
    assert web.count() == {}


def test_entries_of_servers_that_are_gone_are_named_and_removed(web: Fleet) -> None:
    """They were in the cloud already, made by something that did not clean up; a person's own entries stay."""
    (item,) = items(web)
    settings = item["Settings"]["ProxyLB"]
    gone = {"IPAddress": "192.0.2.77", "Port": 80, "ServerGroup": "gr1", "Enabled": True}
    theirs = {"IPAddress": "192.0.2.78", "Port": 80, "ServerGroup": "theirs", "Enabled": True}
    settings["Servers"] += [gone, theirs]
    body = {"CommonServiceItem": {"Settings": {"ProxyLB": settings}}}
    web.call("PUT", f"commonserviceitem/{item['ID']}", body, zone="is1a")
    assert notes(web) == ["", "", NO_SERVER, NO_SERVER]
    shown = web.run("sakura-fleet", "repair", "--stack", web.stack, check=False)
    assert (shown.returncode, "stale    entry 192.0.2.77:80 of the ELB tk-elb" in shown.stdout) == (1, True)
    assert "192.0.2.78" not in shown.stdout
    web.run("sakura-fleet", "repair", "--stack", web.stack, "--remove", "--yes")
    assert entries(web) == [*addresses(web), "192.0.2.78"]
    assert "nothing is left behind" in web.run("sakura-fleet", "repair", "--stack", web.stack).stdout


# The same ELB under another name


def never_fewer(fleet: Fleet, since: int) -> None:
    """No write to the ELB took an entry out since then: there was none."""
    assert elb_writes(fleet, since) <= 1, "labels alone"


@pytest.mark.parametrize("how", ["stack rename", "fleet_id"])
def test_another_name_of_the_stack_or_the_fleet_takes_nobody_out(web: Fleet, how: str) -> None:
    before = elb_settings(web)
    servers = [server["ID"] for server in web.servers()]
    since = len(web.requests())
    if how == "fleet_id":
        web.write(fleet_id="another-fleet")
    else:
        old = web.stack_file
        web.pulumi("stack", "rename", "renamed")
        web.stack = "renamed"
        if not web.stack_file.exists():
            old.rename(web.stack_file)
    assert set(web.changes()) == {"update"}
    web.up()
    assert elb_settings(web) == before
    never_fewer(web, since)
    assert [server["ID"] for server in web.servers()] == servers
    assert web.changes("--refresh") == {}
    web.pulumi("destroy", "--yes", "--skip-preview")
    assert web.count() == {}


def test_an_elb_that_is_looked_up_by_another_word_keeps_its_entries(
    web: Fleet, make_fleet: Callable[..., Fleet]
) -> None:
    (item,) = items(web)
    own = entries(web)
    second = make_fleet("second", url=web.url)
    second.write(fleet_id="another-fleet", elb={"lookup": "tk-elb", "drain_timeout": 0})
    second.up()
    both = entries(web)
    assert both[: len(own)] == own
    since = len(web.requests())
    second.write(elb={"lookup": item["ID"], "drain_timeout": 0})
    second.up()
    assert (entries(web), elb_writes(web, since)) == (both, 0)
    assert second.changes("--refresh") == {}


def test_a_parked_rule_that_was_removed_or_changed_does_not_come_back(web: Fleet) -> None:
    web.write(size=0)
    web.up()
    assert elb_settings(web)["Rules"] == []
    changed = {"host": "new.example.com", "server_group": "gr1"}
    web.write(elb={**ELB, "rules": [changed]})
    web.up()
    web.write(size=2)
    web.up()
    assert [rule["Host"] for rule in elb_settings(web)["Rules"]] == ["new.example.com"]
    web.write(size=0)
    web.up()
    web.write(elb={**ELB, "rules": []}, size=2)
    web.up()
    assert elb_settings(web)["Rules"] == []
    assert web.changes("--refresh") == {}
