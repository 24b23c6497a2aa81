"""Which objects a state knows: by ID or by owner tag, never by their number."""

from __future__ import annotations

from sakura_fleet.inventory.owned import InState, Kind, Owned
from sakura_fleet.ownership import OwnerTags

FLEET = "0123456789abcdef"


def server(number: int, *, tag: str = "", completeness: int = 0) -> Owned:
    owner_tags = OwnerTags.of(FLEET, tag or f"urn:{number}")
    return Owned(Kind.SERVER, f"1138000000{number:02}", f"web-{number:03}", "is1b", owner_tags, "", completeness)


STATE = InState.of(
    [
        {"type": "pulumi:pulumi:Stack"},
        {"id": server(1).id, "inputs": {"owner_tags": server(1).owner_tags.inputs()}},
        {"id": server(2).id, "inputs": {"owner_tags": server(2).owner_tags.inputs()}},
        {"id": "113800000090", "outputs": {"elb_id": "113800000091"}, "inputs": {}},
    ]
)


def test_one_more_and_one_less_are_told_apart() -> None:
    assert STATE.unknown([server(1), server(3)]) == [server(3)]
    assert STATE.unknown([server(1), server(2)]) == []


def test_a_server_that_lost_its_owner_tag_to_another_is_known_by_its_id() -> None:
    freed = Owned(Kind.SERVER, server(1).id, "web-001", "is1b", server(1).owner_tags.freed(server(1).id))
    assert STATE.unknown([freed]) == []


def test_a_second_one_is_unknown_even_where_it_is_further_on_its_way() -> None:
    second = server(5, tag="urn:1", completeness=100)
    assert STATE.unknown([server(1), second]) == [second]


def test_what_a_state_knows() -> None:
    assert {"113800000090", "113800000091"} < STATE.ids
    assert not STATE.is_empty
    assert InState.of([{"type": "pulumi:pulumi:Stack"}]).is_empty
