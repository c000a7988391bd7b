"""The V24 wire: statements as they are printed, over TCP."""
