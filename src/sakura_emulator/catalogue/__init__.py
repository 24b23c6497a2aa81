"""What every account sees: places, plans, prices, public archives, the shared icon and the shared CD-ROMs."""
