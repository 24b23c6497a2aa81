"""The thin adapter between life cycles and Pulumi's dynamic provider host."""

from __future__ import annotations

import asyncio
import sys
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from types import FrameType
from typing import Any, ClassVar, Final
from weakref import WeakKeyDictionary

import grpc
import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)
from pulumi.output import UNKNOWN as PULUMIS_UNKNOWN
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, status_pb2
from pulumi.runtime.rpc import serialize_properties

from sakura_fleet.errors import FleetError, InputError, Problem
from sakura_fleet.ownership import OwnerTags, fleet_tag
from sakura_fleet.provider.lifecycle import Lifecycle, Unknown, plain
from sakura_fleet.tokens import CONFIG_NAMESPACE

PROVIDER_KEY = "__provider"
STATUS_DEADLINE: Final = 5.0
"""Seconds that the engine has to take in what a wait sees."""


def now() -> datetime:
    """The time, in UTC: the one clock of the provider host; life cycles get it handed in."""
    return datetime.now(UTC)


class FleetProvider(ResourceProvider):
    """Passes Pulumi's calls on to a life cycle. Subclasses have no attributes: they are stored by module path and
    name."""

    serialize_as_secret_always = False
    _raw_config: ClassVar[Any] = None

    @abstractmethod
    def lifecycle(self) -> Lifecycle:
        """The life cycle; imported here, so that the program itself never loads the HTTP client."""

    def configure(self, req: ConfigureRequest) -> None:
        from sakura_fleet.provider.engine_cancel import hear_cancel
        from sakura_fleet.provider.engine_record import record_engine
        from sakura_fleet.provider.engine_watch import end_quickly, end_with_engine
        from sakura_fleet.provider.workers import widen

        if FleetProvider._raw_config is None:
            widen()
            hear_cancel()
            record_engine()
            end_with_engine()
            end_quickly()
        FleetProvider._raw_config = req.config

    def _session(self) -> Any:
        from sakura_fleet.provider.session import session_for
        from sakura_fleet.provider.settings import SessionSettings

        config = FleetProvider._raw_config
        settings = SessionSettings.from_config(lambda key: config.get(f"{CONFIG_NAMESPACE}:{key}"))
        return session_for(settings, pulumi.log)

    @contextmanager
    def _call(
        self, props: Mapping[str, Any] | None = None, *, left: tuple[str, dict[str, Any]] | None = None
    ) -> Iterator[Any]:
        """The session for one call of the engine, within the resource's `custom_timeouts`.

        Errors end the call with their own words and their code: gRPC would put "Exception calling application: " before
        them. What a failed create or update of `props` has left goes along, for the state: what the error says of it,
        else `left`.
        """
        request, context = _engines_call()
        try:
            session = self._session()
            with session.waiter.within(float(getattr(request, "timeout", 0.0)), _status_of(request)):
                yield session
        except FleetError as error:
            if context is None:
                raise
            if error.left and props is not None:
                # One error may end the calls of many resources: what it says of another is not taken.
                owners = [_owner(props), _owner(left[1]) if left else None]
                left = error.left if _owner(error.left[1]) in owners else left
            if left and props is not None:
                kept = {**self.lifecycle().short(_without_state(left[1])), PROVIDER_KEY: props[PROVIDER_KEY]}
                context.set_trailing_metadata((init_failed(error.coded(), left[0], kept),))
            context.abort(grpc.StatusCode.UNKNOWN, error.coded())
            raise

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        life = self.lifecycle()
        try:
            checked = life.check(self._session(), life.full(_bag(_olds)), life.full(_bag(news)))
        except FleetError as error:
            return CheckResult(news, [CheckFailure("", error.coded())])
        for notice in checked.notices:
            pulumi.log.info(notice)
        # With a property's path the engine would print that property's whole value before the message: a dump of
        # mappings, or `<nil>` for a path that is deeper than a property. The message says the place and the value.
        failures = [CheckFailure("", problem.coded()) for problem in checked.problems]
        return CheckResult(_with_pulumis_unknowns(life.short(checked.inputs)), failures)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        life = self.lifecycle()
        diff = life.diff(life.full(_bag(_olds)), life.full(_bag(_news)))
        return DiffResult(
            changes=bool(diff.changed),
            replaces=list(diff.replaces),
            # The owner tag comes from the URN, so a new object beside the old one would be taken for the old one.
            delete_before_replace=bool(diff.replaces),
        )

    def create(self, props: dict[str, Any]) -> CreateResult:
        life = self.lifecycle()
        with self._call(props) as session:
            object_id, outputs = life.create(session, _with_state(life.full(_bag(props))))
        return CreateResult(object_id, life.short(_without_state(outputs)))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        life = self.lifecycle()
        with self._call() as session:
            found = life.read(session, id_, life.full(_bag(props)))
        if found is None:
            return ReadResult("", {})
        return ReadResult(found.id, life.short({**found.inputs, **found.outputs}), life.short(found.inputs))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        life = self.lifecycle()
        olds = life.full(_bag(_olds))
        # What a failed update has changed is not known. With the old outputs left to the engine, the next run calls
        # `update` even where its program is the old one again, and nothing seems to differ.
        with self._call(_news, left=(_id, olds)) as session:
            outputs = life.update(session, _id, olds, _with_state(life.full(_bag(_news))))
        return UpdateResult(life.short(_without_state(outputs)))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        life = self.lifecycle()
        with self._call() as session:
            life.delete(session, _id, life.full(_bag(_props)))


