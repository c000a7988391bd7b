"""The NMC wire: the ticket file that a network management centre fetches by FTP."""
