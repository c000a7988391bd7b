"""The names of pyftpdlib that are used here, and the only import of it."""

import warnings

with warnings.catch_warnings():
    # asyncore and asynchat, which it stands on, say on Python 3.11 that they will go; on later
    # versions it brings its own.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyftpdlib.authorizers import AuthenticationFailed
    from pyftpdlib.exceptions import FilesystemError
    from pyftpdlib.filesystems import AbstractedFS
    from pyftpdlib.handlers import TLS_FTPHandler
    from pyftpdlib.handlers.ftp.dispatchers import PassiveDTP
    from pyftpdlib.handlers.ftp.producers import FileProducer
    from pyftpdlib.handlers.ftps.data import TLS_DTPHandler
    from pyftpdlib.ioloop import Acceptor, Epoll
    from pyftpdlib.servers import FTPServer

__all__ = [
    "AbstractedFS",
    "Acceptor",
    "AuthenticationFailed",
    "Epoll",
    "FTPServer",
    "FileProducer",
    "FilesystemError",
    "PassiveDTP",
    "TLS_DTPHandler",
    "TLS_FTPHandler",
]
