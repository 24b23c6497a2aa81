"""Answers of a JSON resolver: whatever it sends, the answer or the reason why there is none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakura_fleet.model.dns.published import read_doh_json, read_value

WWW = "www.example.com."
scalar = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([WWW, "1 . alpn=h2", "\\# 0"])
)
entry = st.dictionaries(st.sampled_from(["name", "type", "TTL", "data", "x"]), scalar | st.sampled_from([65, 5, 6]))
documents = st.fixed_dictionaries(
    {"Status": st.sampled_from([0, 2, 3]) | scalar},
    optional={"Answer": st.lists(entry | scalar, max_size=4) | scalar, "Authority": st.lists(entry | scalar) | scalar},
)


@given(documents | scalar | st.lists(scalar), st.sampled_from(["HTTPS", "CNAME", "A", "TXT"]))
def test_no_document_is_a_crash(document: Any, kind: str) -> None:
    answer = read_doh_json("here", WWW, kind, document)
    assert answer.error or answer.wires == frozenset(value.wire for value in answer.values)


@pytest.mark.parametrize(
    "text",
    [
        "10 . alpn=h3,h3-29,h2 ipv4hint=198.51.100.133",
        '10 . alpn="h3,h3-29,h2" ipv4hint="198.51.100.133"',
        "10 . ipv4hint=198.51.100.133 alpn=h3,h3-29,h2",
        "\\# 27 000a000001000c0268330568332d323902683200040004c6336485",
        "\\# 27 000A 000001000C0268330568332D3239026832 00040004C6336485",
    ],
)
def test_the_article_s_record_in_the_spellings_of_resolvers(text: str) -> None:
    assert read_value("HTTPS", text).wire.hex() == "000a000001000c0268330568332d323902683200040004c6336485"


@pytest.mark.parametrize("text", ["x", "1 . alpn=", "\\# 1 00 00", "\\# 2 zz", "\\# 2 0001", ""])
def test_data_that_nobody_can_read(text: str) -> None:
    with pytest.raises(ValueError, match="HTTPS"):
        read_value("HTTPS", text)


def test_loops_of_cnames_end() -> None:
    entries = [{"name": WWW, "type": 5, "data": "b."}, {"name": "b.", "type": 5, "data": WWW}]
    answer = read_doh_json("here", WWW, "HTTPS", {"Status": 0, "Answer": entries})
    assert answer.cnames == ("b.", WWW)


def test_an_absence_lasts_as_long_as_the_soa_says() -> None:
    soa = {"name": "example.com.", "type": 6, "TTL": 900, "data": "ns1. hostmaster. 1 3600 600 604800 300"}
    assert read_doh_json("here", WWW, "HTTPS", {"Status": 3, "Authority": [soa]}).ttl == 300
    assert read_doh_json("here", WWW, "HTTPS", {"Status": 3, "Authority": [{**soa, "TTL": 60}]}).ttl == 60
    assert read_doh_json("here", WWW, "HTTPS", {"Status": 3}).ttl is None
