"""`disk`: shape, rules (copy states, config), urls (routes)."""
