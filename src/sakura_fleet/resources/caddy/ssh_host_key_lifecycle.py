"""The life cycle of an SSH host's key: taken once, then expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sakura_fleet.errors import Problem, ResourceError
from sakura_fleet.model.reading import Reader
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Found, Inputs, Lifecycle, Outputs, Unknown
from sakura_fleet.provider.session import Session
from sakura_fleet.resources.caddy.host_address import address_of, comparable_host
from sakura_fleet.resources.caddy.ssh_keyscan import scan


class SshHostKeyLifecycle(Lifecycle):
    """Nothing is made anywhere: the object is what was seen."""

    defaults = {"server": {}, "address": "", "port": 22, "pinned": "", "content": "", "deadline": 600}
    creation_only = frozenset({"deadline", "name"})

    def __init__(self, scan: Callable[[str, int], str] = scan) -> None:
        self._scan = scan

    def problems(self, session: Session, olds: Inputs, inputs: Inputs) -> list[Problem]:
        problems: list[Problem] = []
        reader = Reader(inputs, "", problems, Unknown)
        reader.whole("port", minimum=1, maximum=65_535)
        reader.whole("deadline", minimum=0, maximum=3_600)
        return problems

    def comparable(self, key: str, value: Any) -> Any:
        return comparable_host(key, value)

    def create(self, session: Session, inputs: Inputs) -> tuple[str, Outputs]:
        return OwnerTags.from_inputs(inputs["owner_tags"]).resource, self._seen(session, inputs, inputs["pinned"])

    def read(self, session: Session, object_id: str, outputs: Outputs) -> Found | None:
        inputs = {key: value for key, value in outputs.items() if key in (*self.defaults, "owner_tags", "name")}
        return Found(object_id, inputs, outputs)

    def update(self, session: Session, object_id: str, olds: Outputs, news: Inputs) -> Outputs:
        places = ("server", "address", "port")
        same = all(self.comparable(key, olds.get(key)) == self.comparable(key, news[key]) for key in places)
        return self._seen(session, news, news["pinned"] or (str(olds["host_key"]) if same else ""))

    def delete(self, session: Session, object_id: str, outputs: Outputs) -> None:
        if outputs["address"]:
            session.log.warn(
                f"the host {outputs['name']} ({outputs['address']}) is none of this stack's servers: Caddy is left "
                "serving there as it is"
            )

    def _seen(self, session: Session, inputs: Inputs, expected: str) -> Outputs:
        address, port = address_of(session, inputs), int(inputs["port"])
        shown = session.waiter.wait_for(
            f"the host {inputs['name']} to answer SSH at {address} port {port}",
            lambda: self._scan(address, port),
            bool,
            phase=lambda _: f"SSH {address}:{port}: no answer yet",
            remains="nothing was sent to it",
            deadline=float(inputs["deadline"]),
            way_out="see in the control panel's console whether it has booted, and whether a packet filter closes the "
            "port; then run `pulumi up` again",
        )
        if expected and shown != expected:
            raise ResourceError(
                f"the host {inputs['name']} ({address} port {port}) shows another SSH key, {shown}, than the one "
                f"expected, {expected}. Somebody may be in between, so nothing was sent. If the host was reinstalled, "
                "find out its key there (`ssh-keyscan localhost`) and put it into ssh.host_key"
            )
        return {**inputs, "host_key": shown}
