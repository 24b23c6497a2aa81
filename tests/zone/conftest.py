"""A name server for the tests in this folder, one a worker, and a resolver in front of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.zone.name_server import MISSING, NameServer, Resolver, resolver_of

ZONE = "example.com"
EMPTY = (
    "$ORIGIN example.com.\n@ 3600 IN SOA ns1 hostmaster 1 3600 600 604800 300\n@ 3600 IN NS ns1\nns1 IN A 127.0.0.1\n"
)


@pytest.fixture(scope="session")
def knot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    if MISSING:
        pytest.skip(f"{MISSING} not found; scripts/test-tools installs the Debian packages knot and knot-dnsutils")
    server = NameServer(tmp_path_factory.mktemp("knot"), ZONE, EMPTY)
    yield server
    server.stop()


@pytest.fixture
def name_server(knot: NameServer) -> NameServer:
    """The name server with an empty zone."""
    knot.serve(EMPTY)
    return knot


@pytest.fixture
def resolver(name_server: NameServer) -> Iterator[Resolver]:
    with resolver_of(name_server) as made:
        yield made
