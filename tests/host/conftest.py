"""Fixtures of the tests against real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.host.caddy import VERSIONS, Caddy, new_caddy

PAGES = """
localhost, site.test {
	tls internal
	header X-Serial one
	respond "over {http.request.proto} {http.request.host} {http.request.uri}"
}
"""


@pytest.fixture(scope="module", params=VERSIONS)
def pages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caddy]:
    """Caddy with a page that tells how it was asked, over all three HTTP versions."""
    caddy = new_caddy(request.param, tmp_path_factory.mktemp("pages"))
    caddy.write(PAGES)
    with caddy.running("localhost", "site.test"):
        yield caddy
