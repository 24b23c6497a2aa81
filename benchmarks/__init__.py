"""Measurements, side by side in one run: `make bench` prints tables and writes RESULTS.md. They are not tests."""
