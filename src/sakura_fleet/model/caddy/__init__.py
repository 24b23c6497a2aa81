"""Caddy hosts: their sites, their Caddyfile and the script that prepares them."""
