"""The labels that every object in the cloud can have: a name, tags and a description."""

from __future__ import annotations

from typing import Final

from sakura_fleet.model.reading import Reader
from sakura_fleet.ownership import MAX_OWN_TAGS, SIGNATURE_LENGTH

MAX_NAME_LENGTH: Final = 64
MAX_TAG_LENGTH: Final = 32
MAX_DESCRIPTION_LENGTH: Final = 512


def read_tags(reader: Reader) -> tuple[str, ...]:
    """The user's own tags of one object."""
    tags = reader.texts("tags", ())
    if len(tags) > MAX_OWN_TAGS:
        reader.problem(
            "tags",
            "too-many-tags",
            f"{len(tags)} tags; at most {MAX_OWN_TAGS} of your own are allowed, as SAKURA Cloud takes ten "
            "and three carry the owner tags: remove some",
        )
    for index, tag in enumerate(tags):
        if not 1 <= len(tag) <= MAX_TAG_LENGTH:
            reader.problem(
                f"tags[{index}]", "tag-length", f"a tag has 1 to {MAX_TAG_LENGTH} characters, not {len(tag)}"
            )
        if tag.startswith(("sf:", "sfr:", "sfs:")):
            reader.problem(f"tags[{index}]", "reserved-tag", f"{tag!r} begins like an owner tag; use another prefix")
        if tag in tags[:index]:
            reader.problem(f"tags[{index}]", "duplicate-tag", f"{tag!r} is in the list twice")
    return tags


def read_name(reader: Reader) -> str:
    """The name of one object."""
    return reader.text("name", pattern=r"(?s).+", shape="a name of 1 to 64 characters", longest=MAX_NAME_LENGTH)


def read_description(reader: Reader, *, signed: bool = False) -> str:
    """The description of one object; `signed` for one without tags, whose owner tags take a part of it."""
    return reader.text("description", "", longest=MAX_DESCRIPTION_LENGTH - SIGNATURE_LENGTH * signed)
