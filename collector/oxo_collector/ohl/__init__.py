"""The hotel link: frames of the exchange, received and acknowledged."""