def _engines_call() -> tuple[Any, grpc.ServicerContext | None]:
    """The request and the context of the engine's call. The host gives them to no provider, but they are in a frame
    above; where they cannot be found, there are no custom timeouts, and errors go up as they are."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        context = frame.f_locals.get("context")
        if isinstance(context, grpc.ServicerContext):
            return frame.f_locals.get("request"), context
        frame = frame.f_back
    return None, None


@cache
def _engine() -> engine_pb2_grpc.EngineStub | None:
    """The engine that has started this host, to which the host itself never connects (`pulumi.runtime` has no engine
    there). None in any other process."""
    from sakura_fleet.provider.engine_watch import engine_address

    address = engine_address()
    return engine_pb2_grpc.EngineStub(grpc.insecure_channel("{}:{}".format(*address))) if address else None


def _status_of(request: Any) -> Callable[[str], None] | None:
    """Says something in the status column of the resource that the engine's call is about, until the next is said;
    None where the call does not tell which it is, or nobody listens."""
    engine, urn = _engine(), str(getattr(request, "urn", ""))
    if engine is None or not urn:
        return None

    def say(text: str) -> None:
        with suppress(grpc.RpcError):  # the engine is going; what a wait sees is worth no failure
            status = engine_pb2.LogRequest(severity=engine_pb2.INFO, message=text, urn=urn, ephemeral=True)
            engine.Log(status, timeout=STATUS_DEADLINE)

    return say


def _with_state(inputs: dict[str, Any]) -> dict[str, Any]:
    """Inputs whose owner tags name the state, too: known only while a run changes something."""
    from sakura_fleet.provider.state_identity import identity_of_state

    request, _ = _engines_call()
    urn = str(getattr(request, "urn", ""))
    if not urn or "owner_tags" not in inputs:
        return inputs
    # The name without its organization: neither the call nor the environment tells the host which one it is, so a
    # service takes the user's default.
    stack = urn.removeprefix("urn:pulumi:").partition("::")[0]
    return {**inputs, "owner_tags": {**inputs["owner_tags"], "state": identity_of_state(stack)}}


def _without_state(outputs: dict[str, Any]) -> dict[str, Any]:
    """Outputs as the state keeps them: it does not name itself."""
    if "owner_tags" not in outputs:
        return outputs
    return {**outputs, "owner_tags": OwnerTags.from_inputs(outputs["owner_tags"]).inputs()}


def _owner(properties: Mapping[str, Any]) -> str:
    """The owner tag of the resource with these properties."""
    return str((properties.get("owner_tags") or {}).get("resource"))


def init_failed(message: str, object_id: str, outputs: Mapping[str, Any]) -> tuple[str, bytes]:
    """The trailing metadata of a call by which the engine keeps the outputs of a create or update that failed.

    The next run then calls `update`, whatever the program says. Python's dynamic providers have no such error, but the
    engine takes it from any provider (`parseError` in its `provider_plugin.go`).
    """
    loop = asyncio.new_event_loop()
    try:
        properties = loop.run_until_complete(serialize_properties(dict(outputs), {}))
    finally:
        loop.close()
    failed = provider_pb2.ErrorResourceInitFailed(id=object_id, properties=properties, reasons=[message])
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message)
    status.details.add().Pack(failed)
    return "grpc-status-details-bin", status.SerializeToString()


class FleetResource(Resource, module="sakura", name="Resource"):
    """A dynamic resource that carries its owner tags.

    The fleet comes from the stack's `sakura-fleet:fleet_id` (`sakura-fleet init` writes one). `key` is the resource's
    owner tag: other resources refer to it by that, since it is known in every preview.
    """

    key: pulumi.Output[str]

    def __init__(
        self, provider: FleetProvider, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions | None
    ) -> None:
        opts = opts or pulumi.ResourceOptions()
        token = f"pulumi-python:{self._resource_type_name}"
        if _explicit_provider(opts, token):
            raise pulumi.RunError(
                f"{type(self).__name__} {name!r}: an explicit provider is not supported, as one run has one API key "
                "and one rate limit; remove `provider=` and set sakura-fleet:api_root in the stack"
            )
        fleet_id = pulumi.Config(CONFIG_NAMESPACE).get("fleet_id")
        if not fleet_id:
            raise pulumi.RunError(
                "the stack has no sakura-fleet:fleet_id, by which the fleet's servers are recognised in the cloud; "
                "run `sakura-fleet init`, which writes one"
            )
        place = f"{token}::{name}"
        self.key = _urn_prefix(opts.parent).apply(lambda prefix: OwnerTags.of(fleet_id, prefix + place).resource)
        owner_tags = {"fleet": fleet_tag(fleet_id), "resource": self.key}
        super().__init__(provider, name, {**props, "owner_tags": owner_tags}, opts)


_prefixes: WeakKeyDictionary[pulumi.Resource, pulumi.Output[str]] = WeakKeyDictionary()


def _urn_prefix(parent: pulumi.Resource | None) -> pulumi.Output[str]:
    """What the URNs of a parent's children begin with, as `pulumi.create_urn` has it; asked once for all of them."""
    if parent is None:
        return pulumi.Output.from_input(f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::")
    if parent not in _prefixes:
        # The parent's URN is only a text here: as a dependency it would make the parent's children wait for themselves.
        urn = pulumi.Output[str | None](set(), parent.urn.future(), parent.urn.is_known())
        _prefixes[parent] = urn.apply(lambda text: (text or "").rpartition("::")[0] + "$")
    return _prefixes[parent]


def _explicit_provider(opts: pulumi.ResourceOptions, token: str) -> bool:
    """Whether the options, or those of the component around, name a provider for resources of this package."""
    own = opts.providers or ()
    packages = own.keys() if isinstance(own, Mapping) else [provider.package for provider in own]
    inherited = opts.parent.get_provider(token) if opts.parent is not None else None
    return opts.provider is not None or "pulumi-python" in packages or inherited is not None


def refuse(problems: Sequence[Problem], source: str, *, unchanged: str = "nothing of it") -> None:
    """Stop the program with all problems, and without a traceback; does nothing where there are none.

    What the program has declared before may be made by then: only who stops it before all of that says that "nothing"
    is `unchanged`.
    """
    if problems:
        raise pulumi.RunError(InputError(problems, source=source, unchanged=unchanged).coded())


def _bag(props: dict[str, Any]) -> dict[str, Any]:
    """A property bag as life cycles take it: without Pulumi's own key, with whole numbers as integers, and with what is
    unknown as `Unknown`."""
    return {key: _without_pulumis_unknowns(plain(value)) for key, value in props.items() if key != PROVIDER_KEY}


def _without_pulumis_unknowns(value: Any) -> Any:
    return _mapped(value, lambda item: Unknown() if isinstance(item, type(PULUMIS_UNKNOWN)) else item)


def _with_pulumis_unknowns(value: Any) -> Any:
    return _mapped(value, lambda item: PULUMIS_UNKNOWN if isinstance(item, Unknown) else item)


def _mapped(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """Plain data with every leaf as `leaf` gives it."""
    if isinstance(value, Mapping):
        return {key: _mapped(item, leaf) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(item, leaf) for item in value]
    return leaf(value)
