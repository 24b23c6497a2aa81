"""Crash points: every call of a run is made to fail in every way, and the next runs must put all right.

`make chaos` runs all points; `tests/chaos/test_sample.py` a sample of them. A point is one call of a recorded run
(`points.py`), a kind of failure (`trap.py`) and a way to recover (`bench.py`). Which runs there are: `scenarios.py`.
"""
