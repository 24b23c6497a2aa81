"""The rule about tags, and what its remediation changes."""

from __future__ import annotations

from typing import Any

import pytest

from policies.properties import UNKNOWN
from policies.rule import Context, Resource
from tests.unit.policies.support import BY_ID, breaches, broken, elb, server

RULE = BY_ID["required-tags"]


def remedy(judged: Resource, **settings: Any) -> Any:
    assert RULE.remediate
    return RULE.remediate(judged, Context(RULE.configured(settings), "production"))


@pytest.mark.parametrize("judged", [server(), elb(), server(tags=["a", "production"])])
def test_there(judged: Resource) -> None:
    assert broken("required-tags", judged) == []
    assert remedy(judged) == {}


@pytest.mark.parametrize("make", [server, elb])
def test_added_behind_the_others(make: Any) -> None:
    assert broken("required-tags", make(tags=["web"])) == ["tags"]
    assert remedy(make(tags=["web"])) == {"tags": ["web", "production"]}
    assert remedy(make(tags=[]), tags=["{stack}", "team", "team"]) == {"tags": ["production", "team"]}


def test_the_message_names_what_is_required_and_nothing_that_is_there() -> None:
    (breach,) = breaches("required-tags", server(tags=["hush"]), tags=["team"])
    assert breach.words == "required and not there: team"


def test_what_does_not_fit_is_reported_and_left() -> None:
    full = server(tags=[f"tag-{number}" for number in range(7)])
    assert remedy(full) == {}
    assert broken("required-tags", full) == ["tags"]
    assert remedy(server(tags=[]), tags=["x" * 33]) == {}


@pytest.mark.parametrize("judged", [server(tags=UNKNOWN), server(tags=["a", UNKNOWN]), elb(tags=[], lookup="theirs")])
def test_what_is_not_known_or_only_looked_up_is_not_judged(judged: Resource) -> None:
    assert broken("required-tags", judged) == []
    assert remedy(judged) == {}
