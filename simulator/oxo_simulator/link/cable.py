"""Where the link's doors towards collectors are: on this machine's addresses, or behind a cable.

By default there is no cable: collectors and doors share the machine's addresses, and a cut is what
the link does to bytes. A real one (`real.py`) can be unplugged.
"""

from contextlib import AbstractContextManager, nullcontext


class Cable:
    """No cable.

    Attributes:
        is_real: whether it can be unplugged.
        told: what the operator has to know of it; empty where there is nothing.
    """

    is_real = False
    told = ""

    def within(self) -> AbstractContextManager[None]:
        """Make sockets at the exchange's end of it, as long as this lasts."""
        return nullcontext()

    def cut(self, key: object) -> None:
        """Unplug it, until there is no `key` left that did."""

    def mend(self, key: object | None = None) -> None:
        """Plug it in, unless others unplugged it too; without a key whoever did.

        Raises:
            OSError: there is nothing to plug in any more.
        """

    def remove(self) -> None:
        """Take it away for good."""
