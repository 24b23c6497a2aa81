"""The contract on life cycles in .importlinter names every module that must know no host, new ones included.

Its wildcards cannot tell `server_lifecycle` from `server`, which declares the resource to Pulumi: so the list is
compared with the files here.
"""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src/sakura_fleet"
HOST = "sakura_fleet.provider.adapter"


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def test_every_module_beside_the_declarations_is_under_the_contract() -> None:
    config = ConfigParser()
    config.read(ROOT / ".importlinter")
    contract = config["importlinter:contract:life-cycles"]
    modules = [path for folder in ("provider", "resources") for path in (PACKAGE / folder).rglob("*.py")]
    declarations = {path for path in modules if path.with_name(f"{path.stem}_lifecycle.py") in modules}
    assert len(declarations) > 10
    expected = {name_of(path) for path in modules if path not in declarations and path.name != "__init__.py"} - {HOST}
    assert set(contract["source_modules"].split()) == expected
    assert HOST in contract["forbidden_modules"].split()
