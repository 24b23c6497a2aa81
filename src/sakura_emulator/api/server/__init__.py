"""`server`: shape, rules (what may be asked when), power (state from timestamps), urls (routes)."""
