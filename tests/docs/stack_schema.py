"""Writes src/sakura_fleet/stack.schema.json from the readers of a stack file and what the docs say of its settings:

python -m tests.docs.stack_schema
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from sakura_fleet.model.schema import stack_schema

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SCHEMA = ROOT / "src" / "sakura_fleet" / "stack.schema.json"

_HEADING = re.compile(r"^##+ (.+)$", re.MULTILINE)
_ROW = re.compile(r"^\| `(\w+)` \| .*? \| .*? \| (.+) \|$", re.MULTILINE)
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")
_PLACES = {"The stack": "", "Settings": "scaling"}
"""Headings that are not the path of a mapping."""


def descriptions() -> dict[str, str]:
    """What the tables of the pages say, by the path of the setting."""
    found = {}
    for page in ("configuration.md", "scaler.md"):
        parts = _HEADING.split((DOCS / page).read_text("utf-8"))
        for heading, text in zip(parts[1::2], parts[2::2], strict=True):
            path = _PLACES.get(heading, heading.strip("`") if re.fullmatch(r"`[a-z_.\[\]]+`", heading) else None)
            if path is not None:
                rows = _ROW.findall(text)
                found.update({f"{path}.{key}" if path else key: _LINK.sub(r"\1", meaning) for key, meaning in rows})
    return found


def text() -> str:
    """The file."""
    return json.dumps(stack_schema(descriptions()), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(text(), "utf-8")
