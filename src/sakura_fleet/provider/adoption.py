"""What kinds share that can take over an object made elsewhere: from whom it may be taken, and the words for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sakura_fleet.errors import AdoptionError, FleetError, OwnershipError, Problem, ResourceError
from sakura_fleet.ownership import STATE_NAME
from sakura_fleet.provider.lifecycle import canonical

if TYPE_CHECKING:
    from sakura_fleet.ownership import OwnerTags
    from sakura_fleet.provider.lifecycle import Inputs, Lifecycle

REFUSALS: Final = (AdoptionError, OwnershipError, ResourceError)
"""The errors that say something of what `adopt` names. Any other, such as no API key, is none of the input's."""


def refusal(error: FleetError) -> Problem:
    """What keeps an object from being taken over, as a problem of `adopt` with the error's own code."""
    return Problem("adopt", error.code, str(error).removeprefix("adopt: "))


def refuse_another_owner(what: str, found: OwnerTags | None, own: OwnerTags) -> None:
    """Stop an adoption that would take an object from another fleet, or from another resource of this one."""
    if found and not found.is_of(own.fleet):
        raise OwnershipError(
            f"adopt: {what} belongs to another fleet, {found.fleet}; remove it from that fleet's program first, or "
            "take the owner tags off it in the control panel. Nothing of it was changed"
        )
    if found and found.resource != own.resource:
        raise OwnershipError(
            f"adopt: {what} is another resource of this fleet already, {found.resource}; remove `adopt`, which is for "
            "the first run only. Where the run that took it over was never finished, take this owner tag off it in the "
            "control panel. Nothing of it was changed"
        )
    refuse_another_state(what, found, own)


def refuse_another_state(what: str, found: OwnerTags | None, own: OwnerTags) -> None:
    """Stop before an object is taken over that another state knows: it would be in both, and either could remove it.

    Whoever has no state of its own but this one knows it by its owner tag: what a killed run has made is taken over.
    """
    if found is not None and own.state and found.is_of_another_state(own.state):
        raise OwnershipError(
            f"{what} belongs to another state of this stack, {found.state}; this one is {own.state}. Is "
            "PULUMI_BACKEND_URL right, and is this the folder whose state you mean? Only where the other state is lost "
            f"for good: `pulumi stack tag set {STATE_NAME} {found.state}`, then the same command again. Nothing of it "
            "was changed"
        )


def takeover(what: str, changes: Sequence[str]) -> str:
    """What a preview says of an object that is taken over, as it shows it like one that is made."""
    return f"{what} is taken over, not made: {', '.join(changes) or 'nothing changes'}"


def label_changes(found: Any, labels: Mapping[str, Any]) -> list[str]:
    """What new labels change on an object of the API, in words."""
    changes = [
        f"{key} {getattr(found, key) or 'none'} -> {value or 'none'}"
        for key, value in labels.items()
        if key != "tags" and (getattr(found, key) or None) != (value or None)
    ]
    return [*changes, *tag_changes(found.tags, labels["tags"])]


def tag_changes(there: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Which tags come and go, in words."""
    before, after = set(there), set(wanted)
    return [*(f"tag +{tag}" for tag in sorted(after - before)), *(f"tag -{tag}" for tag in sorted(before - after))]


def adopted_already(lifecycle: Lifecycle, olds: Inputs, news: Inputs) -> list[Problem]:
    """Whether an object that was taken over is to be replaced: the new one could not be found by `adopt` then."""
    if not news.get("adopt") or not olds:
        return []
    changed = [
        key
        for key in sorted(lifecycle.replacing & olds.keys() & news.keys())
        if canonical(lifecycle.comparable(key, olds[key])) != canonical(lifecycle.comparable(key, news[key]))
    ]
    message = (
        f"{news['adopt']} is taken over already, and a changed {', '.join(changed)} needs a new one: remove `adopt`"
    )
    return [Problem("adopt", "adopt-done", message)] if changed else []
