"""What the plan of a job may do: one of the scaler changes the size, a deployment all that `plan-check` passes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sakura_fleet.engine.plan import Step
from sakura_fleet.engine.plan_check import DEFAULT_SHARE, Finding, check_plan
from sakura_fleet.scaler.size_change import SizeChange, is_begun, unexpected


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLimits:
    """`size_only`: nothing beyond the change of the size. `allow_delete` and `max_removed` are those of `plan-check`,
    whose rules hold in any case."""

    size_only: bool = True
    allow_delete: tuple[str, ...] = ()
    max_removed: int = DEFAULT_SHARE

    def findings(self, steps: Collection[Step], change: SizeChange) -> list[Finding]:
        """What the plan must not do, each resource once."""
        beyond = unexpected(steps, change) if self.size_only else []
        named = {finding.urn for finding in beyond}
        checked = check_plan(
            steps,
            allow_delete={*self.allow_delete, *change.replaced, *(step.urn for step in steps if is_begun(step))},
            max_removed=self.max_removed,
            asked=change.removed,
        )
        return [*beyond, *(finding for finding in checked if finding.urn not in named)]
