"""ELBs, their entries and their certificates."""
