"""The production collector: fetches call tickets from exchanges and keeps them."""
