"""Dynamic resources that do nothing: what the engine and the provider host cost by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider


class NoWorkProvider(ResourceProvider):
    """Makes nothing, finds no difference."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["name"], props)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=False)


class NoWork(Resource, module="bench", name="NoWork"):
    """One resource without work: it has these properties, and its name."""

    def __init__(
        self, name: str, properties: Mapping[str, Any] | None = None, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(NoWorkProvider(), name, {**(properties or {}), "name": name}, opts)
