"""`python -m sakura_emulator`."""

from sakura_emulator.main import main

if __name__ == "__main__":
    main()
