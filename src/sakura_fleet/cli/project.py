from sakura_fleet.project import *  # noqa: F403
