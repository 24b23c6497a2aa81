"""Clients that nobody of this project wrote, unmodified, against the emulator."""
