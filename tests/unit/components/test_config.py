"""The stack's configuration as the program asks for it."""

from __future__ import annotations

import json

import pulumi
import pytest

from components import stack_config
from sakura_fleet.model.stack import StackConfig
from tests.unit.components.program import run

GROUP = json.dumps({"name": "web", "zones": ["is1b"], "max_size": 5})


def config(**values: str) -> StackConfig:
    return run(stack_config, **{"size": "2", "server_group": GROUP, **values})[0]


def test_the_configuration_is_typed() -> None:
    assert (config().server_group.name, config().server_group.size) == ("web", 2)


def test_all_problems_stop_the_program_without_a_traceback() -> None:
    with pytest.raises(pulumi.RunError) as caught:
        config(size="9", api_root="http://example.com")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "in stack test; nothing was changed [input]:" in str(caught.value)
    assert "[api-root]" in str(caught.value)


def test_other_namespaces_are_not_read() -> None:
    def program() -> StackConfig:
        pulumi.runtime.set_config("other:size", "x")
        return stack_config()

    assert run(program, size="2", server_group=GROUP)[0].server_group.size == 2


def test_a_secret_in_plain_text_is_refused() -> None:
    with pytest.raises(pulumi.RunError, match="plain-secret"):
        config(server_password="hunter2-hunter2")
