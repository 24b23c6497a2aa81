"""What a run's events come to: an exit code by the codes of its errors, not by their words."""

from __future__ import annotations

import pytest
from pulumi.automation import EngineEvent

from sakura_fleet import tokens
from sakura_fleet.engine.exit_codes import JobExit
from sakura_fleet.engine.outcome import Change, Outcome
from sakura_fleet.errors import BusyError, CredentialsError, EngineError, FleetError, WaitTimeoutError

FAILED = EngineError("the update failed: update failed")


def outcome(*errors: str, failed: bool = False, kind: str = tokens.SERVER) -> Outcome:
    """A run with these errors of a resource of this kind, or of none, and perhaps with a server that failed."""
    change = Change("web-001", tokens.SERVER, "create", "failed" if failed else "done")
    run = Outcome(changes={"urn": change})
    urn = f"urn:pulumi:test::fleet::{tokens.SERVER_GROUP}${kind}::web-001" if kind else ""
    for error in errors:
        diagnostic = {"urn": urn, "message": error, "prefix": "error: ", "color": "never", "severity": "error"}
        run.on_event(EngineEvent.from_json({"sequence": 1, "timestamp": 1, "diagnosticEvent": diagnostic}))
    return run


CHECKED = f"{tokens.SERVER} resource 'web-001': property plan value {{map[core:{{3}}]}} has a problem: "
SCRIPT = f"{tokens.SERVER} resource 'web-001': property tags value {{#!/bin/sh\necho [auth]\n}} has a problem: "
KEYSCAN = "no key of 192.0.2.1 [resource]:\n  ssh: i/o error [timeout]\n  caddy has a problem: refused [policy]"


@pytest.mark.parametrize(
    ("errors", "failed", "code"),
    [
        ([], False, JobExit.ERROR),
        ([], True, JobExit.RESOURCE),
        (["no API key; make one [auth]"], False, JobExit.AUTH),
        (["the API key belongs to account 1 [wrong-account]\n"], True, JobExit.AUTH),
        (["timed out after 600 s waiting for server web-001 to be up; see [wait-timeout]"], True, JobExit.TIMEOUT),
        (["too slow [timeout]"], True, JobExit.TIMEOUT),
        (["1 error occurred:\n\t* too slow [timeout]\n\n"], True, JobExit.TIMEOUT),  # with outputs for the state
        (["the run was cancelled [cancelled]"], True, JobExit.CANCELED),
        (["no answer [unreachable]"], True, JobExit.RESOURCE),
        (["no answer [unreachable]"], False, JobExit.ERROR),
        (["too slow [timeout]", "GET / was answered 401 [auth]"], True, JobExit.AUTH),
        (["401 unauthorized, no access token: not within 600 s"], True, JobExit.RESOURCE),
        (["the script says [auth] in the middle"], True, JobExit.RESOURCE),
        (
            ["2 problems in the DNS zone example.com; nothing in it was changed [input]:\n  too large"],
            True,
            JobExit.RESOURCE,
        ),
        (["2 problems in the stack test; nothing was changed [input]:\n  too large"], False, JobExit.INPUT),
        ([CHECKED + "no plan with 3 cores [unknown-plan] [input]\n"], False, JobExit.INPUT),
        ([CHECKED + "the switch 1 belongs to another fleet [not-owned]"], False, JobExit.ERROR),
        ([f"{tokens.SERVER} resource 'web-001' has a problem: no API key [auth]"], False, JobExit.AUTH),
        ([SCRIPT + "x [y] [input]"], False, JobExit.INPUT),
        ([SCRIPT + "odd [unreachable]"], False, JobExit.ERROR),
        (
            ["no key of 192.0.2.1 [resource]:\n  ssh: i/o error [timeout]\n  caddy: refused [policy]"],
            True,
            JobExit.RESOURCE,
        ),
        (["a line with a rule only [size-range]"], True, JobExit.RESOURCE),
    ],
)
def test_the_exit_code_of_a_failed_run(errors: list[str], failed: bool, code: JobExit) -> None:
    assert outcome(*errors, failed=failed).exit_code(FAILED, interrupted=False) is code


@pytest.mark.parametrize("kind", [tokens.REMOTE_COMMAND, "pulumi:providers:command", "other:index:Thing", ""])
@pytest.mark.parametrize("text", ["i/o error [timeout]", "denied [policy]", "who? [auth]", "gone [no-stack]"])
@pytest.mark.parametrize(("failed", "code"), [(True, JobExit.RESOURCE), (False, JobExit.ERROR)])
def test_texts_of_others_tell_no_exit_code(kind: str, text: str, failed: bool, code: JobExit) -> None:
    assert outcome(text, failed=failed, kind=kind).exit_code(FAILED, interrupted=False) is code


def test_the_programs_own_refusal_is_wrong_input() -> None:
    refused = "1 problem in stack test; nothing was changed [input]:\n  size: too large [size-range]"
    run = outcome(refused, "an unhandled error occurred: the program exited with code 1", kind="")
    assert run.exit_code(FAILED, interrupted=False) is JobExit.INPUT


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


def test_what_a_wait_sees_is_the_phase_of_the_change_that_is_under_way() -> None:
    urn = f"urn:pulumi:test::fleet::{tokens.SERVER}::web-001"
    change = Change("web-001", tokens.SERVER, "create")
    told: list[str] = []
    run = Outcome(changes={f"{urn} create": change}, listener=lambda change: told.append(change.phase))

    def says(message: str, *, ephemeral: bool = True) -> None:
        diagnostic = {"urn": urn, "message": message, "color": "never", "severity": "info", "ephemeral": ephemeral}
        run.on_event(EngineEvent.from_json({"sequence": 1, "timestamp": 1, "diagnosticEvent": diagnostic}))

    says("<{%reset%}>booting<{%reset%}>\n")
    says("booting")
    says("")
    says("a notice that stays", ephemeral=False)
    change.state = "done"
    says("too late")
    assert told == ["booting"]
