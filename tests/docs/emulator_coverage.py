"""Writes docs/emulator-coverage.md from the emulator's routes and from what foreign tests say:

python -m tests.docs.emulator_coverage
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from sakura_emulator.api.routes import ROUTES
from sakura_emulator.api.unwritten import UNWRITTEN

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "emulator-coverage.md"
FOREIGN = ROOT / "tests" / "foreign" / "iaas_api_go.toml"

_HEAD = """# What the emulator covers

Written by `python -m tests.docs.emulator_coverage` from the emulator's routes; a test compares the
two. Paths follow `/{zone}/api/cloud/1.1/`; `system/…` is short for `/{zone}/api/system/1.0/…`, and
`iam/…` for `/cloud/api/iam/1.0/…`.
[The emulator](emulator.md) says how each part behaves.
"""


def _first_segment(route: tuple[str, str]) -> str:
    parts = route[1].split("/")
    return "/".join(parts[:2]) if parts[0] in ("product", "public", "system", "iam") else parts[0]


def _table(routes: Iterator[tuple[str, str]]) -> Iterator[str]:
    """One line a resource: each path with its methods."""
    yield "| Resource | Routes |"
    yield "|---|---|"
    for resource, of_one in groupby(
        sorted(routes, key=lambda route: (_first_segment(route), route[1])), _first_segment
    ):
        paths = groupby(of_one, lambda route: route[1])
        cells = [f"{', '.join(sorted(method for method, _ in same))} `{path}`" for path, same in paths]
        yield f"| `{resource}` | {'<br>'.join(cells)} |"


def page() -> str:
    """The whole page."""
    foreign = tomllib.loads(FOREIGN.read_text(encoding="utf-8"))
    written = [(method, path) for method, path, _ in ROUTES]
    lines = [
        _HEAD,
        f"## Written: {len(written)} routes\n",
        *_table(iter(written)),
        "\nA `commonserviceitem` of the classes `dns` and `proxylb` follows the rules of the service; the other"
        "\nclasses and the settings of an `appliance` are kept and given back.\n",
        f"## Not written: {len(UNWRITTEN)} routes\n",
        "They answer 501 with their name, as does every other path below a resource that the emulator knows."
        "\nA method that a written path does not have is a 405, a path that nobody knows a 404.\n",
        *_table(iter(UNWRITTEN)),
        "\n## Plans that nobody outside has seen\n",
        "IDs and names of the server plans with a GPU are the service's. So are, as far as the fake in the"
        "\nvendor's Go client goes, those of the private hosts, the class `ms_windows` among them. The ID and"
        "\nthe size of the plan for a confidential VM are made up.",
        "\n## The acceptance tests of iaas-api-go\n",
        "Unmodified, over HTTP, as `make test` runs them. Those that take more than two minutes run with"
        "\n`SAKURA_FLEET_SLOW_TESTS=1` only.\n",
        "| Test | Result |",
        "|---|---|",
        *(f"| `{name}` | passes |" for name in sorted(foreign["passes"])),
        *(f"| `{name}` | passes, slow |" for name in sorted(foreign["slow"])),
        *(f"| `{name}` | does not pass: {reason} |" for name, reason in sorted(foreign["fails"].items())),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
