"""YAML as far as JSON can say it, and no more of it than was written."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from sakura_fleet.errors import FileError
from sakura_fleet.model import yaml_reader
from sakura_fleet.model.yaml_lines import Lines, comment, dump
from sakura_fleet.model.yaml_reader import read_yaml
from tests.unit.yaml_bomb import bomb

BOMBS = {"lists": ("x", "[{}]"), "merges": ("{x: 1}", "{{<<: [{}]}}")}
HIDDEN = "\r\x0b\x0c\x1b\x85\u2028\u2029\u202e\u2066\ufeff"


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_before_it_is_made(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = bomb(*BOMBS[kind])
    for read in (read_yaml, Lines):
        with pytest.raises(FileError, match=r"f.yaml: its aliases \(`\*name`\) stand for too much"):
            read(text, "f.yaml")
    # Without the limit, even the first levels of it stand for more than a thousand times the file.
    monkeypatch.setattr(yaml_reader, "MAX_WEIGHT", 10**9)
    small = bomb(*BOMBS["lists"], levels=6)
    assert len(json.dumps(read_yaml(small, "f.yaml"))) > 1_000 * len(small)


def test_few_aliases_are_what_they_are_for() -> None:
    text = "base: &base {core: 1}\na: *base\nb: {<<: *base, memory: 2}\n"
    assert read_yaml(text, "f") == {"base": {"core": 1}, "a": {"core": 1}, "b": {"core": 1, "memory": 2}}


@pytest.mark.parametrize("text", ["&a [*a]", "a: &a {b: [{c: *a}]}", "&a {<<: *a}"])
def test_an_alias_of_what_is_around_it_is_refused(text: str) -> None:
    with pytest.raises(FileError, match="f:1: an alias stands for what is around it, without an end"):
        read_yaml(text, "f")
    assert yaml.safe_load("&a [*a]"), "what a plain reader makes of it"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 5_000, "f is nested too deeply"),
        ("9" * 5_000, "a number of 5000 digits; a text needs quotes"),
        ("0x" + "f" * 5_000, "a number of 5002 digits"),
        ("!!int x", "f is not YAML: "),
        ("!!float x", "f is not YAML: "),
        ("!!timestamp 2026-01-01", "f is not YAML: could not determine a constructor"),
        ("!!binary eA==", "f is not YAML: could not determine a constructor"),
        ("!!set {a, b}", "f is not YAML: could not determine a constructor"),
        ("!!python/object/apply:os.system [id]", "f is not YAML: could not determine a constructor"),
        ("? [a]\n: b", "f is not YAML: "),
        ("a: *b", "f is not YAML: "),
        ("\x00", "f is not YAML: "),
    ],
)
def test_what_is_no_document(text: str, words: str) -> None:
    with pytest.raises(FileError, match=words):
        read_yaml(text, "f")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("a: 2026-12-31", {"a": "2026-12-31"}),
        ("[1, 2.5, true, null, x, 0x10]", [1, 2.5, True, None, "x", 16]),
    ],
)
def test_plain_values(text: str, value: Any) -> None:
    assert read_yaml(text, "f") == value


@pytest.mark.parametrize("hidden", HIDDEN)
def test_what_hides_in_a_name_stays_in_its_line(hidden: str) -> None:
    name = f"web{hidden}injected: true # x"
    for text in (comment(f"server {name}"), comment(f"{name}\ninjected: true")):
        assert yaml.safe_load(f"{text}\na: 1\n") == {"a": 1}
        assert hidden not in text
        assert len(text.splitlines()) == 1
    assert yaml.safe_load(dump({"name": name, "list": [name, f"a\n{name}"]})) == {
        "name": name,
        "list": [name, f"a\n{name}"],
    }
    assert hidden not in dump({"name": name, "list": [name, f"a\n{name}"]})
    if hidden not in "\x0b\x0c\x1b\ufeff\u202e\u2066":  # those that end a line, for a comment as it was
        assert yaml.safe_load(f"# server {name}\na: 1\n") != {"a": 1}
