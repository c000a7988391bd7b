"""What stands where in a frame of the hotel link: letters, lengths, places in the bodies.

Letters and lengths are those of a public program (facts: oxo 4.1, documented by use). Of the bodies
next to nothing is known: that they begin with a room of eight characters is inferred from the
lengths, where a check-in's password stands is the program's, everything else is ours. The tables
are therefore configuration, laid over by `ohl.layouts` of a profile, place by place:

    [ohl.layouts]
    D = ["room 1-8 left blank"]
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

CONNECTION, KEEP_ALIVE = "@", "$"
UNCHECKED = frozenset({CONNECTION, KEEP_ALIVE})
"""These two carry no check value."""

TOTAL_BYTES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "@": (7,), "$": (7,), "J": (74,), "A": (61,), "H": (22,), "M": (61,), "D": (13,),
        "C": (17,), "T": (44,), "P": (49,), "U": (26, 96), "R": (19,), "I": (13,), "Z": (14,),
        "B": (63,), "N": (63,), "V": (28, 98), "S": (21,),
    }
)  # fmt: skip
"""Letter -> the lengths of a whole frame, STX and ETX counted; two: a full and a partial one."""

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "@": "connection", "$": "keep-alive", "J": "SMDR ticket", "A": "check-in",
        "H": "phone allocation", "M": "voice mail or modification", "D": "check-out",
        "C": "room status", "T": "guest account", "P": "wake-up", "U": "re-initialisation",
        "R": "reply", "I": "interrogation", "Z": "re-initialisation request",
        "B": "check-in, six-digit password", "N": "modification, six-digit password",
        "V": "re-initialisation, six-digit password", "S": "reply, six-digit password",
    }
)  # fmt: skip

OF_APPLICATION = frozenset("ABHMNDIZ@$")
"""What the application (the hotel system) sends; the rest is the exchange's alone."""

FRAME_BYTES_MAX = max(max(lengths) for lengths in TOTAL_BYTES.values())

FILLER = "filler"
FULL, PARTIAL = "U", "u"
"""The two re-initialisations have one letter; in a table the partial one has the small letter."""
FULL_SIX, PARTIAL_SIX = "V", "v"

Kind = Literal["text", "number", "money", "flag", "date", "clock", "duration"]

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        FILLER: "text", "room": "text", "guest_name": "text", "language": "text",
        "direct_number": "text", "password": "text", "barring": "text", "do_not_disturb": "flag",
        "deposit": "money", "reminder_time": "clock", "set": "text", "scope": "text",
        "room_status": "number", "problem": "number", "result": "number", "attempts": "number",
        "charged_user": "text", "direction": "text", "units": "number", "date": "date",
        "time": "clock", "duration": "duration", "dialled_number": "text", "cost": "money",
        "wake_up_event": "text", "calls": "number",
    }
)  # fmt: skip
"""What a place may hold, by its name."""


class Place(NamedTuple):
    """One field's place in a body, counted from 1 behind the type letter, both ends included."""

    field: str
    first: int
    last: int
    justified: Literal["left", "right"] = "left"
    fill: Literal["blank", "zero"] = "blank"

    @property
    def width(self) -> int:
        """Characters."""
        return self.last - self.first + 1

    @property
    def kind(self) -> Kind:
        """What the field holds."""
        return KINDS[self.field]


Layout = Sequence[Place]
Layouts = Mapping[str, Layout]


class LayoutWrong(ValueError):
    """A table of places cannot be (the operator's fault): letter, place, what is allowed."""


_PLACE = re.compile(r"([a-z_]+) ([1-9][0-9]?)-([1-9][0-9]?)(?: (left|right)(?: (blank|zero))?)?")


def body_length(letter: str) -> int:
    """Return how many characters stand between letter and check value.

    `u` and `v` are the partial re-initialisations.
    """
    lengths = TOTAL_BYTES[letter.upper()]
    total = lengths[0] if letter.islower() else lengths[-1]
    return total - (3 if letter in UNCHECKED else 5)


