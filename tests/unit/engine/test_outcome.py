"""What a run's events come to: an exit code by the codes of its errors, not by their words."""

from __future__ import annotations

import pytest

from sakura_fleet import tokens
from sakura_fleet.engine.exit_codes import JobExit
from sakura_fleet.engine.outcome import Change, Outcome
from sakura_fleet.errors import BusyError, CredentialsError, EngineError, FleetError, WaitTimeoutError

FAILED = EngineError("the update failed: update failed")


def outcome(*errors: str, failed: bool = False) -> Outcome:
    """A run with these errors among its diagnostics, perhaps with a server that failed."""
    change = Change("web-001", tokens.SERVER, "create", "failed" if failed else "done")
    return Outcome(changes={"urn": change}, errors=list(errors))


@pytest.mark.parametrize(
    ("errors", "failed", "code"),
    [
        ([], False, JobExit.ERROR),
        ([], True, JobExit.RESOURCE),
        (["no API key; make one [auth]"], False, JobExit.AUTH),
        (["the API key belongs to account 1 [wrong-account]"], True, JobExit.AUTH),
        (["timed out after 600 s waiting for server web-001 to be up; see [wait-timeout]"], True, JobExit.TIMEOUT),
        (["too slow [timeout]"], True, JobExit.TIMEOUT),
        (["the run was cancelled [cancelled]"], True, JobExit.CANCELED),
        (["no answer [unreachable]"], True, JobExit.RESOURCE),
        (["no answer [unreachable]"], False, JobExit.ERROR),
        (["too slow [timeout]", "GET / was answered 401 [auth]"], True, JobExit.AUTH),
        (["401 unauthorized, no access token: not within 600 s"], True, JobExit.RESOURCE),
        (["the script says [auth] in the middle"], True, JobExit.RESOURCE),
        (["1 problem in stack test; nothing was changed [input]:\n  size: too large [range]"], False, JobExit.USAGE),
    ],
)
def test_the_exit_code_of_a_failed_run(errors: list[str], failed: bool, code: JobExit) -> None:
    assert outcome(*errors, failed=failed).exit_code(FAILED, interrupted=False) is code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FleetError("x"), JobExit.ERROR),
        (CredentialsError("x"), JobExit.AUTH),
        (WaitTimeoutError("x"), JobExit.TIMEOUT),
        (BusyError("x"), JobExit.ERROR),
    ],
)
def test_an_error_of_our_own_counts_as_well(error: FleetError, code: JobExit) -> None:
    assert outcome().exit_code(error, interrupted=False) is code


def test_a_policy_and_a_person_come_first() -> None:
    run = outcome("no API key [auth]")
    assert run.exit_code(FAILED, interrupted=True) is JobExit.CANCELED
    run.violations.append("no-public-ssh: port 22 is open")
    assert run.exit_code(FAILED, interrupted=True) is JobExit.POLICY


def test_the_code_stays_with_the_engines_words() -> None:
    assert EngineError("the preview failed: no API key [auth]").coded() == "the preview failed: no API key [auth]"
    assert EngineError("the preview failed").coded() == "the preview failed [engine]"
