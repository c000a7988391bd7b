"""The hotel link (OHL): frames over TCP towards a hotel system (docs/wires/ohl.md)."""
