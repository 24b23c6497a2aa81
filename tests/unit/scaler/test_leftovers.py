"""What a job that died left in the cloud: what may be removed at once, and what is only named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sakura_emulator.server import Running
from sakura_fleet.inventory.owned import InState
from sakura_fleet.ownership import OwnerTags, fleet_tag
from sakura_fleet.provider.session import Session
from sakura_fleet.scaler.leftovers import remove_leftovers
from tests.emulator.support import Api

FLEET = "the-fleet"
STATE = "sfs:0123456789"
OWNER = replace(OwnerTags.of(FLEET, "urn:web-003"), state=STATE)


@pytest.fixture
def api(emulator: Running) -> Any:
    api = Api(emulator.url)
    with api.http:
        yield api


def left(api: Api, owner: OwnerTags = OWNER) -> dict[str, Any]:
    """A server that nobody knows, up."""
    server = api.make_server("web-003", Tags=owner.tag(()), ConnectedSwitches=[{"Scope": "shared"}])
    api.boot(server["ID"])
    return api.server(server["ID"])


def repaired(session: Session) -> list[str]:
    known = InState.of([])
    return list(remove_leftovers(session, FLEET, known=known, members={OWNER.resource}, state=STATE))


def test_a_member_that_no_state_knows_is_removed(api: Api, session: Session) -> None:
    server = left(api)
    (said,) = repaired(session)
    assert said.startswith("removed  server web-003")
    assert api.refused("GET", f"server/{server['ID']}")[0] == 404
    assert fleet_tag(FLEET) == OWNER.fleet


def test_what_another_state_has_made_is_only_named(api: Api, session: Session) -> None:
    server = left(api, replace(OWNER, state="sfs:9876543210"))
    (said,) = repaired(session)
    assert said.startswith("orphan   server web-003")
    assert api.power(server["ID"]) == "up"


def test_what_serves_in_an_elb_is_only_named(api: Api, session: Session) -> None:
    server = left(api)
    address = server["Interfaces"][0]["IPAddress"]
    api.make_elb("shop", Servers=[{"IPAddress": address, "Port": 80, "Enabled": True}])
    (said,) = repaired(session)
    assert said.startswith("orphan   server web-003")
    assert "it serves in the ELB shop" in said
    assert api.power(server["ID"]) == "up"
