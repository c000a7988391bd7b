"""Mapping of a record ED5.2 onto the model (facts: oxe 2.1 to 2.4; carriage `account.ed52`).

What the model has a word for becomes a field. Of the rest, `extras["ed52"]` holds what is not as
usual, under the column's own name, as text: the call type always, other columns where they differ
from what an exchange fills in for a call of that direction. So every column can be told from a
ticket, and most tickets of a day share a handful of extras.

Records are read by stretches, because the same ones come again and again: the *frame* (codes,
flags, trunk group, nodes), the *subscriber* (number, name, cost centre), figures, minutes. Each is
read strictly once and then known by its characters. What is known is bounded, and forgotten as a
whole when the bound is reached: a bound that is met twice a second is a slow reader, no full one.
Numbers dialled, account codes and seconds are read each time.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from operator import itemgetter
from typing import Final, Generic, TypeVar

from oxo_tickets import Ticket
from oxo_tickets.ticket import COST_DIGITS_MAX

from oxo_collector.decoders.ed52_frame import FRAME, Frame, plain
from oxo_collector.decoders.ed52_layout import (
    COST_DECIMALS,
    ENCODING,
    KNOWN_NAMES,
    MOMENT_CHARACTERS,
    NO_TRUNK,
    Side,
)
from oxo_collector.decoders.ed52_record import (
    ED52,
    Layout,
    moment,
    number,
    read_record,
    text_of,
    value_of,
)
from oxo_collector.decoders.outcome import RECORD_DIGEST_BYTES, Malformed, Recorded, quoted
from oxo_collector.decoders.values import Unreadable

EXTRAS: Final = "ed52"
"""The record's name in `Ticket.extras`, whichever wire brought it."""

KNOWN_COUNT_MAX: Final = 8192
"""Of each sort of stretch; a subscriber with all that stands beside takes about a kibibyte."""

PLACE: Final = "record"
"""The place of a fault, where nobody knows a better one."""

SUBSCRIBER: Final = (
    "ChargedNumber",
    "ChargedUserName",
    "ChargedCostCenter",
    "ChargedCompany",
    "ChargedPartyNode",
    "Subaddress",
    "CallingNumber",
)
"""The columns beside a charged number; the node is read with the frame."""

_KEPT_WITH_SUBSCRIBER = ("ChargedCostCenter", "ChargedCompany", "Subaddress", "CallingNumber")

_MINUTE_CHARACTERS = MOMENT_CHARACTERS - 3
_SECONDS = re.compile(":[0-5][0-9]")
_NOTHING: Final[Mapping[str, int]] = {}

Meaning = TypeVar("Meaning")


class _Known(dict[str, Meaning], Generic[Meaning]):
    """What stretches of one sort mean, read at the first meeting; bounded."""

    def __init__(self, read: Callable[[str], Meaning]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, stretch: str) -> Meaning:
        meaning = self._read(stretch)
        if len(self) >= KNOWN_COUNT_MAX:
            self.clear()
        self[stretch] = meaning
        return meaning


class Beside:
    """What stands beside a number and has no word in the model; compared by identity."""

    __slots__ = ("extras",)

    def __init__(self, extras: Mapping[str, str]) -> None:
        self.extras = extras


class Subscriber:
    """The charged party."""

    __slots__ = ("beside", "masked", "name", "number")

    def __init__(self, line: str, layout: Layout, known: dict[tuple[str, ...], Beside]) -> None:
        """Read the subscriber's columns of a line; those of one department share what they can."""
        self.number = _text(layout, "ChargedNumber", line)
        self.name = _text(layout, "ChargedUserName", line) or None
        hidden = len(self.number) - len(self.number.rstrip("*"))
        self.masked: Mapping[str, int] = {"charged_user": hidden} if hidden else _NOTHING
        texts = tuple(_text(layout, name, line) for name in _KEPT_WITH_SUBSCRIBER)
        beside = zip(_KEPT_WITH_SUBSCRIBER, texts, strict=True)
        self.beside = known.get(texts) or Beside({name: text for name, text in beside if text})
        known[texts] = self.beside


