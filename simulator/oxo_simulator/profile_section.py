"""What every section of a profile is: frozen, and without keys that nobody knows.

Each key of a section is `Annotated[type, Field(...), standing]`, where the standing says whether
the value is documented, inferred or ours. A section of a later release has a default for every key,
so that older profile files stay valid. The section of a wire says besides which ports it may have.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, NamedTuple

from oxo_tickets import Standing
from pydantic import BaseModel, ConfigDict


class ProfileError(ValueError):
    """A profile cannot be used (the operator's fault): file, key, and what is allowed."""


class Section(BaseModel):
    """A table of keys of a profile."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class PortKind(NamedTuple):
    """A port that a wire may have, or a row of them.

    Attributes:
        name: of the port; ports of a row are `name-1` and so on.
        key: of the wire's section, with the port's number; of a row `None`: its numbers are free.
        count_key: of the wire's section, how many ports the row has; `None` where it is no row.
        count_max: most ports that the row can have.
        half_closing: whether the end of one direction is not that of the other: by it FTP tells
            that a file was read.
        outward: whether the exchange may be the one that connects.
    """

    name: str
    key: str | None = None
    count_key: str | None = None
    count_max: int = 1
    half_closing: bool = False
    outward: bool = False

    def names(self, count: int | None = None) -> Iterator[str]:
        """Return the names of its ports, of a row those of the first `count`, or of all."""
        if self.count_key is None:
            yield self.name
            return
        for number in range(1, 1 + (self.count_max if count is None else count)):
            yield f"{self.name}-{number}"


class WireSection(Section):
    """The section of a wire that a profile opens or leaves closed as a whole, by its key `open`.

    The first word of a port's name, up to a hyphen, is the wire's: a fault of that name means all
    of them (`link.ports`).
    """

    PORTS: ClassVar[tuple[PortKind, ...]]

    open: Annotated[bool, Standing.OURS] = False

    @property
    def ports(self) -> Mapping[str, int]:
        """Name -> number of every port that the wire needs; 0 is a free one."""
        found: dict[str, int] = {}
        for kind in self.PORTS:
            number = 0 if kind.key is None else getattr(self, kind.key)
            count = None if kind.count_key is None else getattr(self, kind.count_key)
            found |= dict.fromkeys(kind.names(count), number)
        return found

    @classmethod
    def fixed_keys(cls) -> tuple[str, ...]:
        """Return the keys that belong to the process, which no installation can change."""
        keys = [key for kind in cls.PORTS for key in (kind.key, kind.count_key)]
        return tuple(key for key in keys if key is not None)
