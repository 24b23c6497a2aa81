"""`Reader`: typed values out, every problem noted with its path, nothing raised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sakura_fleet.errors import Problem
from sakura_fleet.model.reading import Reader


class Unknown:
    """Stands for what a preview cannot know."""


def read(data: Any, take: Callable[[Reader], Any], path: str = "") -> tuple[Any, list[Problem]]:
    problems: list[Problem] = []
    return take(Reader(data, path, problems, Unknown)), problems


def rules(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(problem.path, problem.rule) for problem in problems]


@pytest.mark.parametrize(
    ("take", "value", "expected"),
    [
        (lambda r: r.text("k"), "v", "v"),
        (lambda r: r.text("k", "d"), None, "d"),
        (lambda r: r.text("k", choices=("a", "b")), "b", "b"),
        (lambda r: r.text("k", pattern="[a-z]+"), "abc", "abc"),
        (lambda r: r.text("k", longest=3), "abc", "abc"),
        (lambda r: r.text("k", "", choices=("a",)), "", ""),  # the default itself need not be a choice
        (lambda r: r.whole("k", minimum=1, maximum=3), 1, 1),
        (lambda r: r.whole("k", minimum=1, maximum=3), 3, 3),
        (lambda r: r.whole("k"), 3.0, 3),  # Pulumi sends every number as a float
        (lambda r: r.whole("k", 7), None, 7),
        (lambda r: r.whole("k", 7), 0, 0),
        (lambda r: r.flag("k", default=True), False, False),
        (lambda r: r.flag("k", default=True), None, True),
        (lambda r: r.number("k", 0.0, above=0, shape="a rate"), 5, 5.0),
        (lambda r: r.number("k", 0.0, above=0, shape="a rate"), None, 0.0),
        (lambda r: r.texts("k"), ["a", "b"], ("a", "b")),
        (lambda r: r.texts("k", choices=("a", "b")), ["b"], ("b",)),
        (lambda r: r.texts("k", ()), None, ()),
        (lambda r: r.whole_list("k"), [1, 2.0], [1, 2]),
        (lambda r: r.whole_list("k"), None, []),
        (lambda r: r.structure("k"), {"x": [1]}, {"x": [1]}),
        (lambda r: r.has("k"), [], True),
        (lambda r: r.has("k"), None, False),
    ],
)
def test_good_values(take: Callable[[Reader], Any], value: Any, expected: Any) -> None:
    got, problems = read({"k": value}, take)
    assert (got, problems) == (expected, [])
    assert type(got) is type(expected)


@pytest.mark.parametrize(
    ("take", "value", "rule", "words"),
    [
        (lambda r: r.text("k"), None, "required", "it must be a text"),
        (lambda r: r.text("k"), 3, "type", "3 is not a text"),
        (lambda r: r.text("k", choices=("almalinux", "debian")), "alma", "unknown-value", "did you mean almalinux?"),
        (lambda r: r.text("k", choices=("a", "b")), "zzz", "unknown-value", "'zzz' is not one of a, b"),
        (lambda r: r.text("k", pattern="[a-z]+", shape="letters"), "a1", "shape", "'a1' is not letters"),
        (lambda r: r.text("k", pattern="[a-z]+"), "a\n", "shape", "of the form"),
        (lambda r: r.text("k", longest=3), "abcd", "length", "4 characters; at most 3"),
        (lambda r: r.whole("k"), None, "required", "a whole number"),
        (lambda r: r.whole("k"), "3", "type", "'3' is not a whole number"),
        (lambda r: r.whole("k"), True, "type", "True is not a whole number"),
        (lambda r: r.whole("k"), 1.5, "type", "1.5 is not"),
        (lambda r: r.whole("k"), float("inf"), "type", "inf is not"),
        (lambda r: r.whole("k", minimum=1, maximum=3), 0, "range", "from 1 to 3"),
        (lambda r: r.whole("k", minimum=1, maximum=3), 4, "range", "from 1 to 3"),
        (lambda r: r.whole("k", minimum=1), 0, "range", "at least 1"),
        (lambda r: r.whole("k", maximum=3), 4, "range", "at most 3"),
        *(
            (lambda r: r.number("k", 0.0, above=0, shape="a rate"), value, "range", "is not a rate")
            for value in (0, -1.5, True, "5", float("inf"), float("nan"))
        ),
        (lambda r: r.flag("k", default=False), "yes", "type", "'yes' is not true or false"),
        (lambda r: r.flag("k", default=False), 1, "type", "1 is not true or false"),
        (lambda r: r.texts("k"), "a", "type", "is not a list of texts"),
        (lambda r: r.texts("k"), {"a": 1}, "type", "is not a list of texts"),
        (lambda r: r.whole_list("k"), "12", "type", "is not a list of whole numbers"),
        (lambda r: r.children("k"), {"a": 1}, "type", "is not a list"),
        (lambda r: r.children("k"), "a", "type", "is not a list"),
        (lambda r: r.child("k"), [1], "type", "is not a mapping"),
    ],
)
def test_bad_values_become_one_problem(take: Callable[[Reader], Any], value: Any, rule: str, words: str) -> None:
    _, problems = read({"k": value}, take)
    assert rules(problems) == [("k", rule)]
    assert words in problems[0].message


@pytest.mark.parametrize(
    ("take", "items", "bad"),
    [
        (lambda r: r.texts("k"), ["a", 1, None], ["k[1]", "k[2]"]),
        (lambda r: r.whole_list("k"), [1, "2", True, 1.5, None], ["k[1]", "k[2]", "k[3]", "k[4]"]),
        (lambda r: r.whole_list("k"), [float("inf"), float("nan")], ["k[0]", "k[1]"]),
        (lambda r: r.children("k"), [{}, 1, "x"], ["k[1]", "k[2]"]),
    ],
)
def test_bad_items_are_named_by_their_index(take: Callable[[Reader], Any], items: list[Any], bad: list[str]) -> None:
    _, problems = read({"k": items}, take)
    assert rules(problems) == [(path, "type") for path in bad]


@pytest.mark.parametrize(
    "take",
    [
        lambda r: r.text("k", choices=("a",), pattern="x", longest=1),
        lambda r: r.whole("k", minimum=1, maximum=3),
        lambda r: r.flag("k"),
        lambda r: r.texts("k"),
        lambda r: r.whole_list("k"),
        lambda r: r.children("k"),
        lambda r: r.child("k").text("inner", "d"),
    ],
)
def test_unknown_values_pass_unjudged(take: Callable[[Reader], Any]) -> None:
    assert read({"k": Unknown()}, take)[1] == []


def test_an_unknown_item_of_a_list_is_left_out_of_what_is_judged() -> None:
    assert read({"k": ["a", Unknown()]}, lambda r: r.texts("k")) == (("a",), [])
    assert read({"k": [1, Unknown()]}, lambda r: r.whole_list("k")) == ([1], [])


def test_paths_lead_through_lists_and_mappings() -> None:
    def take(reader: Reader) -> None:
        for child in reader.child("template").children("disks"):
            child.whole("size", minimum=20)

    _, problems = read({"template": {"disks": [{"size": 20}, {"size": 1}]}}, take, path="group")
    assert rules(problems) == [("group.template.disks[1].size", "range")]


def test_several_problems_come_at_once_and_in_reading_order() -> None:
    def take(reader: Reader) -> None:
        reader.text("name")
        reader.whole("size", minimum=0)
        reader.flag("force", default=False)
        reader.close()

    _, problems = read({"size": -1, "force": "no", "sizes": 1}, take)
    assert rules(problems) == [
        ("name", "required"),
        ("size", "range"),
        ("force", "type"),
        ("sizes", "unknown-key"),
    ]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("max_sizes", "did you mean max_size?"),
        ("Max_Size", "did you mean max_size?"),
        ("zzz", "known are max_size, min_size"),
    ],
)
def test_unknown_keys_name_the_nearest_or_all(key: str, words: str) -> None:
    def take(reader: Reader) -> None:
        reader.whole("min_size", 0)
        reader.whole("max_size", 0)
        reader.close()

    _, problems = read({key: 1}, take, path="group")
    assert rules(problems) == [(f"group.{key}", "unknown-key")]
    assert words in problems[0].message


def test_data_that_is_no_mapping_is_one_problem() -> None:
    assert rules(read([1], lambda r: r.text("k", ""), path="group")[1]) == [("group", "type")]
    assert read(None, lambda r: r.text("k", ""))[1] == []


def test_long_values_are_cut_in_messages() -> None:
    _, problems = read({"k": "x" * 500}, lambda r: r.whole("k"))
    assert len(problems[0].message) < 100


@pytest.mark.parametrize(
    ("path", "prefix", "joined"),
    [("size", "disks[0]", "disks[0].size"), ("[0]", "disks", "disks[0]"), ("", "disks", "disks")],
)
def test_problem_under_a_prefix(path: str, prefix: str, joined: str) -> None:
    assert Problem(path, "r", "m").under(prefix) == Problem(joined, "r", "m")
