"""What the packages offer is loaded when it is asked for; all of it must be there, and little must come by itself."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest


@pytest.mark.parametrize("package", ["components", "sakura_fleet.client", "sakura_fleet.resources"])
def test_every_offered_name_is_there(package: str) -> None:
    module = import_module(package)
    assert len(module.__all__) > 10
    offered = {name: getattr(module, name) for name in module.__all__}
    assert all(value.__name__ == name for name, value in offered.items() if isinstance(value, type))
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        module.Nothing  # noqa: B018


def test_a_program_with_a_group_alone_loads_neither_the_http_client_nor_dns() -> None:
    program = (
        "import sys, components; components.ServerGroup, components.stack_config\n"
        "print([name for name in sys.modules if name == 'httpx' or 'svcb' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_provider_host_loads_no_http_client_before_the_first_call() -> None:
    program = (
        "import sys, sakura_fleet.resources.server.server_lifecycle, sakura_fleet.provider.session\n"
        "print('httpx' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
