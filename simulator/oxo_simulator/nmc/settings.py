"""What a profile may choose about the NMC wire: the ticket file by FTP (facts: oxo 1.3, 5.2, 7.3).

Its store (licence, accounting, threshold) is documented; where the file lies, when it appears and
what becomes of it is not, so each of these choices is a key.
"""

import re
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from oxo_tickets import Standing
from pydantic import AfterValidator, Field

from oxo_simulator.nmc.codec import Form, Header
from oxo_simulator.nmc.mapping import Manner
from oxo_simulator.profile_section import PortKind, WireSection

_DOC, _INFERRED, _OURS = Standing.DOCUMENTED, Standing.INFERRED, Standing.OURS
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PLACE = re.compile(r"\{(?:counter|at)(?::(?![^{}]*\d{3})[^{}]*)?\}")
"""A place of a pattern: no attribute, no width of three digits, and no other place inside it."""
_FOLDER = re.compile(r"/|(/[A-Za-z0-9][A-Za-z0-9._-]{0,63}){1,8}")
_FIRST, _LATER = datetime(2000, 1, 1), datetime(2001, 12, 31, 23, 59, 59)  # noqa: DTZ001 - wall clock

NODES = 100
DATA_PORTS_MAX = 32
"""A node number is 100 x subnetwork + node (facts: oxo 5, secondary)."""


def file_name(pattern: str, counter: int, at: datetime) -> str:
    """Return the name of a file; `pattern` has places for `counter` and `at` (its date)."""
    return pattern.format(counter=counter, at=at)


def _pattern(pattern: str) -> str:
    expected = "a file name with a place for the counter is expected, such as ALZ{counter:04}.ALZ"
    if set("{}") & set(_PLACE.sub("", pattern)):
        raise ValueError(expected)
    try:
        names = {file_name(pattern, *each) for each in ((1, _FIRST), (2, _FIRST), (9999, _LATER))}
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise ValueError(expected) from error
    if len(names) < 3 or not all(map(_FILE_NAME.fullmatch, names)):  # noqa: PLR2004 - as tried
        raise ValueError(expected)
    return pattern


def _folder(path: str) -> str:
    if not _FOLDER.fullmatch(path):
        raise ValueError("a path from the root is expected, such as / or /tickets")
    return path


class NmcSettings(WireSection):
    """Section `[nmc]` of a profile.

    Attributes:
        open: whether the wire is there at all.
        port: of the FTP control connection.
        data_ports: how many passive data connections there may be at once.
        user: name of the NMC account.
        password_valid: when a new password is.
        tls: whether `AUTH TLS` is known, or asked of everybody.
        licence_tickets: number of NMC tickets by licence; 0 keeps none.
        accounting: calls of which direction are kept.
        alarm_percent: filling at which the alarm is raised; 0 raises none.
        overflow: which ticket is let go when the store is full.
        reminders: whether appointment reminders are kept.
        file_appears: when what waits becomes a file.
        empty_file: whether there is a file when nothing waits.
        after_transfer: whether a complete transfer empties the file, or only a `DELE` does.
        folder: where the file lies.
        file_name: its name, with places for `counter` and `at` (when it appeared, by the exchange).
        header: whether the file begins with the header lines.
        network_number: in the header.
        subnetwork_number: in the header.
        node_number: in the header, 100 x subnetwork + node as the management centre counts; its
            last two digits are the node in records of ticket mode `network`.
        ticket_mode: of every record.
        trunk_form: how a trunk's number fills its three characters.
        name_alignment: where a name stands in its sixteen characters.
        bit_numbering: whether bit 1 of the services is the one worth 1, or 128.
        character_set: of names.
        idle_seconds: a control connection ends after so long without a command.
        stall_seconds: a transfer ends after so long without progress.
        close_wait_seconds: so long a client may take to close the data connection behind the
            file's end; one that still holds it then counts as served.
        login_attempts_max: so many wrong passwords end a connection.
        login_delay_seconds: so long the answer to a wrong password takes.
        connections_max: control connections at once.
    """

    PORTS: ClassVar = (
        PortKind("nmc", key="port"),
        PortKind("nmc-data", count_key="data_ports", count_max=DATA_PORTS_MAX, half_closing=True),
    )

    open: Annotated[bool, _OURS] = False
    port: Annotated[int, Field(ge=0, le=65535), _DOC] = 30021
    data_ports: Annotated[int, Field(ge=1, le=DATA_PORTS_MAX), _OURS] = 4
    user: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$"), _DOC] = "ftp_nmc"
    password_valid: Annotated[Literal["after-reset", "at-once"], _DOC] = "after-reset"  # noqa: S105 - a word
    tls: Annotated[Literal["off", "offered", "required"], _OURS] = "off"
    licence_tickets: Annotated[int, Field(ge=0, le=30_000, multiple_of=1_000), _DOC] = 0
    accounting: Annotated[Literal["none", "incoming", "outgoing", "both"], _DOC] = "both"
    alarm_percent: Annotated[int, Field(ge=0, le=100), _DOC] = 80
    overflow: Annotated[Literal["newest", "oldest"], _INFERRED] = "newest"
    reminders: Annotated[bool, _OURS] = False
    file_appears: Annotated[Literal["login", "list"], _OURS] = "login"
    empty_file: Annotated[bool, _OURS] = False
    after_transfer: Annotated[Literal["delete", "keep"], _OURS] = "delete"
    folder: Annotated[str, AfterValidator(_folder), _OURS] = "/"
    file_name: Annotated[str, Field(max_length=100), AfterValidator(_pattern), _OURS] = (
        "ALZ{counter:04}.ALZ"
    )
    header: Annotated[bool, _OURS] = True
    network_number: Annotated[int, Field(ge=0, le=999_999_999), _DOC] = 0
    subnetwork_number: Annotated[int, Field(ge=0, le=999_999_999), _DOC] = 0
    node_number: Annotated[int, Field(ge=0, le=999_999_999), _DOC] = 1
    ticket_mode: Annotated[Literal["written-proof", "ticket", "network"], _OURS] = "written-proof"
    trunk_form: Annotated[Literal["left", "right", "spread"], _OURS] = "left"
    name_alignment: Annotated[Literal["right", "left"], _INFERRED] = "right"
    bit_numbering: Annotated[Literal["lowest", "highest"], _INFERRED] = "lowest"
    character_set: Annotated[Literal["iso-8859-1", "cp850"], _OURS] = "iso-8859-1"
    idle_seconds: Annotated[int, Field(ge=1, le=3600), _OURS] = 300
    stall_seconds: Annotated[int, Field(ge=1, le=3600), _OURS] = 60
    close_wait_seconds: Annotated[float, Field(ge=0, le=60), _OURS] = 2.0
    login_attempts_max: Annotated[int, Field(ge=1, le=10), _OURS] = 3
    login_delay_seconds: Annotated[float, Field(ge=0, le=10), _OURS] = 1.0
    connections_max: Annotated[int, Field(ge=1, le=64), _OURS] = 8

    @property
    def manner(self) -> Manner:
        """What of a record's values the profile chooses."""
        return Manner(
            self.trunk_form,
            self.ticket_mode,
            self.node_number % NODES,
            self.reminders,
            self.character_set,
        )

    @property
    def form(self) -> Form:
        """What of a record's writing the profile chooses."""
        return Form(self.name_alignment, self.bit_numbering, self.character_set)

    def head(self, release: str) -> Header | None:
        """Return what the header lines say; `None` where there are none."""
        if not self.header:
            return None
        return Header(release, self.network_number, self.subnetwork_number, self.node_number)
