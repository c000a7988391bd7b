"""The bytes of a file that is there whole."""

import hashlib


class Whole:
    """What is in a file.

    Attributes:
        data: all of it; may be read from any thread.
    """

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def read(self, begin: int, count_max: int) -> bytes:
        """Return at most so many bytes from the byte `begin` on; none behind the end."""
        return self.data[begin : begin + count_max]

    def digest(self, begin: int, count: int) -> str:
        """Return the SHA-256 of so many bytes from the byte `begin` on, in lower-case hex."""
        return hashlib.sha256(memoryview(self.data)[begin : begin + count]).hexdigest()
