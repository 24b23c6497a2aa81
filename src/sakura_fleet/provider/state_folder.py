"""Where this user's programs keep what they remember from one run to the next."""

from __future__ import annotations

import os
from pathlib import Path


def state_folder() -> Path:
    """`sakura-fleet` below XDG_STATE_HOME, else below `~/.local/state`. Raises `RuntimeError` for a user without a
    home."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "sakura-fleet"
