"""Which addresses of a block on a switch servers may get."""

from __future__ import annotations

import pytest

from sakura_fleet.model.server.addresses import AddressBlock


@pytest.mark.parametrize(
    ("written", "route", "first", "last", "count"),
    [
        ("192.168.0.0/24", "", "192.168.0.1", "192.168.0.254", 254),
        ("192.168.0.0/24", "192.168.0.254", "192.168.0.1", "192.168.0.253", 253),
        ("192.168.0.0/24", "192.168.0.1", "192.168.0.2", "192.168.0.254", 253),
        ("192.168.0.16/28", "", "192.168.0.17", "192.168.0.30", 14),
        ("192.168.0.100/24", "192.168.0.1", "192.168.0.101", "192.168.0.254", 154),  # from the one that is written on
        ("10.0.0.255/16", "", "10.0.1.0", "10.0.255.254", 65_279),
    ],
)
def test_the_addresses_of_a_block(written: str, route: str, first: str, last: str, count: int) -> None:
    block = AddressBlock.of(written, route)
    addresses = list(block)
    assert (addresses[0], addresses[-1], len(addresses), len(block)) == (first, last, count, count)
    assert route not in addresses


@pytest.mark.parametrize("written", ["192.168.0.254/24", "192.168.0.255/24", "255.255.255.255/24", "192.168.0.5"])
def test_a_block_without_any(written: str) -> None:
    assert (list(AddressBlock.of(written)), len(AddressBlock.of(written))) == ([], 0)


def test_what_is_no_block() -> None:
    with pytest.raises(ValueError, match="not a valid netmask"):
        AddressBlock.of("192.168.0.0/33")