def layout(letter: str, places: Iterable[str]) -> Layout:
    """Read the places of one body.

    Raises:
        LayoutWrong: a place is none, lies outside the body or over another.
    """
    if letter not in LAYOUTS_TEXT:
        raise LayoutWrong(f"{letter!r} has no places; there are {', '.join(LAYOUTS_TEXT)}")
    read = [_place(letter, text) for text in places]
    taken = 0
    for place in sorted(read, key=lambda each: each.first):
        if not taken < place.first <= place.last <= body_length(letter):
            raise LayoutWrong(
                f"{letter}: {place.field} {place.first}-{place.last} lies over another "
                f"or outside 1-{body_length(letter)}"
            )
        taken = place.last
    if "room" not in (names := [place.field for place in read]) and letter != "J":
        raise LayoutWrong(f"{letter}: room is missing; found {', '.join(names) or 'nothing'}")
    return tuple(read)


def _place(letter: str, text: str) -> Place:
    found = _PLACE.fullmatch(text)
    if found is None or found[1] not in KINDS:
        raise LayoutWrong(
            f"{letter}: {text!r}; a place is written like 'room 1-8 left blank', "
            f"with a field of {', '.join(sorted(KINDS))}"
        )
    justified: Literal["left", "right"] = "right" if found[4] == "right" else "left"
    fill: Literal["blank", "zero"] = "zero" if found[5] == "zero" else "blank"
    return Place(found[1], int(found[2]), int(found[3]), justified, fill)


def laid_over(changes: Mapping[str, Sequence[str]]) -> Layouts:
    """Return the tables with some letters' places replaced.

    Raises:
        LayoutWrong: as `layout`.
    """
    return {**LAYOUTS, **{letter: layout(letter, places) for letter, places in changes.items()}}


def _guest(password: int) -> tuple[str, ...]:
    """Return the places of a check-in, whose password has so many digits."""
    more = password - 4
    return (
        "room 1-8", "filler 9-9", "guest_name 10-29", "language 30-30", "direct_number 31-34",
        f"password 35-{38 + more}", f"barring {39 + more}-{39 + more}",
        f"do_not_disturb {40 + more}-{40 + more}", f"deposit {41 + more}-{48 + more} right zero",
        f"reminder_time {49 + more}-{52 + more}", f"filler {53 + more}-{56 + more}",
    )  # fmt: skip


def _whole(password: int) -> tuple[str, ...]:
    """Return the places of a full re-initialisation: a check-in, and the room's state behind it."""
    more = password - 4
    return (
        *_guest(password)[:-1],
        f"room_status {53 + more}-{53 + more}", f"problem {54 + more}-{56 + more} right zero",
        f"filler {57 + more}-{91 + more}",
    )  # fmt: skip


def _part(password: int) -> tuple[str, ...]:
    more = password - 4
    return (
        "room 1-8", f"password 9-{12 + more}", f"barring {13 + more}-{13 + more}",
        f"do_not_disturb {14 + more}-{14 + more}", f"reminder_time {15 + more}-{18 + more}",
        f"filler {19 + more}-{21 + more}",
    )  # fmt: skip


LAYOUTS_TEXT: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "J": (
            "charged_user 1-8", "direction 9-9", "units 10-15 right zero", "date 16-21",
            "time 22-27", "duration 28-33", "dialled_number 34-59", "cost 60-69 right zero",
        ),
        "P": (
            "room 1-8", "wake_up_event 9-9", "date 10-15", "time 16-19", "reminder_time 20-23",
            "attempts 24-24 right zero", "guest_name 25-44",
        ),
        "T": (
            "room 1-8", "date 9-14", "time 15-18", "calls 19-22 right zero",
            "units 23-27 right zero", "cost 28-39 right zero",
        ),
        "C": ("room 1-8", "room_status 9-9", "problem 10-12 right zero"),
        "A": _guest(4), "B": _guest(6), "M": _guest(4), "N": _guest(6),
        "D": ("room 1-8",), "I": ("room 1-8",),
        "H": ("room 1-8", "filler 9-9", "set 10-17"),
        "Z": ("room 1-8", "scope 9-9"),
        "R": ("room 1-8", "password 9-12", "result 13-14 right zero"),
        "S": ("room 1-8", "password 9-14", "result 15-16 right zero"),
        FULL: _whole(4), PARTIAL: _part(4), FULL_SIX: _whole(6), PARTIAL_SIX: _part(6),
    }
)  # fmt: skip
"""The default tables. Bodies of H, M, N, S, T, U, V, Z are ours throughout."""

LAYOUTS: Layouts = MappingProxyType(
    {letter: layout(letter, places) for letter, places in LAYOUTS_TEXT.items()}
)
