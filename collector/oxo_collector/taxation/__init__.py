"""The taxation wire seen from its client (contract: docs/taxation.md)."""
