"""Two fleets with the same names in one account never touch each other's servers."""

from __future__ import annotations

from collections.abc import Callable

from tests.program.fleet import Fleet


def test_equal_names_side_by_side(make_fleet: Callable[..., Fleet]) -> None:
    ours = make_fleet("ours")
    theirs = make_fleet("theirs", url=ours.url)
    theirs.write(fleet_id="another-fleet")
    ours.up()
    mine = {server["ID"] for server in ours.servers()}

    theirs.up()
    both = ours.servers()
    assert [server["Name"] for server in both] == ["hscale-group-001"] * 2 + ["hscale-group-002"] * 2
    assert mine < {server["ID"] for server in both}

    theirs.write(size=1)
    theirs.up("--refresh")
    ours.pulumi("preview", "--refresh", "--expect-no-changes")
    shown = theirs.run("sakura-fleet", "repair", "--stack", theirs.stack)
    assert "nothing is left behind" in shown.stdout

    theirs.pulumi("destroy", "--yes", "--skip-preview")
    assert {server["ID"] for server in ours.servers()} == mine
    ours.pulumi("preview", "--refresh", "--expect-no-changes")
