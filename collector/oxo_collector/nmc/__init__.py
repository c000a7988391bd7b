"""The NMC wire: ticket files of the exchange, fetched by FTP."""
