"""The ticket record ED5.2, which the wires `account` and `stream` share (facts: oxe 2)."""
