"""The condition of a find as bytes, and the same rule on the client's side."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakura_fleet.client import _query
from tests.unit.client.wire import Wire, found


@pytest.mark.parametrize(
    ("query", "encoded"),
    [
        ({"From": 0, "Count": 0}, b"%7B%22From%22%3A0%2C%22Count%22%3A0%7D"),
        ({"Filter": {"Name": "web a+b"}}, b"%7B%22Filter%22%3A%7B%22Name%22%3A%22web%20a%2Bb%22%7D%7D"),
        ({"Filter": {"Name": '100%"&'}}, b"%7B%22Filter%22%3A%7B%22Name%22%3A%22100%25%5C%22%26%22%7D%7D"),
        ({"Name": "石狩"}, b"%7B%22Name%22%3A%22%E7%9F%B3%E7%8B%A9%22%7D"),
        ({"Tags.Name": [["a", "b"]]}, b"%7B%22Tags.Name%22%3A%5B%5B%22a%22%2C%22b%22%5D%5D%7D"),
    ],
)
def test_encode_escapes_everything_once(query: dict[str, Any], encoded: bytes) -> None:
    assert _query.encode(query) == encoded
    assert httpx.URL("https://api.example/x").copy_with(query=encoded).raw_path == b"/x?" + encoded


@given(st.text(max_size=30))
def test_any_name_arrives_as_it_was(name: str) -> None:
    wire = Wire(found("Notes"))
    try:
        name.encode()
    except UnicodeEncodeError:  # a lone surrogate is no text that could be sent
        return
    wire.client().notes.find(name=name)
    assert wire.query.get("Filter", {}).get("Name", "") == name


def test_a_find_puts_its_condition_directly_behind_the_question_mark() -> None:
    wire = Wire(found("Servers"))
    wire.client().servers.find("is1b", tags=["sf:1", "sfr:2"], name="web")
    assert wire.last.url.raw_path.startswith(b"/cloud/zone/is1b/api/cloud/1.1/server?%7B%22From%22%3A0%2C")
    assert wire.query == {"From": 0, "Count": 0, "Filter": {"Tags.Name": [["sf:1", "sfr:2"]], "Name": "web"}}


@pytest.mark.parametrize(
    ("own_tags", "tags", "name", "fits"),
    [
        (["a", "b", "c"], ["a", "b"], None, True),
        (["a"], ["a", "b"], None, False),
        ([], ["a"], None, False),
        ([], [], None, True),
        ([], [], "web", True),
        ([], [], "01 my", True),
        ([], [], "web 02", False),
    ],
)
def test_is_match(own_tags: list[str], tags: list[str], name: str | None, fits: bool) -> None:
    assert _query.is_match(own_tags, "My-Web-01", tags=tags, name=name) is fits
