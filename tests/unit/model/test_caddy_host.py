"""A Caddy host's settings, and the script that gets its Caddyfile unharmed."""

from __future__ import annotations

import base64
import re
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakura_fleet.model.caddy_host import DEFAULT_TTL, PLACEHOLDER, CaddyHostArgs, host_script, read_caddy_host
from sakura_fleet.model.template import ServerTemplate
from tests.unit.model.read import read, rules

CADDYFILE = "www.example.com {\n  file_server\n}\n"
GOOD = {"name": "www", "zone": "is1b", "caddyfile": CADDYFILE}


def host_of(**changes: Any) -> tuple[CaddyHostArgs, list[tuple[str, str]]]:
    host, problems = read(read_caddy_host, {key: one for key, one in {**GOOD, **changes}.items() if one is not None})
    return host, rules(problems)


def test_a_host_with_defaults() -> None:
    host, problems = host_of()
    assert problems == []
    assert host == CaddyHostArgs(name="www", zone="is1b", caddyfile=CADDYFILE)
    assert (host.record, host.ttl, host.template) == ("", DEFAULT_TTL, ServerTemplate())


@pytest.mark.parametrize("key", GOOD)
def test_what_every_host_needs(key: str) -> None:
    assert host_of(**{key: None})[1] == [(key, "required")]


@pytest.mark.parametrize("name", ["a", "a1", "a-b", "a" * 32])
def test_good_names(name: str) -> None:
    assert host_of(name=name)[1] == []


@pytest.mark.parametrize("name", ["", "1a", "-a", "a-", "A", "a.b", "a_b", "a" * 33, "ホスト"])
def test_bad_names(name: str) -> None:
    assert host_of(name=name)[1] == [("name", "shape")]


@pytest.mark.parametrize("record", ["", "@", "www", "a.b", "_a", "a-b", "1"])
def test_good_records(record: str) -> None:
    assert host_of(record=record)[1] == []


@pytest.mark.parametrize("record", ["-a", "a-", "a.", "A", "a b", "*"])
def test_bad_records(record: str) -> None:
    assert host_of(record=record)[1] == [("record", "shape")]


def test_ttl_at_both_edges() -> None:
    assert [host_of(ttl=ttl)[1] for ttl in (10, 3_600_000)] == [[], []]
    assert [host_of(ttl=ttl)[1] for ttl in (9, 3_600_001)] == [[("ttl", "range")]] * 2


def test_other_problems_have_their_paths() -> None:
    script = {"edit_parameter": {"startup_scripts": ["#!/bin/sh\n"]}}
    assert host_of(template=script)[1] == [("template.edit_parameter.startup_scripts", "caddy-host-script")]
    assert host_of(zone="is2a", caddy_file="x", template={"plan": {"core": 0}})[1] == [
        ("zone", "unknown-value"),
        ("template.plan.core", "range"),
        ("caddy_file", "unknown-key"),
    ]


@given(st.text())
def test_any_caddyfile_arrives_as_it_is(caddyfile: str) -> None:
    script = host_script(f"#!/bin/sh\necho {PLACEHOLDER} | base64 -d\n", caddyfile)
    found = re.fullmatch(r"#!/bin/sh\necho ([A-Za-z0-9+/=]*) \| base64 -d\n", script)
    assert found, "nothing in it means anything to a shell"
    assert base64.b64decode(found[1]).decode() == caddyfile


def test_the_script_that_ships_has_one_place_for_it() -> None:
    script = files("sakura_fleet").joinpath("scripts", "caddy-host.sh").read_text("utf-8")
    assert script.count(PLACEHOLDER) == 1
    assert PLACEHOLDER not in host_script(script, CADDYFILE)
