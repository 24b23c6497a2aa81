"""Which entries of an ELB `show` and `repair` call disabled: one function judges for both."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from sakura_fleet.client import ElbEntry
from sakura_fleet.inventory.stale_entries import is_disabled


@pytest.mark.parametrize(
    ("address", "enabled", "names", "disabled"),
    [
        ("192.0.2.1", False, {"gr1"}, True),
        ("192.0.2.1", False, None, True),
        ("192.0.2.1", True, {"gr1"}, False),
        ("192.0.2.1", False, {"gr2"}, False),
        ("192.0.2.9", False, {"gr1"}, False),
    ],
    ids=["ours", "no group of ours in it", "enabled", "another group's", "another's server"],
)
def test_disabled_entries(address: str, enabled: bool, names: Collection[str] | None, disabled: bool) -> None:
    entry = ElbEntry(address, 80, enabled=enabled, server_group="gr1")
    assert is_disabled(entry, {"192.0.2.1"}, names) is disabled
