"""Two fleets with the same names in one account never touch each other's servers."""

from __future__ import annotations

from collections.abc import Callable

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
