"""A jq program ends, in time and in memory, whatever it is."""

from __future__ import annotations

import pytest

from sakura_fleet.errors import UsageError
from sakura_fleet.interop import jq_query
from sakura_fleet.interop.jq_query import JqQuery

DOCUMENT = '{"avg": 50.0, "servers": [{"name": "a"}, {"name": "日本"}]}'


def test_results_come_in_their_order_with_what_ended_them() -> None:
    assert JqQuery(".avg, .servers[].name, {a: .avg}").run(DOCUMENT) == ([50, "a", "日本", {"a": 50}], "")
    values, failure = JqQuery(".avg, .avg.x").run(DOCUMENT)
    assert values == [50]
    assert "Cannot index number" in failure


def test_a_program_that_is_none() -> None:
    with pytest.raises(UsageError, match="--query cannot be read: "):
        JqQuery(".[[")


@pytest.mark.parametrize("program", ["def f: f; f", "last(repeat(1))", "[.servers[] | until(false; .)]"])
def test_a_program_without_an_end(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    query = JqQuery(program)
    monkeypatch.setattr(jq_query, "SECONDS", 1)
    with pytest.raises(UsageError, match="takes more than 1 s; does the program end"):
        query.run(DOCUMENT)


def test_a_program_that_eats_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    query = JqQuery('reduce range(60) as $n ("x"; . + .) | length')
    monkeypatch.setattr(jq_query, "MEMORY", 1 << 28)
    with pytest.raises(UsageError, match="takes more than 256 MiB of memory"):
        query.run(DOCUMENT)


def test_results_without_an_end() -> None:
    values, failure = JqQuery('repeat("x" * 1000)').run(DOCUMENT)
    assert failure == "the results have more than 1000000 characters"
    assert 0 < len(values) < 1_000


def test_a_result_that_is_nested_too_deeply() -> None:
    values, failure = JqQuery("reduce range(9000) as $n (0; [.])").run(DOCUMENT)
    assert values == []
    assert failure
