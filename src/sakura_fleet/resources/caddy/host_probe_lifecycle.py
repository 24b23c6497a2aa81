"""The life cycle of a proof: asked for when it is made and when something has changed, kept in between."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from sakura_fleet.errors import FleetError, ProbeError, Problem
from sakura_fleet.model.reading import Reader
from sakura_fleet.ownership import OwnerTags
from sakura_fleet.provider.lifecycle import Found, Inputs, Lifecycle, Outputs, Unknown
from sakura_fleet.provider.session import Session
from sakura_fleet.resources.caddy.host_address import address_of, comparable_host
from sakura_fleet.text_files import temporary_files

if TYPE_CHECKING:
    from sakura_fleet.probe import ProbeResult

SERVER_ERRORS = 500
"""From this status on a host does not serve, whatever protocol says so."""


class HostProbeLifecycle(Lifecycle):
    """Nothing is made anywhere: the object is what was answered."""

    defaults = {"server": {}, "address": "", "content": "", "deadline": 600, "required": True}
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
        verified = list(inputs["protocols"])
        end = session.clock() + float(inputs["deadline"])
        texts = {f"{number}.pem": target["ca"] for number, target in enumerate(inputs["targets"]) if target["ca"]}
        with temporary_files(f"the certificate authorities of the host {inputs['name']}", texts) as folder:
            for number, target in enumerate(inputs["targets"]):
                ca_file = str(folder / f"{number}.pem") if target["ca"] else None
                asked = _Asked(
                    session,
                    host=f"the host {inputs['name']} ({address})",
                    url=target["url"],
                    end=end,
                    ask=partial(self._probe, target["url"], address=address, ca_file=ca_file),
                )
                answers = asked.all_of(verified) if inputs["required"] else asked.served_of(verified)
                verified = [protocol for protocol in verified if protocol in answers]
                until = next(iter(answers.values())).certificate_not_after
                certificates[target["url"]] = until.isoformat()
        return {**inputs, "verified": verified, "certificates": certificates}

    @property
    def _probe(self) -> Callable[..., ProbeResult]:
        if self._given:
            return self._given
        from sakura_fleet.probe import probe  # loads HTTP/2 and HTTP/3, which only this needs

        return probe


@dataclass(frozen=True, slots=True)
class _Asked:
    """The questions to one target: `ask` takes the protocol, and nothing is waited for beyond `end`."""

    session: Session
    host: str
    url: str
    end: float
    ask: Callable[..., ProbeResult]

    def all_of(self, protocols: Sequence[str]) -> dict[str, ProbeResult]:
        """The answers over all of these; each is waited for."""
        return {protocol: self._wait_for((protocol,), over=protocol) for protocol in protocols}

    def served_of(self, protocols: Sequence[str]) -> dict[str, ProbeResult]:
        """The answers over those that are served, once any is."""
        over_tcp = [protocol for protocol in protocols if protocol != "h3"]
        reason = (
            "; with `http://`, a port such as `:80` or `auto_https off` a Caddyfile serves no TLS, and such a site has "
            "no `record`: write its A record into dns.record_sets"
        )
        first = self._wait_for(over_tcp, over="TLS", reason=reason)
        tried = {protocol: self._once(protocol) for protocol in over_tcp if protocol != first.protocol}
        served: dict[str, ProbeResult] = {first.protocol: first}
        served |= {protocol: cast("ProbeResult", answer) for protocol, answer in tried.items() if _is_served(answer)}
        if "h3" in protocols and any(answer.promises_h3 for answer in served.values()):
            reason = (
                ", as its answers promise h3 (Alt-Svc): open 443/udp, or write `protocols h1 h2` into the Caddyfile"
            )
            served["h3"] = self._wait_for(("h3",), over="h3", reason=reason)
        return served

    def _once(self, protocol: str) -> ProbeResult | FleetError:
        try:
            return self.ask(protocol=protocol)
        except FleetError as error:
            return error

    def _wait_for(self, protocols: Sequence[str], *, over: str, reason: str = "") -> ProbeResult:
        """The first answer over any of these."""

        def any_answer() -> ProbeResult | FleetError:
            answer = self._once(protocols[0])
            for protocol in protocols[1:]:
                if _is_served(answer):
                    break
                answer = self._once(protocol)
            return answer

        answer = self.session.waiter.wait_for(
            f"{self.host} to serve {self.url} over {over}",
            any_answer,
            _is_served,
            phase=lambda answer: f"{over} {self.url}: {_words(answer)}",
            remains="the host is as it was made, and no HTTPS record of it is written",
            deadline=max(0.0, self.end - self.session.clock()),
            way_out=lambda answer: (
                f"no HTTPS record of it is written{reason}. The last attempt: "
                f"{answer if isinstance(answer, FleetError) else f'it answers {answer.status}'}"
            ),
        )
        return cast("ProbeResult", answer)  # the wait ends with an answer only


def _words(answer: ProbeResult | FleetError) -> str:
    """An answer in a few words: of an error what follows the question, which it repeats."""
    if isinstance(answer, ProbeError):
        return answer.reason
    if isinstance(answer, FleetError):
        return str(answer)
    return f"it answers {answer.status}"


def _is_served(answer: ProbeResult | FleetError) -> bool:
    return not isinstance(answer, FleetError) and answer.status < SERVER_ERRORS
