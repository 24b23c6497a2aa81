"""What Pulumi's resource options do with our resources, as docs/configuration.md says."""

from __future__ import annotations

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
        custom_timeouts=pulumi.CustomTimeouts(create="1s"),
    ),
)
"""


def test_protect_ignore_changes_and_custom_timeouts(make_fleet: Callable[..., Fleet]) -> None:
    fleet = make_fleet(latency="baseline", time_scale=30)
    (fleet.folder / "__main__.py").write_text(PROGRAM)
    fleet.write(words="first")
    fleet.up()  # the disk alone takes longer than the timeout of 1 s, which the engine does not keep
    (made,) = fleet.servers()
    assert made["Instance"]["Status"] == "up"

    fleet.control("clock", {"time_scale": 1000})
    fleet.write(words="second")
    assert fleet.changes() == {"update": 1}
    fleet.up()
    (server,) = fleet.servers()
    assert server["Description"] == "second"
    assert server["Tags"] == made["Tags"], "a change of the program is ignored"

    marks = [tag for tag in server["Tags"] if tag.startswith("sf")]
    fleet.call("PUT", f"server/{server['ID']}", {"Server": {
        "Name": "web", "Description": "by hand", "Tags": ["by-hand", *marks],
    }})  # fmt: skip
    fleet.up("--refresh")
    (server,) = fleet.servers()
    assert server["Description"] == "second"
    assert "by-hand" in server["Tags"], "and so is a change by hand"

    refused = fleet.pulumi("destroy", "--yes", "--skip-preview", check=False)
    assert refused.returncode != 0
    assert "protect" in refused.stdout + refused.stderr
    assert [one["ID"] for one in fleet.servers()] == [made["ID"]]
