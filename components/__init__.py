"""What a program declares: one component a module. Installed, the same code is `sakura_fleet.components`."""

from .config import stack_config
from .server_group import Member, ServerGroup

__all__ = ["Member", "ServerGroup", "stack_config"]
