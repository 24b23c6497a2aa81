"""Two runs that write to one ELB, each in turn with another pair of members."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from sakura_fleet.client import Client, Credentials
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Diff, Inputs, Outputs
from sakura_fleet.provider.session import Session
from sakura_fleet.provider.settings import SessionSettings
from sakura_fleet.resources.elb.membership_lifecycle import ElbMembershipLifecycle
from tests.unit.meeting import Meeting
from tests.unit.resources.elb.support import (
    PREFIX,
    Document,
    Member,
    add_servers,
    member_inputs,
    places,
)
from tests.unit.world import FLEET, World

LIFE = ElbMembershipLifecycle()


@dataclass
class Writer:
    """A run of its own, as another process would have: nothing is shared but the cloud."""

    session: Session
    meeting: Meeting
    elb: Document
    group: str
    members: list[Member]
    outputs: Outputs = field(default_factory=dict)
    lost: int = 0

    @property
    def owner_tags(self) -> OwnerTags:
        return OwnerTags.of(FLEET, f"{PREFIX}ElbMembership::{self.group}")

    def inputs(self, number: int) -> Inputs:
        """Two members in turn: in every round one joins and one leaves."""
        at = number % 3
        wanted = [self.members[at], self.members[(at + 1) % 3]]
        # Without a wait for UP: an entry that the other one's write took away would be waited for in vain.
        times: dict[str, Any] = {"drain_timeout": 0, "up_deadline": 0}
        return member_inputs(
            self.elb, wanted, server_group_name=self.group, owner_tags=self.owner_tags.inputs(), **times
        )

    def turn(self, number: int) -> None:
        self.meeting.new_round()
        self.outputs = LIFE.update(self.session, self.owner_tags.resource, self.outputs, self.inputs(number))

    def is_right(self, number: int) -> bool:
        wanted = [f"{entry['address']}:{entry['port']}" for entry in self.outputs["entries"]]
        return sorted(self.elb.places(self.group)) == sorted(wanted) == sorted(places(*self.at(number)))

    def at(self, number: int) -> list[Member]:
        return [self.members[number % 3], self.members[(number + 1) % 3]]

    def repair(self, number: int) -> None:
        """What a refresh shows and the next `pulumi up` does."""
        news = self.inputs(number)
        missing = set(places(*self.at(number))) - set(self.elb.places(self.group))
        found = LIFE.read(self.session, self.owner_tags.resource, self.outputs)
        assert found is not None
        if missing:
            self.lost += 1
            assert LIFE.diff(found.outputs, news) == Diff(changed=("members",)), "a refresh shows the loss"
        self.outputs = LIFE.update(self.session, self.owner_tags.resource, found.outputs, news)
        assert set(places(*self.at(number))) <= set(self.elb.places(self.group)), "and the next run repairs it"


def writers(made: World, stack: ExitStack, elb: Document) -> list[Writer]:
    found = []
    barrier = threading.Barrier(2)
    for group in ("one", "two"):
        meeting = Meeting(barrier, f"/commonserviceitem/{elb.id}")
        credentials = Credentials("token", "secret")
        client = stack.enter_context(Client(made.emulator.api_root, credentials, rate_limit=0, transport=meeting))
        session = Session(SessionSettings(api_root=made.emulator.api_root), env={}, client=client)
        found.append(Writer(session, meeting, elb, group, add_servers(made, 3, group)))
    return found
