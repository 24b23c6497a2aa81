"""The seed's whole set-up, as the stack `local` declares it: group, ELB, a Caddy host, and the records that say
where."""

from __future__ import annotations

import base64
import json
import re

import pytest

from tests.program.fleet import Fleet, local_settings
from tests.program.snapshots import bring_up


def records(fleet: Fleet) -> dict[tuple[str, str], str]:
    (zone,) = [
        item
        for item in fleet.call("GET", "commonserviceitem", zone="is1a")["CommonServiceItems"]
        if item["Provider"]["Class"] == "dns"
    ]
    return {
        (record["Name"], record["Type"]): record["RData"] for record in zone["Settings"]["DNS"]["ResourceRecordSets"]
    }


@pytest.fixture
def whole(fleet: Fleet) -> Fleet:
    fleet.write(**{key: local_settings()[key] for key in ("elb", "hosts", "dns")})
    return bring_up(fleet)


def test_everything_is_there_and_agrees(whole: Fleet) -> None:
    out = whole.outputs()
    www = out["hosts"][0]["address"]
    assert records(whole) == {
        ("app", "A"): out["elb"]["vip"],
        ("app", "HTTPS"): "10 . alpn=h2",
        ("www", "A"): www,
        ("www", "HTTPS"): f"10 . alpn=h3,h2 ipv4hint={www}",
        ("@", "A"): www,
        ("@", "HTTPS"): "0 www.example.com.",
    }
    assert www in [server["Interfaces"][0]["IPAddress"] for server in whole.servers() if server["Name"] == "www"]
    whole.pulumi("preview", "--refresh", "--expect-no-changes")


def test_the_caddy_host_gets_its_caddyfile(whole: Fleet) -> None:
    notes = whole.call("GET", "note", zone="is1a")["Notes"]
    (script,) = [note["Content"] for note in notes if note["Name"] == "www-caddy"]
    encoded = re.search(r"CADDYFILE_BASE64=([A-Za-z0-9+/=]+)", script)
    assert encoded, script
    sites = base64.b64decode(encoded[1]).decode()
    assert "\nwww.example.com {" in sites
    assert "\nexample.com {" in sites
    assert "OPEN_PORTS='80/tcp 443/tcp 443/udp'" in script


def test_show_puts_state_and_cloud_side_by_side(whole: Fleet) -> None:
    shown = json.loads(whole.run("sakura-fleet", "show", "--stack", whole.stack, "-o", "json").stdout)
    assert [(row["name"], row["status"], row["note"]) for row in shown["servers"]] == [
        ("hscale-group-001", "up", ""),
        ("hscale-group-002", "up", ""),
        ("www", "up", ""),
    ]
    assert [(row["health"], row["note"]) for row in shown["elb_entries"]] == [("UP", ""), ("UP", "")]
    assert {(row["name"], row["type"]) for row in shown["records"]} == set(records(whole))

    gone = whole.servers()[0]
    whole.call("DELETE", f"server/{gone['ID']}/power", {"Force": True})
    whole.call("DELETE", f"server/{gone['ID']}")
    table = whole.run("sakura-fleet", "show", "--stack", whole.stack).stdout
    assert re.search(r"hscale-group-001 .*gone from the cloud", table)
    assert re.search(r"DOWN", table)


def test_a_host_that_is_replaced_takes_its_records_along(whole: Fleet) -> None:
    before = whole.outputs()["hosts"][0]["address"]
    (host,) = whole.settings["hosts"]
    whole.write(hosts=[{**host, "email": "ops@example.com"}])
    whole.up()
    after = whole.outputs()["hosts"][0]["address"]
    assert after != before
    assert records(whole)["www", "A"] == after
    assert records(whole)["www", "HTTPS"] == f"10 . alpn=h3,h2 ipv4hint={after}"
    whole.pulumi("preview", "--refresh", "--expect-no-changes")


def test_scaling_touches_neither_host_nor_records(whole: Fleet) -> None:
    before = records(whole)
    whole.write(size=4)
    assert whole.changes() == {"create": 2, "update": 1}
    whole.up()
    assert records(whole) == before


def test_destroy_leaves_an_empty_cloud(whole: Fleet) -> None:
    whole.pulumi("destroy", "--yes", "--skip-preview")
    assert whole.count() == {}
