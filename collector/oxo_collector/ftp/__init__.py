"""FTP to an exchange: the client and the connection that several wires fetch their files by.

It is no wire: which files there are, what is in them and when they are kept is theirs.
"""
