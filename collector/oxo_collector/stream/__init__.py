"""The stream wire: tickets as they are made, over one connection (Ethernet on the fly)."""