class RecordReader:
    """Reads records of one layout as tickets.

    Attributes:
        layout: where the columns stand.
        zone: IANA name of the exchange's zone, for the tickets.
        cost_decimals: how many of the digits of `CostInfo` stand behind the point; the record does
            not tell (facts: oxe 2.1, a setting of the exchange).
    """

    def __init__(
        self, layout: Layout = ED52, zone: str | None = None, cost_decimals: int = COST_DECIMALS
    ) -> None:
        self.layout, self.zone, self.cost_decimals = layout, zone, cost_decimals
        self._cut_frame = layout.cutter(FRAME)
        self._cut_subscriber = layout.cutter(SUBSCRIBER)
        self._cut_texts = _cutter(layout, _TEXTS)
        self._cut_figures = _cutter(layout, _FIGURES)
        self._cut_moments = _moment_cutter(layout)
        self._frames: dict[tuple[str, ...], Frame] = {}
        self._subscribers: dict[tuple[str, ...], Subscriber] = {}
        self._beside: dict[tuple[str, ...], Beside] = {}
        self._extras: dict[tuple[Frame, Beside], Mapping[str, Mapping[str, str]]] = {}
        self._units = self._figures("ChargeUnits")
        self._durations = self._figures("Duration")
        self._waitings = self._figures("WaitingDuration")
        self._effectives = self._figures("EffectiveCallDuration")
        self._costs = _Known(self._cost)
        self._trunks = _Known(self._trunk)
        self._minutes = _Known(_minute)
        self._seconds = _Known(_second)
        self._strangers = [one.name for one in layout.columns if one.name not in KNOWN_NAMES]

    def piece(self, raw: bytes) -> Recorded | Malformed:
        """Read a record's characters, without a line end; never raises on input."""
        line = raw.decode(ENCODING)
        try:
            if len(line) == self.layout.line_characters:
                return Recorded(self.read(line), sha256(raw).digest()[:RECORD_DIGEST_BYTES])
            read_record(line, self.layout)
        except Unreadable as fault:
            return Malformed(self._reason(line, fault), raw, PLACE)
        except ValueError as fault:  # the model refuses: none is known, and none must stop a file
            return Malformed(str(fault), raw, PLACE)
        raise AssertionError("a record of another length was read")

    def read(self, line: str) -> Ticket:
        """Return the ticket of a line as long as the layout's.

        Raises:
            Unreadable: a column cannot be read; `read_record` names all that cannot.
        """
        frame_stretch, subscriber_stretch = self._cut_frame(line), self._cut_subscriber(line)
        frame = self._frames.get(frame_stretch) or self._meet_frame(frame_stretch, line)
        subscriber = self._subscribers.get(subscriber_stretch) or self._meet_subscriber(
            subscriber_stretch, line
        )
        beside = subscriber.beside
        extras = self._extras.get((frame, beside)) or self._merge(frame, beside)
        called, initial, acting, account_code = self._cut_texts(line)
        called, initial, acting = called.strip(" "), initial.strip(" "), acting.strip(" ")
        units, cost, duration, trunk, waiting, effective = self._cut_figures(line)
        lasted, ring = self._durations[duration], self._waitings[waiting]
        talk = self._effectives[effective]
        start, start_second, end, end_second = self._cut_moments(line)
        masked = subscriber.masked
        if called[-1:] == "-":
            masked = {**masked, "dialled_number": _dashes(called)}
        if frame.incoming:
            call_seconds, initial_user = talk, initial or None
            if initial[-1:] == "-":
                masked = {**masked, "initial_user": _dashes(initial)}
            usual = not acting and lasted == (ring or 0) + (talk or 0)
        else:
            call_seconds, initial_user = lasted, None
            usual = (
                talk == (lasted if frame.local else 0)
                and initial == called
                and acting == subscriber.number
            )
        if not usual or self._strangers:
            extras = self._with_oddities(extras, frame, line)
        return Ticket(
            kind=frame.kind,
            local_time=self._minutes[start] + self._seconds[start_second],
            direction=frame.direction,
            communication_type=frame.communication_type,
            local_end=self._minutes[end] + self._seconds[end_second],
            zone=self.zone,
            charged_user=subscriber.number or None,
            initial_user=initial_user,
            dialled_number=called or None,
            masked=masked,
            dialling_mode=frame.dialling_mode,
            facilities=frame.facilities,
            service=frame.service,
            trunk=self._trunks[trunk],
            trunk_kind=frame.trunk_kind,
            ring_seconds=ring,
            call_seconds=call_seconds,
            units=self._units[units],
            cost=self._costs[cost],
            account_code=account_code.strip(" ") or None,
            subscriber_name=subscriber.name,
            extras=extras,
        )

    def _meet_frame(self, stretch: tuple[str, ...], line: str) -> Frame:
        frame = Frame(line, self.layout)
        if len(self._frames) >= KNOWN_COUNT_MAX:
            self._frames.clear()
            self._extras.clear()
        self._frames[stretch] = frame
        return frame

    def _meet_subscriber(self, stretch: tuple[str, ...], line: str) -> Subscriber:
        if len(self._subscribers) >= KNOWN_COUNT_MAX:
            self._subscribers.clear()
            self._beside.clear()
            self._extras.clear()
        subscriber = Subscriber(line, self.layout, self._beside)
        self._subscribers[stretch] = subscriber
        return subscriber

    def _merge(self, frame: Frame, beside: Beside) -> Mapping[str, Mapping[str, str]]:
        if len(self._extras) >= KNOWN_COUNT_MAX:
            self._extras.clear()
        merged = {EXTRAS: {**frame.extras, **beside.extras}}
        self._extras[frame, beside] = merged
        return merged

    def _with_oddities(
        self, extras: Mapping[str, Mapping[str, str]], frame: Frame, line: str
    ) -> Mapping[str, Mapping[str, str]]:
        """Add the columns that are not as the others of this ticket make them expect."""
        usual = _expected(frame, line, self.layout)
        odd = {
            name: text
            for name in (*usual, *self._strangers)
            if name in self.layout
            and (text := _plain_text(self.layout, name, line)) != usual.get(name, "")
        }
        return {EXTRAS: {**extras[EXTRAS], **odd}} if odd else extras

    def _reason(self, line: str, fault: Unreadable) -> str:
        """Name every column that cannot be read; what only a ticket refuses says so itself."""
        try:
            read_record(line, self.layout)
        except Unreadable as named:
            return str(named)
        return str(fault)

    def _figures(self, name: str) -> _Known[int | None]:
        side = self._side(name)
        return _Known(lambda stretch: number(stretch, side))

    def _side(self, name: str) -> Side:
        return self.layout[name].side if name in self.layout else "R"

    def _cost(self, stretch: str) -> Decimal | None:
        figure = number(stretch, self._side("CostInfo"))
        if figure is None:
            return None
        amount = Decimal(figure).scaleb(-self.cost_decimals)
        if amount.adjusted() >= COST_DIGITS_MAX:
            reason = f"has more than {COST_DIGITS_MAX} digits before the point"
            raise Unreadable(f"CostInfo {quoted(stretch)} {reason}")
        return amount

    def _trunk(self, stretch: str) -> str | None:
        figure = number(stretch, self._side("TrunkIdentity"))
        return None if figure is None or figure == NO_TRUNK else str(figure)


