"""The control API: messages, the synchronous client, the server inside the exchange's process."""
