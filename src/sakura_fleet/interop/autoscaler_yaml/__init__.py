"""From sacloud/autoscaler's configuration to a stack file.

Both layouts are understood: server groups at the top with a `parent`, and, as before its v0.5, nested under it. What
has no counterpart is listed with its path and line, never dropped in silence. Where a guess could do harm (which
archive is meant by a name?) what was written stays: the stack file is then refused until somebody decides.

Defaults differ between the two tools, so every one of theirs that means something else here is written out.
"""

from sakura_fleet.interop.autoscaler_yaml.conversion import Converted, convert

__all__ = ["Converted", "convert"]
