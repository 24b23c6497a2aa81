"""Names and bounds of SAKURA Cloud's DNS appliance."""

from __future__ import annotations

import re
from typing import Final

from sakura_fleet.model.dns.svcb.names import DomainName
from sakura_fleet.model.names import DNS_LABEL

DEFAULT_TTL: Final = 3_600
MIN_TTL: Final = 10
MAX_TTL: Final = 3_600_000
MAX_RECORDS: Final = 2_000
"""Records in one zone, since 2022-02-18."""
MAX_NAME: Final = 63
"""Characters of a record's whole relative name, as the vendor's tools bound it."""
MAX_FULL_NAME: Final = 253

_ADDRESS: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}")
_LABEL: Final = re.compile(DNS_LABEL)


def zone_name(text: str) -> str:
    """A zone's name as the cloud holds it: A-labels in lower case, without the final dot. Raises `ValueError`."""
    name, _ = DomainName.read(text)
    return name.folded().text().removesuffix(".")


def is_zone_name(text: str) -> bool:
    """Whether `text`, as `zone_name` gives it, can be a zone of the appliance."""
    labels = text.split(".")
    return len(labels) > 1 and len(text) <= MAX_FULL_NAME and all(_LABEL.fullmatch(label) for label in labels)


def record_name(text: str) -> str:
    """A relative name in lower case, with A-labels. Raises `ValueError`."""
    if text == "@":
        return text
    if text.endswith("."):
        raise ValueError(f"{text!r} ends in a dot; names are relative to the zone, and @ is the zone itself")
    name, _ = DomainName.read(text)
    relative = name.folded().text().removesuffix(".")
    labels = relative.split(".")
    if len(relative) > MAX_NAME:
        raise ValueError(f"the name has {len(relative)} characters; at most {MAX_NAME} are allowed")
    if not all(_LABEL.fullmatch(label) for label in (labels[1:] if labels[0] == "*" else labels)):
        raise ValueError(
            f"{text!r} is not a relative name: letters, digits, hyphens and _ between dots, * as the first label only, "
            "or @ for the zone itself"
        )
    return relative


def full_name(name: str, zone: str) -> str:
    """The absolute name of a relative one, without the final dot."""
    return zone if name == "@" else f"{name}.{zone}"


def wildcards(name: str) -> list[str]:
    """The wildcards that cover a relative name where nothing is at it, the closest first."""
    if name == "@":
        return []
    labels = name.split(".")
    return [*(f"*.{'.'.join(labels[index:])}" for index in range(1, len(labels))), "*"]


def relative_name(target: str, zone: str) -> str | None:
    """The relative name of an absolute target; None where it is outside the zone."""
    bare = target.casefold().removesuffix(".")
    if bare == zone:
        return "@"
    return bare.removesuffix(f".{zone}") if bare.endswith(f".{zone}") else None


def absolute_target(text: str) -> str:
    """A target with its final dot, in lower case. Raises `ValueError`; a single label is no absolute name."""
    name, absolute = DomainName.read(text)
    folded = name.folded().text()
    bare = folded.removesuffix(".")
    if not name.labels or (not absolute and len(name.labels) < 2):
        raise ValueError(f"{text!r} is not a whole name; write it absolute, such as www.example.com.")
    if _ADDRESS.fullmatch(bare):
        raise ValueError(f"{text!r} is an address; write a name that has it")
    if not all(_LABEL.fullmatch(label) for label in bare.split(".")):
        raise ValueError(f"{text!r} is not a host name: letters, digits, hyphens and _ between dots")
    return folded
