"""The subcommands of `oxo-sim` that steer an exchange which runs already."""
