"""What the zones of a server offer: plans and disk sizes, as the cloud lists them."""

from __future__ import annotations

from sakura_fleet.errors import Problem
from sakura_fleet.model.server.template import DiskTemplate, MachinePlan
from sakura_fleet.provider.lifecycle import Inputs
from sakura_fleet.provider.session import Session


def not_offered(session: Session, inputs: Inputs) -> list[Problem]:
    """What is asked for and no zone has. Asks the cloud, so it runs only for inputs that are new."""
    problems = []
    plan = MachinePlan(**inputs["plan"])
    disks = [DiskTemplate(**disk) for disk in inputs["disks"]]
    for zone in inputs["zones"]:
        if not session.has_plan(zone, plan.core, plan.memory, plan.dedicated_cpu):
            kind = "dedicated " if plan.dedicated_cpu else ""
            message = (
                f"zone {zone} has no {kind}plan with {plan.core} cores and {plan.memory} GB; "
                "`sakura-fleet doctor -s STACK --plans` lists what it has"
            )
            problems.append(Problem("plan", "unknown-plan", message))
        for index, disk in enumerate(disks):
            sizes = session.disk_sizes(zone, disk.plan)
            if disk.size not in sizes:
                offered = ", ".join(map(str, sizes)) or "none"
                message = f"zone {zone} has no {disk.plan} disk of {disk.size} GB; it offers {offered}"
                problems.append(Problem(f"disks[{index}].size", "disk-size", message))
    return problems
