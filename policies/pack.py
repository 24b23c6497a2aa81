"""The rules as Pulumi's policies: the one module that knows the policy SDK."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import Any, Final, cast

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy import proxy as sdk
from pulumi_policy.proxy import UnknownValueError

from policies.properties import UNKNOWN
from policies.rule import Context, Resource, Rule
from sakura_fleet import tokens
from sakura_fleet.model.server import inputs as server_inputs

_SENTINELS: Final = frozenset(value for name, value in vars(sdk).items() if name.startswith("UNKNOWN_"))
"""The texts in the place of unknown values. A remediation gets them as they are, a validation an error on reading."""


class Pack:
    """The rules for one run of one stack.

    It remembers what the run has declared: the engine shows a resource after all that it refers to, so a rule can look
    up what a record points at before the record is written. Rules about the whole stack come last, after an update has
    made everything; they too see the inputs of today's program, not the outputs of an earlier run.
    """

    def __init__(self, rules: Iterable[Rule], stack: str, kind: str) -> None:
        self._rules = tuple(rules)
        self._stack = stack
        self._kind = kind
        self._declared: dict[str, Resource] = {}

    def policies(self) -> list[Policy]:
        """One policy a rule."""
        return [self._of_resource(rule) if rule.check_resource else self._of_stack(rule) for rule in self._rules]

    def _of_resource(self, rule: Rule) -> Policy:
        def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
            if args.resource_type not in (*rule.types, *rule.needs):
                return
            resource = _resource(args.urn, args.resource_type, args.props, args.opts.parent or "")
            self._declared[args.urn] = resource
            if rule.check_resource and args.resource_type in rule.types:
                for breach in rule.check_resource(resource, self._context(rule, args.get_config())):
                    report(rule.message(breach), breach.urn or None)

        def remediate(args: ResourceValidationArgs) -> Mapping[str, Any] | None:
            if not rule.remediate or args.resource_type not in rule.types:
                return None
            resource = _resource(args.urn, args.resource_type, args.props)
            changes = rule.remediate(resource, self._context(rule, args.get_config()))
            # Never a new mapping of what was read: reading a secret gives plain text, which would go to the state.
            for key, value in changes.items():
                cast(MutableMapping[str, Any], args.props)[key] = value
            return args.props if changes else None

        return ResourceValidationPolicy(
            name=rule.id,
            description=rule.what,
            enforcement_level=self._level(rule),
            config_schema=_schema(rule),
            validate=validate,
            remediate=cast(Any, remediate) if rule.remediate else None,  # the SDK's types want a coroutine
            remediation_steps=rule.way_out,
        )

    def _of_stack(self, rule: Rule) -> Policy:
        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            there = {}
            for declared in args.resources:
                parent = declared.parent.urn if declared.parent else ""
                known = self._declared.get(declared.urn)
                there[declared.urn] = known or _resource(declared.urn, declared.resource_type, declared.props, parent)
            context = self._context(rule, args.get_config(), there)
            for breach in rule.check_stack(context) if rule.check_stack else ():
                report(rule.message(breach), breach.urn or None)

        return StackValidationPolicy(
            name=rule.id,
            description=rule.what,
            enforcement_level=self._level(rule),
            config_schema=_schema(rule),
            validate=validate,
            remediation_steps=rule.way_out,
        )

    def _level(self, rule: Rule) -> EnforcementLevel:
        return EnforcementLevel(rule.levels.of(self._kind))

    def _context(
        self, rule: Rule, settings: Mapping[str, Any] | None, declared: Mapping[str, Resource] | None = None
    ) -> Context:
        return Context(rule.configured(settings), self._stack, self._declared if declared is None else declared)


def _resource(urn: str, resource_type: str, props: Any, parent: str = "") -> Resource:
    """A resource with plain properties, and those of a server written out: a rule need not know their defaults."""
    properties = plain(props)
    if resource_type == tokens.SERVER:
        properties = server_inputs.full(properties)
    return Resource(urn, resource_type, properties, parent)


def plain(value: Any) -> Any:
    """The SDK's proxies as plain values: mappings, lists, whole numbers as integers, `UNKNOWN`."""
    if isinstance(value, str):
        return UNKNOWN if value in _SENTINELS else value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _read(value, key) for key in value if not str(key).startswith("__")}
    if isinstance(value, Sequence):
        return [_read(value, index) for index in range(len(value))]
    return value


def _read(holder: Any, key: Any) -> Any:
    try:
        return plain(holder[key])
    except UnknownValueError:
        return UNKNOWN


def _schema(rule: Rule) -> PolicyConfigSchema | None:
    if not rule.settings:
        return None
    properties = {
        name: {"type": setting.json_type, "default": setting.default, "description": setting.meaning}
        | ({"items": {"type": "string"}} if setting.json_type == "array" else {})
        for name, setting in rule.settings.items()
    }
    return PolicyConfigSchema(properties=properties)
