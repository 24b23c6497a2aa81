"""How strict the pack is: by the kind of stack, which its name tells unless the stack file does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

KINDS: Final = ("production", "staging", "local")
KIND_KEY: Final = ("sakura-fleet-policies", "kind")
"""Namespace and name of the setting in the stack file that says the kind."""

MANDATORY: Final = "mandatory"
ADVISORY: Final = "advisory"
REMEDIATE: Final = "remediate"
DISABLED: Final = "disabled"
LEVELS: Final = (MANDATORY, ADVISORY, REMEDIATE, DISABLED)

STAGING_NAMES: Final = ("stage", "staging")
LOCAL_NAMES: Final = ("dev", "local", "test")
"""First words of stack names. A stack whose name says nothing is taken for production: rather strict than sorry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """A rule's level in each kind of stack."""

    production: str
    staging: str
    local: str

    def of(self, kind: str) -> str:
        """The level in a stack of this kind."""
        return str(getattr(self, kind))


EVERYWHERE: Final = Levels(production=MANDATORY, staging=MANDATORY, local=ADVISORY)
STRICT: Final = Levels(production=MANDATORY, staging=ADVISORY, local=DISABLED)
PRODUCTION_ONLY: Final = Levels(production=MANDATORY, staging=DISABLED, local=DISABLED)
HINT: Final = Levels(production=ADVISORY, staging=ADVISORY, local=DISABLED)


def kind_of(stack: str, configured: str | None = None) -> str:
    """The kind of a stack. Raises `ValueError` where the stack file names one that there is not."""
    if configured is not None:
        if configured not in KINDS:
            raise ValueError(f"{':'.join(KIND_KEY)} is {configured!r}; it must be one of {', '.join(KINDS)}")
        return configured
    first = re.split(r"[-_.]", stack.casefold())[0]
    if first in STAGING_NAMES:
        return "staging"
    return "local" if first in LOCAL_NAMES else "production"
