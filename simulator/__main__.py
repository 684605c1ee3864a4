"""Let ``python -m simulator`` do what the command ``corridor`` does."""

from simulator.cli import main

if __name__ == "__main__":
    main()