_TEXTS = ("CalledNumber", "InitialDialledNumber", "ActingExtensionNumber", "AccessCode")
_FIGURES = (
    "ChargeUnits",
    "CostInfo",
    "Duration",
    "TrunkIdentity",
    "WaitingDuration",
    "EffectiveCallDuration",
)


def _cutter(layout: Layout, names: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    """Return what cuts each of these columns out of a line."""
    return itemgetter(*(layout.place(name) for name in names))


def _moment_cutter(layout: Layout) -> Callable[[str], tuple[str, ...]]:
    """Return what cuts out the minute and the second of the start, then of the end."""
    places: list[slice] = []
    for name in ("StartDateTime", "EndDateTime"):
        place = layout.place(name)
        middle = int(place.start) + _MINUTE_CHARACTERS
        places += [slice(place.start, middle), slice(middle, place.stop)]
    return itemgetter(*places)


def _expected(frame: Frame, line: str, layout: Layout) -> Mapping[str, str]:
    """Return the columns that repeat others, as these make them expect."""
    duration, waiting, effective = (
        _plain_text(layout, name, line)
        for name in ("Duration", "WaitingDuration", "EffectiveCallDuration")
    )
    if frame.incoming:
        both = int(waiting or 0) + int(effective or 0)
        return {"Duration": str(both), "ActingExtensionNumber": ""}
    return {
        "EffectiveCallDuration": duration if frame.local else "0",
        "InitialDialledNumber": _plain_text(layout, "CalledNumber", line),
        "ActingExtensionNumber": _plain_text(layout, "ChargedNumber", line),
    }


def _plain_text(layout: Layout, name: str, line: str) -> str:
    return plain(value_of(layout[name], line)) if name in layout else ""


def _text(layout: Layout, name: str, line: str) -> str:
    return text_of(layout.stretch(line, name), layout[name].side) if name in layout else ""


def _dashes(number: str) -> int:
    return len(number) - len(number.rstrip("-"))


def _minute(stretch: str) -> datetime:
    """Read `YYYYMMDD HH:MM`."""
    found = moment(f"{stretch}:00")
    assert found is not None  # it has a colon
    return found


def _second(stretch: str) -> timedelta:
    """Read `:SS`."""
    if _SECONDS.fullmatch(stretch) is None:
        raise Unreadable("is no second")
    return timedelta(seconds=int(stretch[1:]))
