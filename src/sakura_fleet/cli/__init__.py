"""The `sakura-fleet` command: one module a command group, each a thin face on the library."""
