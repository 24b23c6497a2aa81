"""What depends on the processor's leisure: `make load` runs it serially, on a machine that does nothing else.

`make test` leaves this folder out (pyproject.toml); `pytest tests/load` runs it as well.
"""
