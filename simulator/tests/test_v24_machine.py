"""The conversation with the printer, events in and commands out, each as a word."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oxo_simulator.exchange.buffer import TicketBuffer
from oxo_simulator.v24.machine import (
    LINES_UNDER_WAY_MAX,
    Close,
    Command,
    DocumentPrinted,
    NotReady,
    Offer,
    Open,
    Printed,
    Printing,
    Refuse,
    Unwatch,
    Watch,
    Write,
)
from oxo_simulator.v24.page import sheet
from oxo_simulator.v24.settings import V24Settings
from oxo_tickets import Direction, Kind, Ticket

XON, XOFF = b"\x11", b"\x13"
BARE = {"header": "none", "fields": ("DNU",)}
BEGIN = datetime.fromisoformat("2020-02-24T14:32:00")


def ticket(number: int) -> Ticket:
    return Ticket(
        kind=Kind.CALL,
        direction=Direction.OUTGOING,
        dialled_number=str(number),
        local_time=BEGIN + timedelta(seconds=number),
    )


class Desk:
    """An outlet, a printer on paper, and the machine between them."""

    def __init__(self, **chosen: Any) -> None:
        self.buffer = TicketBuffer(1000, 70)
        self.machine = Printing(sheet(V24Settings(**{**BARE, **chosen})), self.buffer.oldest)
        self.written: list[bytes] = []
        self.said: list[str] = []

    def put(self, *numbers: int) -> list[str]:
        said = []
        for number in numbers:
            self.buffer.put(number, ticket(number))
            said += self.do(self.machine.filled())
        return said

    def do(self, commands: list[Command]) -> list[str]:
        """Carry the commands out and return them as words."""
        words = [self._one(command) for command in commands]
        self.said += words
        return words

    def _one(self, command: Command) -> str:  # noqa: C901, PLR0911 - one word each
        match command:
            case Write(data):
                self.written.append(data)
                return f"write {data.decode('latin-1').split()}"
            case Offer(first, last):
                return f"offer {first}-{last}"
            case Printed(last):
                self.buffer.remove_through(last)
                return f"printed {last}"
            case DocumentPrinted(number):
                return f"document {number}"
            case Open(session, connection):
                return f"open {session} {connection}"
            case Close(session, connection, reason, stray_bytes, hang_up):
                more = " hang up" if hang_up else ""
                return f"close {session} {connection} {reason} {stray_bytes}{more}"
            case Refuse(connection, reason):
                return f"refuse {connection} {reason}"
            case Watch(seconds):
                return f"watch {seconds:g}"
            case Unwatch():
                return "unwatch"
            case NotReady(session, connection, seconds):
                return f"not ready {session} {connection} {seconds:g}"

    def connected(self, connection: str = "c1") -> list[str]:
        return self.do(self.machine.connected(connection))

    def received(self, data: bytes) -> list[str]:
        return self.do(self.machine.received(data))

    def drained(self) -> list[str]:
        return self.do(self.machine.drained())

    def lost(self, connection: str = "c1") -> list[str]:
        return self.do(self.machine.lost(connection))


def test_a_line_is_printed_when_nothing_is_left_of_it() -> None:
    desk = Desk()
    assert desk.connected() == ["open v1 c1"]
    assert desk.put(7) == ["offer 1-1", "write ['7']"]
    assert len(desk.buffer) == 1
    assert desk.drained() == ["printed 1"]
    assert len(desk.buffer) == 0
    assert desk.drained() == []


def test_what_waited_is_printed_in_order_a_few_lines_at_a_time() -> None:
    desk = Desk()
    desk.put(*range(1, 12))
    assert desk.connected() == ["open v1 c1", "offer 1-8", f"write {list(map(str, range(1, 9)))}"]
    assert desk.put(12) == []
    assert desk.drained() == ["printed 8", "offer 9-12", "write ['9', '10', '11', '12']"]
    assert desk.drained() == ["printed 12"]


def test_xoff_stops_and_xon_goes_on() -> None:
    desk = Desk()
    desk.connected()
    desk.put(1)
    assert desk.received(XOFF) == []
    assert desk.drained() == ["printed 1"]
    assert desk.put(2) == ["watch 60"]
    assert desk.put(3) == []
    assert desk.received(XON) == ["unwatch", "offer 2-3", "write ['2', '3']"]


@pytest.mark.parametrize(
    ("heard", "ready"),
    [(XOFF + XON, True), (XON + XOFF, False), (XOFF + b"?" + XON + b"\r\n", True),
     (b"hello", True), (XON + XOFF + XON + XOFF, False)],
)  # fmt: skip
def test_the_last_signal_counts(heard: bytes, *, ready: bool) -> None:
    desk = Desk()
    desk.connected()
    desk.received(heard)
    assert desk.put(1) == (["offer 1-1", "write ['1']"] if ready else ["watch 60"])


def test_the_first_xon_may_be_awaited() -> None:
    desk = Desk(ready="xon", header="every")
    desk.put(1)
    assert desk.connected() == ["open v1 c1", "watch 60"]
    assert desk.received(XON) == [
        "unwatch", "offer 1-1", "write ['DIALLED', 'NUMBER', '1']",
    ]  # fmt: skip


def test_a_printer_that_never_sends_xon_is_told_of_once() -> None:
    desk = Desk(ready="xon", xon_seconds_max=30)
    desk.connected()
    assert desk.put(1) == ["watch 30"]
    assert desk.do(desk.machine.overdue()) == ["not ready v1 c1 30"]
    assert desk.put(2, 3) == []
    assert len(desk.buffer) == 3
    assert desk.received(XON) == ["offer 1-3", "write ['1', '2', '3']"]
    assert desk.received(XOFF) == []
    assert desk.drained() == ["printed 3"]
    assert desk.put(4) == ["watch 30"]
    assert desk.received(XON) == ["unwatch", "offer 4-4", "write ['4']"]
    assert desk.do(desk.machine.overdue()) == []


def test_nothing_is_watched_if_nobody_wants_to_know() -> None:
    desk = Desk(ready="xon", xon_seconds_max=0)
    desk.connected()
    assert desk.put(1) == []


def test_without_flow_control_signals_are_read_and_left_alone() -> None:
    desk = Desk(flow="none", ready="xon")
    desk.connected()
    assert desk.received(XOFF) == []
    assert desk.put(1) == ["offer 1-1", "write ['1']"]


def test_one_printer_at_a_time() -> None:
    desk = Desk()
    desk.connected("c1")
    assert desk.connected("c2") == ["refuse c2 one printer at a time"]
    assert desk.lost("c2") == []
    assert desk.put(1) == ["offer 1-1", "write ['1']"]
    desk.drained()
    assert desk.lost("c1") == ["close v1 c1 lost 0"]
    assert desk.connected("c3") == ["open v2 c3"]


def test_what_was_not_printed_is_printed_for_the_next() -> None:
    desk = Desk()
    desk.connected("c1")
    desk.put(1, 2)
    desk.drained()  # the first; the second is under way
    assert desk.lost("c1") == ["close v1 c1 lost 0"]
    assert desk.connected("c2") == ["open v2 c2", "offer 2-2", "write ['2']"]


def test_a_line_lost_on_its_way_counts_once_on_the_page() -> None:
    desk = Desk(header="every", statements_per_page=2, page_begins="start-up")
    desk.connected("c1")
    desk.drained()
    desk.put(1)
    desk.lost("c1")
    desk.connected("c2")
    desk.drained()
    desk.put(2)
    desk.drained()
    desk.put(3)
    assert b"".join(desk.written).split() == [
        b"DIALLED", b"NUMBER", b"1", b"1", b"2", b"DIALLED", b"NUMBER", b"3",
    ]  # fmt: skip


def test_a_header_lost_on_its_way_is_printed_again() -> None:
    desk = Desk(header="first", page_begins="start-up")
    assert desk.connected("c1") == ["open v1 c1", "write ['DIALLED', 'NUMBER']"]
    desk.lost("c1")
    assert desk.connected("c2") == ["open v2 c2", "write ['DIALLED', 'NUMBER']"]
    desk.drained()
    desk.lost("c2")
    assert desk.connected("c3") == ["open v3 c3"]


def test_a_page_begins_with_a_connection() -> None:
    desk = Desk(header="first")
    for number in (1, 2):
        said = desk.connected(f"c{number}")
        assert said == [f"open v{number} c{number}", "write ['DIALLED', 'NUMBER']"]
        desk.drained()
        desk.lost(f"c{number}")


def test_a_reset_ends_the_session_and_starts_up_again() -> None:
    desk = Desk(header="first", page_begins="start-up")
    desk.connected("c1")
    desk.drained()
    desk.put(1)
    assert desk.do(desk.machine.restart()) == ["close v1 c1 reset 0 hang up"]
    assert desk.lost("c1") == []
    assert desk.connected("c2") == [
        "open v2 c2", "offer 1-1", "write ['DIALLED', 'NUMBER', '1']",
    ]  # fmt: skip
    assert desk.do(desk.machine.close("operator")) == ["close v2 c2 operator 0 hang up"]
    assert desk.do(desk.machine.close("operator")) == []


def test_events_without_a_printer_mean_nothing() -> None:
    desk = Desk()
    assert desk.received(XON) == desk.drained() == desk.lost() == []
    assert desk.do(desk.machine.overdue()) == desk.do(desk.machine.restart()) == []
    assert desk.put(1) == []


def test_garbage_is_counted_and_takes_no_room() -> None:
    desk = Desk()
    desk.connected()
    for _ in range(1000):
        desk.received(b"\x00\xffGET / HTTP/1.1\r\n" + XON)
    assert desk.lost() == ["close v1 c1 lost 18000"]


HEARD = b"x" + XOFF + b"yy" + XON + XOFF + b"zzz" + XON + b"\r\n" + XOFF
CUTS = [[HEARD], [bytes([octet]) for octet in HEARD]] + [
    [HEARD[:cut], HEARD[cut:]] for cut in range(1, len(HEARD))
]


@pytest.mark.parametrize("pieces", CUTS)
def test_however_the_bytes_are_cut(pieces: list[bytes]) -> None:
    desk = Desk()
    desk.connected()
    for piece in pieces:
        desk.received(piece)
    assert desk.put(1) == ["watch 60"]
    assert desk.lost() == ["unwatch", "close v1 c1 lost 8"]


EVENTS = st.lists(
    st.one_of(
        st.sampled_from(["connected", "put", "drained", "lost", "overdue", "reset"]),
        st.sampled_from([XON, XOFF, b"?", b"?" + XON]),
    ),
    max_size=60,
)


class Play:
    """What an onlooker knows of a conversation: who may be printed to, what came out."""

    def __init__(self, desk: Desk, *, ready: bool, flow: bool) -> None:
        self.desk, self.ready_at_once, self.flow = desk, ready, flow
        self.count = 0
        self.connection: str | None = None
        self.may_print = False
        self.under_way = range(0)
        self.printed: list[int] = []

    def step(self, event: Any) -> None:
        said = self.heard(event) if isinstance(event, bytes) else getattr(self, event)()
        for word in said:
            if word.startswith("printed "):
                assert word == f"printed {self.under_way[-1]}"
                self.printed += self.under_way
                self.under_way = range(0)
            if word.startswith("offer "):
                assert self.may_print
                assert not self.under_way
                first, _, last = word.removeprefix("offer ").partition("-")
                self.under_way = range(int(first), int(last) + 1)
                assert len(self.under_way) <= LINES_UNDER_WAY_MAX
                assert self.under_way[0] == len(self.printed) + 1

    def connected(self) -> list[str]:
        if self.connection is not None:
            return self.desk.connected("another")
        self.connection = f"c{self.desk.machine.sessions + 1}"
        self.may_print = self.ready_at_once or not self.flow
        return self.desk.connected(self.connection)

    def heard(self, data: bytes) -> list[str]:
        if self.flow and data != b"?" and self.connection:
            self.may_print = data.endswith(XON)
        return self.desk.received(data)

    def put(self) -> list[str]:
        self.count += 1
        return self.desk.put(self.count)

    def drained(self) -> list[str]:
        return self.desk.drained()

    def overdue(self) -> list[str]:
        return self.desk.do(self.desk.machine.overdue())

    def lost(self) -> list[str]:
        was, self.connection, self.under_way = self.connection, None, range(0)
        return self.desk.lost(was or "another")

    def reset(self) -> list[str]:
        self.connection, self.under_way = None, range(0)
        return self.desk.do(self.desk.machine.restart())


@settings(max_examples=300, deadline=None)
@given(EVENTS, st.booleans(), st.booleans())
def test_whatever_happens(events: list[Any], ready: bool, flow: bool) -> None:  # noqa: FBT001
    """Each line is printed once and in order, none to a printer that is not ready, few at once."""
    desk = Desk(ready="connected" if ready else "xon", flow="xon-xoff" if flow else "none")
    play = Play(desk, ready=ready, flow=flow)
    for event in events:
        play.step(event)
    assert play.printed == list(range(1, len(play.printed) + 1))
    assert len(desk.buffer) == play.count - len(play.printed)
    idle = play.connection is None or not play.may_print
    assert idle or play.under_way or not len(desk.buffer)
