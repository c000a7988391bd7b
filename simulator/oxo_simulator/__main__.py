"""`python -m oxo_simulator` is `oxo-sim`, for whoever knows an interpreter and no path."""

from oxo_simulator.cli import main

if __name__ == "__main__":
    main()
