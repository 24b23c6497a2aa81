"""`python -m sakura_fleet.emulator`."""

from sakura_fleet.emulator.main import main

if __name__ == "__main__":
    main()
