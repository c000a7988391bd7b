"""The control API: messages, the synchronous client, and the server inside the exchange's process."""
