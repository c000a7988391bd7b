"""The one place where the FTP library (pyftpdlib, untyped) is touched.

The library is the protocol: commands, replies, passive mode, TLS. What is ours above it: the files
come from the shelf, nothing can be written, data connections come through the link, and a transfer
is complete only when its data connection has closed in order.
"""

from oxo_simulator.nmc.ftp.control import Server
from oxo_simulator.nmc.ftp.loop import Loop
from oxo_simulator.nmc.ftp.surroundings import Surroundings

__all__ = ["Loop", "Server", "Surroundings"]
