"""The names of servers: a prefix and a printf format there, one format here."""

from __future__ import annotations

import re
from typing import Final

from sakura_fleet.interop.autoscaler_yaml.groups import FoundGroup
from sakura_fleet.interop.autoscaler_yaml.section import Section
from sakura_fleet.model.names import SERVER_GROUP_NAME, SERVER_NAME, group_name_like

DEFAULT_FORMAT: Final = "{group}-{number:03}"
_VERB: Final = re.compile(r"%(%|s|(?P<width>0[1-9])?d)")


def read_names(section: Section, found: FoundGroup) -> dict[str, str]:
    """`name`, and `name_format` where it is not the default: the servers keep their names."""
    prefix = found.prefix
    name = prefix if re.fullmatch(SERVER_GROUP_NAME, prefix) else group_name_like(prefix)
    if name != prefix:
        section.note_here(f"a group cannot be called {prefix!r} here; it becomes {name!r}")
    if found.name != prefix:
        section.note_here(f"the group is called {prefix!r} like its servers, no longer {found.name!r}")
    written = section.text("server_name_format", "%s-%03d")
    converted = name_format(written, "{group}" if name == prefix else _literal(prefix))
    if converted is None:
        section.to_do("server_name_format", f"{written!r} has no counterpart; the servers are called by the default")
        converted = DEFAULT_FORMAT
    first = converted.format(group=name, number=1)
    if not re.fullmatch(SERVER_NAME, first):
        section.to_do(
            "server_name_format",
            f"servers called like {first!r} cannot be made, as that is no host name; they are called by the default",
        )
        converted = DEFAULT_FORMAT
    return {"name": name} if converted == DEFAULT_FORMAT else {"name": name, "name_format": converted}


def name_format(written: str, prefix: str) -> str | None:
    """A printf format of (prefix, number) as a `name_format`; None where it cannot be."""
    verbs = [match[0] for match in _VERB.finditer(written) if match[0] != "%%"]
    if "%" in _VERB.sub("", written) or [verb[-1] for verb in verbs] != ["s", "d"]:
        return None
    converted, last = "", 0
    for match in _VERB.finditer(written):
        converted += _literal(written[last : match.start()])
        converted += "%" if match[0] == "%%" else prefix if match[0] == "%s" else f"{{number:{match['width']}}}"
        last = match.end()
    return (converted + _literal(written[last:])).replace("{number:None}", "{number}")


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
