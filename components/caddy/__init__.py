"""A Caddy host: where it is, how it is reached, its records in the zone, and the probe between them."""
