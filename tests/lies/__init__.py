"""A proxy between the program and the emulator that lies by rule: `lying` (`proxy.py`); what it can do: `Lie`."""
