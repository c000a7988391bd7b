"""FTP inside the reactor, for whichever wire shows files; it knows none of them.

A wire gives two things: `Files`, what it shows, and the `Words` and settings of its `Desk`, who may
log in. The library (pyftpdlib, untyped, touched here alone) is the protocol: commands, replies,
passive mode, TLS. What is ours above it: nothing of the machine's own files is ever looked at,
data connections come through the link, and a transfer is complete only when its data connection
has closed in order.
"""

from oxo_simulator.ftp.control import STORING, Server
from oxo_simulator.ftp.driver import Driver
from oxo_simulator.ftp.loop import Loop
from oxo_simulator.ftp.surroundings import Surroundings

__all__ = ["STORING", "Driver", "Loop", "Server", "Surroundings"]
