"""The coverage page is what the routes say."""

from __future__ import annotations

from sakura_emulator.api.routes import ROUTES
from sakura_emulator.api.unwritten import UNWRITTEN
from tests.docs.emulator_coverage import PAGE, page


def test_the_page_is_what_the_routes_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.docs.emulator_coverage"


def test_no_route_is_written_twice_or_both_written_and_not() -> None:
    routes = [(method, path) for method, path, _ in ROUTES]
    assert len(routes) == len(set(routes))
    assert not set(routes) & set(UNWRITTEN)
