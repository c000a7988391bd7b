"""The wire `stream`: tickets told at once over TCP, as the bigger sister does (facts: oxe 1)."""
