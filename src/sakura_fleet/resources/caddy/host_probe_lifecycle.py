"""The life cycle of a proof: asked for when it is made and when something has changed, kept in between."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sakura_fleet.errors import FleetError, Problem
from sakura_fleet.model.reading import Reader
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Found, Inputs, Lifecycle, Outputs, Unknown
from sakura_fleet.provider.session import Session
from sakura_fleet.resources.caddy.host_address import address_of, comparable_host

if TYPE_CHECKING:
    from sakura_fleet.probe import ProbeResult

SERVER_ERRORS = 500
"""From this status on a host does not serve, whatever protocol says so."""


class HostProbeLifecycle(Lifecycle):
    """Nothing is made anywhere: the object is what was answered."""

    defaults = {"server": {}, "address": "", "content": "", "deadline": 600}
    creation_only = frozenset({"deadline", "name"})

    def __init__(self, probe: Callable[..., ProbeResult] | None = None) -> None:
        self._given = probe

    def problems(self, session: Session, olds: Inputs, inputs: Inputs) -> list[Problem]:
        problems: list[Problem] = []
        reader = Reader(inputs, "", problems, Unknown)
        reader.whole("deadline", minimum=1, maximum=3_600)
        if "h3" in reader.texts("protocols") and importlib.util.find_spec("aioquic") is None:
            message = (
                "to see HTTP/3 answered takes the package aioquic; run `pip install 'sakura-fleet[http3]'`, or set the "
                "host's ready_deadline to 0, which announces it unseen"
            )
            problems.append(Problem("protocols", "http3-extra-missing", message))
        return problems

    def comparable(self, key: str, value: Any) -> Any:
        return comparable_host(key, value)

    def create(self, session: Session, inputs: Inputs) -> tuple[str, Outputs]:
        return OwnerTags.from_inputs(inputs["owner_tags"]).resource, self._proven(session, inputs)

    def read(self, session: Session, object_id: str, outputs: Outputs) -> Found | None:
        # As it was found: a certificate that was renewed meanwhile is no drift. `sakura-fleet host check` asks again.
        inputs = {key: value for key, value in outputs.items() if key not in ("verified", "certificates")}
        return Found(object_id, inputs, outputs)

    def update(self, session: Session, object_id: str, olds: Outputs, news: Inputs) -> Outputs:
        return self._proven(session, news)

    def delete(self, session: Session, object_id: str, outputs: Outputs) -> None:
        """There is nothing to delete."""

    def _proven(self, session: Session, inputs: Inputs) -> Outputs:
        address = address_of(session, inputs)
        certificates: dict[str, str] = {}
        end = session.clock() + float(inputs["deadline"])
        with tempfile.TemporaryDirectory() as folder:
            for number, target in enumerate(inputs["targets"]):
                ca = Path(folder) / f"{number}.pem"
                ca.write_text(target["ca"], "utf-8")
                for protocol in inputs["protocols"]:
                    place = {"address": address, "ca_file": str(ca) if target["ca"] else None}
                    result = self._answer(session, inputs, target, protocol, end, place)
                    certificates[target["url"]] = result.certificate_not_after.isoformat()
        return {**inputs, "verified": list(inputs["protocols"]), "certificates": certificates}

    def _answer(
        self,
        session: Session,
        inputs: Inputs,
        target: Mapping[str, str],
        protocol: str,
        end: float,
        place: Mapping[str, str | None],
    ) -> ProbeResult:
        def ask() -> ProbeResult | FleetError:
            try:
                return self._probe(target["url"], protocol=protocol, **place)
            except FleetError as error:
                return error

        answer = session.waiter.wait_for(
            f"the host {inputs['name']} ({place['address']}) to serve {target['url']} over {protocol}",
            ask,
            lambda answer: not isinstance(answer, FleetError) and answer.status < SERVER_ERRORS,
            deadline=max(0.0, end - session.clock()),
            way_out=lambda answer: (
                "no HTTPS record of it is written. The last attempt: "
                f"{answer if isinstance(answer, FleetError) else f'it answers {answer.status}'}"
            ),
        )
        return cast("ProbeResult", answer)  # the wait ends with an answer only

    @property
    def _probe(self) -> Callable[..., ProbeResult]:
        if self._given:
            return self._given
        from sakura_fleet.probe import probe  # loads HTTP/2 and HTTP/3, which only this needs

        return probe
