"""Messages of the control API that concern one wire; `messages` has them all."""

from typing import Literal

import msgspec

from oxo_simulator.control.hotel_messages import Guest
from oxo_simulator.control.message import Message

WireName = Literal["taxation", "nmc", "v24", "ohl", "account", "stream"]
"""Every wire; the other lists are held to this one or made of it."""


class NewPassword(Message, frozen=True):
    """Another password for the account of a wire; valid when the profile says."""

    password: str

    def __repr__(self) -> str:
        """Keep the secret."""
        return "NewPassword()"


class FileClosing(Message, frozen=True):
    """Close the open account file now; there is nothing to choose."""


class ClosedFile(Message, frozen=True):
    """The account file that was closed; all are `None` where no ticket waited for one.

    `first` and `last` are sequences of the wire.
    """

    file: str | None = None
    first: int | None = None
    last: int | None = None


class HostKey(Message, frozen=True):
    """The key that SSH shows to new connections: its kind, and SHA-256 as OpenSSH writes it."""

    kind: str
    fingerprint: str


class HostKeyOrder(Message, frozen=True):
    """A new SSH host key, as after a new installation; living connections go on."""


class SwitchOver(Message, frozen=True):
    """Make the other CPU main: in order, or because the present one fails."""

    ordered: bool = True


class StreamNotice(Message, frozen=True):
    """A notice to say on the stream: a change of the configuration, or the end of a VoIP call.

    Attributes:
        kind: which.
        items: of `mao`: names and values; empty says that somebody asked for it.
        user: of `voip`: the set that was called or called.
        number: of `voip`: the other party.
        seconds: of `voip`: how long they talked.
    """

    kind: Literal["mao", "voip"]
    items: dict[str, str] = msgspec.field(default_factory=dict)
    user: str = ""
    number: str = ""
    seconds: int = 0


class HotelEvent(Guest, frozen=True, kw_only=True):
    """What the exchange says on the hotel link besides tickets; a field left out is blank there.

    Attributes:
        event: what happened.
        room: of the guest.
        guest_name: up to 20 characters.
        language: one character.
        direct_number: the guest's direct dialling number.
        password: of the room's set, four or six digits.
        barring: class of barring, one character.
        do_not_disturb: whether the set is silent.
        deposit: money paid in advance.
        reminder_time: HH:MM of a wake-up.
        room_status: of a change of status.
        problem: number of what housekeeping found, 0 to 999.
    """

    event: Literal[
        "check-in",
        "check-out",
        "modification",
        "room status",
        "phone allocation",
        "voice mail",
        "guest account",
        "re-initialisation",
    ]
    room: str
    reminder_time: str | None = None
    room_status: Literal["cleaned", "not cleaned"] | None = None
    problem: int | None = None

    def __repr__(self) -> str:
        """Keep the room's secret."""
        return f"HotelEvent({self.event!r}, room={self.room!r})"
