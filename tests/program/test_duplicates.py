"""A create call that was carried out twice, as the cloud said that it had turned it away: the whole way through."""

from __future__ import annotations

import json

import pytest

from sakura_emulator.server import Running
from tests.lies.lie import Lie, Rule
from tests.lies.proxy import lying
from tests.program.elb import ELB
from tests.program.fleet import Fleet


@pytest.mark.parametrize(("path", "kind"), [("/server", "server"), ("/commonserviceitem", "ELB")])
def test_a_second_object_is_named_and_removed_and_all_else_goes_on(
    fleet: Fleet, cloud: Running, path: str, kind: str
) -> None:
    repair = ("sakura-fleet", "repair", "--stack", fleet.stack)
    with lying(cloud.url) as proxy:
        proxy.tell(Rule("POST", path, Lie.API_503))
        fleet.write(api_root=proxy.api_root, elb=ELB)
        fleet.up()
        assert proxy.told
        proxy.stop()
        (second,) = json.loads(fleet.run("sakura-fleet", "show", "-s", fleet.stack, "-o", "json").stdout)["duplicates"]
        assert second["kind"] == kind
        fleet.pulumi("preview", "--refresh", "--expect-no-changes")
        fleet.write(size=3)
        fleet.up()
        shown = fleet.run(*repair, check=False)
        assert shown.returncode == 1
        assert f"orphan   {kind} {second['name']} ({second['id']}" in shown.stdout
        fleet.run(*repair, "--remove", "--yes")
        assert "nothing is left behind" in fleet.run(*repair).stdout
        assert len(fleet.servers()) == 3
        fleet.pulumi("preview", "--refresh", "--expect-no-changes")


def test_what_a_gateway_lost_is_made_once(fleet: Fleet, cloud: Running) -> None:
    posts = ("/server", "/disk", "/note", "/commonserviceitem")
    with lying(cloud.url) as proxy:
        proxy.tell(*(Rule("POST", path, Lie.GATEWAY_503, times=9) for path in posts))
        fleet.write(api_root=proxy.api_root, elb=ELB)
        fleet.up()
        assert len(proxy.told) == 6  # two servers with their disks, one script, one ELB
        proxy.stop()
        assert "nothing is left behind" in fleet.run("sakura-fleet", "repair", "--stack", fleet.stack).stdout
    counted = fleet.count()
    assert (counted["server"], counted["disk"]) == (2, 2)
