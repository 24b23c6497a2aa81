"""A provider for the real host of `pulumi.dynamic`: every check waits until enough others are there, and, where asked
to, until the engine has sent `Cancel`."""

from __future__ import annotations

import os
import threading
from typing import Any

from pulumi.dynamic import CheckResult, ConfigureRequest, ResourceProvider

from sakura_fleet.provider.engine_cancel import _interrupted

TOGETHER = 12
"""How many checks must run at the same time."""
PATIENCE = float(os.environ.get("SLOW_PROVIDER_PATIENCE", "300"))
barrier = threading.Barrier(TOGETHER)


class SlowProvider(ResourceProvider):
    serialize_as_secret_always = False

    def configure(self, _req: ConfigureRequest) -> None:
        from sakura_fleet.provider.engine_cancel import hear_cancel
        from sakura_fleet.provider.workers import widen

        if os.environ["SLOW_PROVIDER_WIDEN"] == "yes":
            widen()
            hear_cancel()

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        try:
            barrier.wait(PATIENCE)
        except threading.BrokenBarrierError:
            return CheckResult({**news, "together": False}, [])
        heard = not news.get("until_cancel") or _interrupted.wait(PATIENCE)
        return CheckResult({**news, "together": heard}, [])
