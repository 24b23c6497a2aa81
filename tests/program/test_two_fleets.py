"""Two fleets with the same names in one account never touch each other's servers, nor each other's records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sakura_fleet.model.dns.claims import CLAIMS
from tests.program.fleet import Fleet


def test_equal_names_side_by_side(make_fleet: Callable[..., Fleet]) -> None:
    first = make_fleet("first")
    second = make_fleet("second", url=first.url)
    second.write(fleet_id="another-fleet")
    first.up()
    mine = {server["ID"] for server in first.servers()}

    second.up()
    both = first.servers()
    assert [server["Name"] for server in both] == ["hscale-group-001"] * 2 + ["hscale-group-002"] * 2
    assert mine < {server["ID"] for server in both}

    second.write(size=1)
    second.up("--refresh")
    first.pulumi("preview", "--refresh", "--expect-no-changes")
    shown = second.run("sakura-fleet", "repair", "--stack", second.stack)
    assert "nothing is left behind" in shown.stdout

    second.pulumi("destroy", "--yes", "--skip-preview")
    assert {server["ID"] for server in first.servers()} == mine
    first.pulumi("preview", "--refresh", "--expect-no-changes")


def dns(*names: str, **more: Any) -> dict[str, Any]:
    sets = [{"name": name, "type": "TXT", "values": ["one text"]} for name in names]
    return {"zone": "example.com", "record_sets": sets, **more}


def records(fleet: Fleet) -> list[str]:
    """The names in the zone, claims aside."""
    (item,) = fleet.call("GET", "commonserviceitem", zone="is1a")["CommonServiceItems"]
    found = item["Settings"]["DNS"]["ResourceRecordSets"]
    return sorted(record["Name"] for record in found if record["Name"] != CLAIMS)


def test_a_record_set_is_one_stacks_and_stays_when_the_other_goes(make_fleet: Callable[..., Fleet]) -> None:
    first = make_fleet("first", size=0)
    second = make_fleet("second", url=first.url, size=0)
    first.write(dns=dns("same"))
    first.up()
    second.write(fleet_id="another-fleet", dns=dns("same", lookup=True))
    refused = second.up(check=False)
    assert (refused.returncode != 0, "same TXT: it exists already with these values" in refused.stdout) == (True, True)
    second.write(dns=dns("seconds", lookup=True))
    second.up()
    first.write(dns=dns("same", "seconds"))
    refused = first.up(check=False)
    assert (refused.returncode != 0, "seconds TXT: it is a record set of another fleet" in refused.stdout) == (
        True,
        True,
    )
    first.write(dns=dns())
    first.up()
    assert records(first) == ["seconds"]
    second.pulumi("destroy", "--yes", "--skip-preview")
    assert records(first) == []
