"""The link on which the exchange hangs: a TCP relay with faults, in front of every wire."""
