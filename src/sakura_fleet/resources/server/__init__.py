"""Servers and what they are made with: startup scripts, SSH keys, packet filters, switches."""
