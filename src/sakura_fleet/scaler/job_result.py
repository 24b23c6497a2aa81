"""What came of one request to a job runner, and how the history keeps it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from sakura_fleet.engine.exit_codes import JobExit
from sakura_fleet.engine.outcome import Change
from sakura_fleet.engine.plan_check import Finding
from sakura_fleet.errors import JobFolderError
from sakura_fleet.provider.processes import user_name

KEPT: Final = 50
"""So many findings are kept and shown; a template has one for each server."""


@dataclass(slots=True)
class JobResult:
    """What came of one request. `status` is one of those in `job_lock`; `ended` is None while the job runs;
    `detailed_exit_code` counts with `--detailed-exitcode` only, else it is a success, for cron's sake."""

    job_id: str
    request: str
    status: str
    size_before: int
    size_after: int
    reason: str
    size_wanted: int
    """What the request leads to; `size_after` is what is declared in the end."""
    exit_code: int = 0
    detailed_exit_code: int = 0
    servers: list[Change] = field(default_factory=list)
    summary: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    """What the plan would have done and must not, where it was blocked."""
    error: str = ""
    diff: str = ""
    ended: datetime | None = None
    duration_s: float = 0.0

    def fail_to_note(self, error: JobFolderError) -> None:
        """Say that what was done could not be written down; an error of the job itself tells more."""
        self.notes.append(error.coded())
        self.exit_code = self.exit_code or JobExit.JOB_FOLDER

    def record(self, stack: str, group: str, source: str) -> dict[str, Any]:
        """The result as the history keeps it."""
        return {
            "v": 1,
            "ts": self.ended.isoformat(timespec="seconds") if self.ended else None,
            "job_id": self.job_id,
            "group": group,
            "stack": stack,
            "request": self.request,
            "source": source,
            "actor": user_name(),
            "status": self.status,
            "size_before": self.size_before,
            "size_after": self.size_after,
            "size_wanted": self.size_wanted,
            "reason": self.reason,
            "pulumi": {"summary": self.summary},
            "servers": [asdict(server) for server in self.servers],
            "blocked": [finding.to_json() for finding in self.findings[:KEPT]],
            "duration_s": round(self.duration_s, 1),
            "notes": self.notes,
            "error": self.error,
        }
