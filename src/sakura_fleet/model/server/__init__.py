"""Servers: groups, their template, and what a template is made of."""
