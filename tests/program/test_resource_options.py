"""What Pulumi's resource options do with the fleet's resources, as docs/configuration.md says."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.program.fleet import Fleet

PROGRAM = """
import pulumi
from sakura_fleet import resources

words = pulumi.Config("sakura-fleet").require("words")
resources.Server(
    "web",
    name="web",
    zones=["tk1b"],
    description=words,
    tags=[words],
    opts=pulumi.ResourceOptions(
        protect=True,
        ignore_changes=["tags"],
    ),
)
"""
WITH_TIMEOUTS = """
import pulumi
from sakura_fleet import resources

seconds = pulumi.Config("sakura-fleet").require("words")
timeouts = pulumi.CustomTimeouts(create=seconds, delete=seconds)
resources.Server("web", name="web", zones=["tk1b"], opts=pulumi.ResourceOptions(custom_timeouts=timeouts))
"""


def test_custom_timeouts_end_a_wait_and_the_next_run_goes_on(make_fleet: Callable[..., Fleet]) -> None:
    fleet = make_fleet(latency="baseline", time_scale=1)  # a disk takes 68 s
    (fleet.folder / "__main__.py").write_text(WITH_TIMEOUTS)
    fleet.write(words="1s")
    late = fleet.up(check=False)
    assert late.returncode != 0
    assert re.search(r"timed out after the 1 s that custom_timeouts allow .* the disks of server web", late.stdout)
    running, _, diagnostics = late.stdout.partition("Diagnostics:")
    assert re.search(r"web creating \(\d+s\) disk copying \d+ %", running), "what the wait saw is in the status column"
    assert "disk copying" not in diagnostics
    (half,) = fleet.servers()
    assert half["Instance"]["Status"] != "up"

    fleet.control("clock", {"time_scale": 1000})
    fleet.write(words="5m")
    done = fleet.up().stdout
    assert re.search(r"web (created|updated) .*booting", done) is None, (
        "it says no longer what the wait saw before its end"
    )
    (made,) = fleet.servers()
    assert (made["ID"], made["Instance"]["Status"]) == (half["ID"], "up")
    assert fleet.count() == {"server": 1, "disk": 1, "interface": 1}
    fleet.pulumi("destroy", "--yes", "--skip-preview")
    assert fleet.count() == {}


def test_protect_and_ignore_changes(fleet: Fleet) -> None:
    (fleet.folder / "__main__.py").write_text(PROGRAM)
    fleet.write(words="first")
    fleet.up()
    (made,) = fleet.servers()

    fleet.write(words="second")
    assert fleet.changes() == {"update": 1}
    fleet.up()
    (server,) = fleet.servers()
    assert server["Description"] == "second"
    assert server["Tags"] == made["Tags"], "a change of the program is ignored"

    owner_tags = [tag for tag in server["Tags"] if tag.startswith("sf")]
    fleet.call("PUT", f"server/{server['ID']}", {"Server": {
        "Name": "web", "Description": "by hand", "Tags": ["by-hand", *owner_tags],
    }})  # fmt: skip
    fleet.up("--refresh")
    (server,) = fleet.servers()
    assert server["Description"] == "second"
    assert "by-hand" in server["Tags"], "and so is a change by hand"

    refused = fleet.pulumi("destroy", "--yes", "--skip-preview", check=False)
    assert refused.returncode != 0
    assert "protect" in refused.stdout + refused.stderr
    assert [server["ID"] for server in fleet.servers()] == [made["ID"]]
