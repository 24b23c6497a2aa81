"""What a class of `commonserviceitem` can add to the envelope that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sakura_emulator.call import Call
from sakura_emulator.errors import ApiError, refused
from sakura_emulator.store import Record
from sakura_emulator.wire import JSON


def _nothing(call: Call, record: Record, body: JSON) -> None:
    """A class without rules."""


def _same(call: Call, record: Record) -> JSON:
    return dict(record["status"])


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What one class adds to the common envelope."""

    provider_id: int
    provider_name: str
    service_class: str  # of the provider, and of the item unless the class says otherwise
    create: Callable[[Call, Record, JSON], None] = _nothing
    update: Callable[[Call, Record, JSON], None] = _nothing
    status: Callable[[Call, Record], JSON] = _same
    zonal: bool = False
    said: str = ""  # what the service says of settings that are wrong, whatever is wrong with them

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Whatever is wrong with an item's settings, the service answers 400 `bad_request`."""
        try:
            yield
        except ApiError as error:
            if error.status != 400:
                raise
            raise refused(error.detail, error.said or self.said) from error
