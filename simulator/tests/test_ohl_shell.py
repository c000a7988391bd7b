"""The hotel link's shell in memory: a real outlet, a clock of our own, bytes typed by hand."""

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from oxo_simulator.control.messages import HotelEvent
from oxo_simulator.exchange.outlet import Outlet
from oxo_simulator.ohl.backlog import REPLIES_MAX
from oxo_simulator.ohl.reception import Reception, outlet_terms
from oxo_simulator.ohl.settings import OhlSettings
from oxo_simulator.ohl.shell import CLOSE_SECONDS_MAX, HotelLinkFactory
from oxo_tickets import Direction, Kind, ReminderState, Ticket
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

ACK, NAK, XON, XOFF = b"\x06", b"\x15", b"\x11", b"\x13"
OPENING = b"\x02@FFFF\x03"
CALL = Ticket(
    kind=Kind.CALL,
    direction=Direction.OUTGOING,
    local_time=datetime.fromisoformat("2020-02-24T14:32:07"),
    charged_user="217",
    dialled_number="00199001234",
    call_seconds=50,
    units=6,
    cost=Decimal("1.70"),
)
WAKE_UP = Ticket(
    kind=Kind.REMINDER,
    local_time=datetime.fromisoformat("2020-02-24T22:15:00"),
    charged_user="217",
    reminder_time=time(7, 0),
    reminder_state=ReminderState.ACTIVATION,
)
J = b"\x02J217     O00000624022014320700005000199001234               0000000170"
CHECK_IN = b"\x02A217      L\xdcDELING            28540041731000123450645    D5\x03"
"""The first frame of the vector `check-in`."""


class Wire(StringTransport):
    """A transport in memory that tells whether it is aborted."""

    aborted = False

    def abortConnection(self) -> None:  # noqa: N802
        self.aborted = True

    def unregisterProducer(self) -> None:  # noqa: N802
        self.producer = None


class Peer:
    """One connection of a hotel system."""

    def __init__(self, house: "House", number: int) -> None:
        self.wire: Any = Wire(  # type: ignore[no-untyped-call]
            hostAddress=IPv4Address("TCP", "127.0.0.2", 5010),
            peerAddress=IPv4Address("TCP", "127.0.0.1", 4000 + number),
        )
        self.line = house.factory.buildProtocol(None)
        self.line.makeConnection(self.wire)  # type: ignore[no-untyped-call]

    def heard(self) -> bytes:
        heard: bytes = self.wire.value()
        self.wire.clear()
        return heard

    def say(self, octets: bytes) -> bytes:
        """Say bytes and return what comes back."""
        self.line.dataReceived(octets)
        return self.heard()

    def leave(self) -> None:
        self.line.connectionLost(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]

    @property
    def ended(self) -> bool:
        return bool(self.wire.disconnecting)


class House:
    """The exchange's side: outlet, ledger, transcript, and the port."""

    def __init__(self, **settings: Any) -> None:
        self.settings = OhlSettings(open=True, **settings)
        self.ledger: list[tuple[str, dict[str, Any]]] = []
        self.transcript: list[tuple[str, str]] = []
        self.proved: list[str] = []
        self.clock = Clock()
        self.factory = HotelLinkFactory(
            self.clock,
            lambda peer, own: (f"c{peer[1] - 4000}", f"{peer[0]} to {own[1]}"),
            self.proved.append,
            self.said,
            lambda: datetime.now(UTC),
        )
        self.install()
        self.factory.serving = True

    def install(self) -> None:
        self.outlet = Outlet(outlet_terms(self.settings), self.record)
        self.reception = Reception(self.outlet, self.settings)
        self.factory.install(self.reception)

    def record(self, event: str, detail: dict[str, Any]) -> None:
        self.ledger.append((event, detail))

    def said(self, **line: str) -> None:
        assert (line["wire"], line["port"]) == ("ohl", "ohl")
        self.transcript.append((line["sender"], line["text"]))

    def put(self, *tickets: Ticket) -> None:
        for ticket in tickets:
            self.outlet.put(1, ticket)

    def happens(self, **event: Any) -> None:
        self.reception.say(HotelEvent(**event))
        self.factory.waits()

    def connect(self, number: int = 1) -> Peer:
        return Peer(self, number)

    def opened(self) -> Peer:
        peer = self.connect()
        assert peer.heard() == OPENING
        assert peer.say(ACK) == b""
        return peer

    def opened_with_ticket(self) -> Peer:
        peer = self.connect()
        assert peer.heard() == OPENING
        assert peer.say(ACK)[:-3] == J
        return peer

    def lines(self, *events: str) -> list[dict[str, Any]]:
        return [detail for event, detail in self.ledger if event in events]


@pytest.fixture
def house() -> House:
    return House()


def test_a_ticket_is_offered_acknowledged_and_gone(house: House) -> None:
    peer = house.opened()
    house.put(CALL)
    assert peer.heard()[:-3] == J
    assert house.outlet.waiting_count() == 1
    assert peer.say(ACK) == b""
    assert house.outlet.waiting_count() == 0
    where = {"session": "o1", "connection": "c1", "wire": "ohl"}
    assert house.ledger == [
        ("session opened", {**where, "reason": "connected"}),
        ("buffered", {"id": 1, "sequence": 1, "wire": "ohl"}),
        ("offered", {"first": 1, "last": 1, **where}),
        ("consumed", {"first": 1, "last": 1, "how": "acknowledged", **where}),
    ]
    assert house.proved == ["c1"]


def test_what_was_not_acknowledged_is_told_again_on_the_next_connection(house: House) -> None:
    house.put(CALL, replace(CALL, charged_user="218"))
    first = house.opened_with_ticket()
    first.leave()
    second = house.connect(2)
    assert second.heard() == OPENING
    assert second.say(ACK)[:-3] == J
    assert b"J218" in second.say(ACK)
    assert [line["session"] for line in house.lines("session opened")] == ["o1", "o2"]
    assert house.lines("session closed") == [
        {"session": "o1", "connection": "c1", "reason": "peer left", "wire": "ohl"}
    ]


def test_tickets_and_hotel_events_are_told_in_the_order_in_which_they_happened(
    house: House,
) -> None:
    house.happens(event="check-in", room="217", guest_name="LUDELING")
    house.put(CALL, WAKE_UP)
    house.happens(event="room status", room="217", room_status="not cleaned", problem=42)
    house.put(CALL)
    house.happens(event="check-out", room="217")
    peer = house.connect()
    heard = b"".join([peer.heard(), *(peer.say(ACK) for _ in range(8))])
    assert [octets[:1] for octets in heard.split(b"\x02")[1:]] == [*map(str.encode, "@AJPCJD")]
    assert b"\x02C217     104242" not in heard
    assert b"\x02C217     1042" in heard
    assert b"\x02P217     A24022022150700" in heard
    assert house.lines("hotel event")[1] == {
        "number": 2, "happened": "room status", "room": "217", "wire": "ohl"
    }  # fmt: skip
    assert [line["number"] for line in house.lines("hotel event told")] == [1, 2, 3]


def test_events_survive_the_connection_and_only_so_many_wait() -> None:
    house = House(events_max=1)
    peer = house.opened()
    house.happens(event="check-out", room="217")
    assert peer.heard() == b"\x02D217     50\x03"
    house.happens(event="check-out", room="218")
    assert house.lines("hotel event lost") == [
        {"reason": "queue full", "happened": "check-out", "room": "218", "wire": "ohl"}
    ]
    peer.leave()
    again = house.connect(2)
    assert again.say(ACK)[-13:] == b"\x02D217     50\x03"


def test_an_order_is_acknowledged_carried_out_and_replied_to(house: House) -> None:
    peer = house.opened()
    assert peer.say(CHECK_IN) == ACK + b"\x02R217     04170044\x03"
    assert house.reception.rooms["217"].guest_name == "LÜDELING"
    assert house.lines("hotel order") == [
        {
            "letter": "A", "order": "check-in", "room": "217", "result": "done",
            "session": "o1", "connection": "c1", "wire": "ohl",
        }
    ]  # fmt: skip


def test_orders_in_one_breath_are_acknowledged_first(house: House) -> None:
    peer = house.opened()
    assert peer.say(CHECK_IN + b"\x02I217     5D\x03") == ACK * 2 + b"\x02R217     04170044\x03"
    assert peer.say(ACK) == b"\x02R217     04170044\x03"


def test_the_rooms_know_what_the_exchange_said_itself(house: House) -> None:
    house.happens(event="check-in", room="217", guest_name="LUDELING")
    house.put(WAKE_UP)
    peer = house.connect()
    peer.say(ACK)
    peer.say(ACK)
    peer.say(ACK)
    room = house.reception.rooms["217"]
    assert (room.occupied, room.reminder_time) == (True, time(7, 0))
    house.put(replace(WAKE_UP, reminder_state=ReminderState.CANCELLATION))
    peer.say(ACK)
    assert house.reception.rooms["217"].reminder_time is None


def test_without_replies_to_orders_only_questions_are_answered() -> None:
    house = House(replies="questions")
    peer = house.opened()
    assert peer.say(CHECK_IN) == ACK
    assert peer.say(b"\x02I217     5D\x03") == ACK + b"\x02R217     04170044\x03"


def test_a_re_initialisation_tells_every_guest(house: House) -> None:
    peer = house.opened()
    peer.say(CHECK_IN)
    peer.say(ACK)
    heard = peer.say(b"\x02Z        F1C\x03")
    assert heard.startswith(ACK + b"\x02U217      L\xdcDELING            2854004173100012345064500")
    assert peer.say(ACK).startswith(b"\x02R        ")


def test_an_order_that_cannot_be_read_is_replied_to_as_such(house: House) -> None:
    peer = house.opened()
    garbled = bytearray(CHECK_IN)
    garbled[42] ^= 0x40
    garbled[-3:-1] = b"95"
    assert b"\x02R        " in peer.say(bytes(garbled))
    assert house.lines("hotel order")[0]["result"] == "unreadable"


# What is written down.


def test_passwords_are_in_no_transcript_and_no_ledger(house: House) -> None:
    peer = house.opened()
    peer.say(CHECK_IN)
    peer.say(ACK + CHECK_IN[:-3] + b"00\x03" + CHECK_IN[:-1] + CHECK_IN[1:])
    peer.say(CHECK_IN[:2] + b"\x03" + CHECK_IN[2:])
    peer.say(b"\x02Z        F1C\x03")
    for _ in range(4):
        peer.say(ACK)
    peer.say(b"\x02Z        P0A\x03")
    peer.leave()
    assert not [line for line in house.lines("refused") if "lrc_expected" in line]
    house.happens(event="check-in", room="218", password="0417")
    assert house.connect(2).say(ACK)
    assert "0417" not in str(house.transcript) + str(house.ledger)
    assert [words for _, words in house.transcript if "U217      LÜDELING" in words]
    assert "\x02U217     ****310645   **\x03" in [words for _, words in house.transcript]
    assert ("collector", "\x02A217      LÜDELING            28540****31000123450645    **\x03") in (
        house.transcript
    )


def test_the_transcript_has_what_both_sides_said(house: House) -> None:
    peer = house.connect()
    peer.say(ACK + b"\x02I217     5D\x03")
    peer.say(b"noise" + XOFF + b"\x02Q17\x03")
    assert house.transcript == [
        ("exchange", "\x02@FFFF\x03"),
        ("collector", "\x06"),
        ("collector", "\x02I217     5D\x03"),
        ("exchange", "\x06"),
        ("exchange", "\x02R217         01**\x03"),
        ("collector", "noise"),
        ("collector", "\x13"),
        ("collector", "\x02Q**\x03"),
        ("exchange", "\x15"),
    ]


def test_what_cannot_be_read_is_in_the_ledger(house: House) -> None:
    peer = house.opened()
    assert peer.say(b"\x02D217     51\x03") == NAK
    assert house.lines("refused") == [
        {
            "reason": "LRC wrong", "bytes": 13, "lrc_found": "51", "lrc_expected": "50",
            "session": "o1", "connection": "c1", "wire": "ohl",
        }
    ]  # fmt: skip


# Who is served, and for how long.


def test_a_second_client_takes_over(house: House) -> None:
    first = house.opened()
    second = house.connect(2)
    assert (first.ended, second.ended) == (True, False)
    assert second.heard() == OPENING
    assert [line["reason"] for line in house.lines("session closed")] == ["taken over"]
    house.put(CALL)
    assert first.heard() == b""
    assert second.say(ACK)[:-3] == J


def test_a_second_client_is_refused() -> None:
    house = House(second_client="refuse")
    first = house.opened()
    second = house.connect(2)
    assert (first.ended, second.ended, second.heard()) == (False, True, b"")
    assert house.lines("refused") == [
        {"connection": "c2", "reason": "second client", "wire": "ohl"}
    ]
    first.leave()
    assert house.connect(3).heard() == OPENING


def test_a_reset_ends_the_conversation_and_keeps_what_waits(house: House) -> None:
    house.put(CALL)
    peer = house.opened_with_ticket()
    house.happens(event="check-out", room="217")
    house.factory.serving = False
    house.factory.end("reset")
    assert peer.ended
    assert house.lines("session closed")[0]["reason"] == "reset"
    refused = house.connect(2)
    assert (refused.ended, refused.heard()) == (True, b"")
    assert house.lines("refused")[0]["reason"] == "busy"
    house.factory.serving = True
    again = house.connect(3)
    assert again.say(ACK).count(b"\x02J") == 1
    assert again.say(ACK) == b"\x02D217     50\x03"


def test_a_fresh_exchange_knows_nothing_of_the_old_one(house: House) -> None:
    old = house.opened()
    old.say(CHECK_IN)
    house.happens(event="check-out", room="999")
    house.put(CALL)
    before = len(house.ledger)
    former = house.outlet
    house.install()
    assert old.ended
    assert house.ledger[before:] == []
    assert house.clock.getDelayedCalls() == [old.line._closing]
    assert old.say(ACK) == b""
    former.put(1, CALL)
    peer = house.opened()
    assert house.lines("session opened")[-1]["session"] == "o1"
    assert not house.reception.rooms["217"].occupied
    assert peer.heard() == b""


def test_nobody_is_behind_a_closed_wire(house: House) -> None:
    house.factory.install(None)
    peer = house.connect()
    assert (peer.ended, peer.heard()) == (True, b"")


def test_a_silent_peer_is_let_go_and_its_connection_with_it(house: House) -> None:
    peer = house.opened()
    house.clock.pump([19.9, 0.2])
    assert peer.heard() == b"\x02$0000\x03"
    house.clock.pump([5.1] * 3)
    assert peer.heard() == b"\x02$0000\x03" * 2
    assert peer.ended
    assert house.lines("session closed")[0]["reason"] == "no answer"
    assert not peer.wire.aborted
    house.clock.advance(CLOSE_SECONDS_MAX)
    assert peer.wire.aborted


def test_a_connection_that_is_gone_leaves_no_timer(house: House) -> None:
    peer = house.opened()
    peer.leave()
    assert house.clock.getDelayedCalls() == []
    ended = house.connect(2)
    house.factory.end("operator")
    ended.leave()
    assert house.clock.getDelayedCalls() == []
    assert not ended.wire.aborted


def test_who_never_reads_is_not_read_either(house: House) -> None:
    peer = house.opened()
    assert peer.wire.producer is peer.line
    peer.line.pauseProducing()
    assert peer.wire.producerState == "paused"
    peer.line.resumeProducing()
    assert peer.wire.producerState == "producing"


def test_who_asks_without_end_and_acknowledges_nothing_is_let_go(house: House) -> None:
    peer = house.opened()
    peer.say(b"\x02I217     5D\x03" * (REPLIES_MAX + 1))
    assert house.lines("session closed")[0]["reason"] == "replies not read"


def test_replies_of_one_conversation_are_not_told_to_the_next(house: House) -> None:
    peer = house.opened()
    peer.say(b"\x02I217     5D\x03" * 2)
    peer.leave()
    again = house.connect(2)
    assert again.heard() == OPENING
    assert again.say(ACK) == b""


def test_xoff_holds_tickets_and_xon_lets_them_go(house: House) -> None:
    peer = house.opened()
    peer.say(XOFF)
    house.put(CALL)
    assert peer.heard() == b""
    assert peer.say(XON)[:-3] == J


FRAME = J + b"04\x03"
"""The frame of `CALL`, its check value reckoned by hand."""


def test_a_frame_that_the_link_damaged_is_sent_again_and_counts_once(house: House) -> None:
    house.put(CALL, replace(CALL, charged_user="218"))
    peer = house.opened_with_ticket()
    assert peer.say(NAK) == FRAME
    # Without its last byte nothing is answered until time is up; then both copies are.
    house.clock.advance(house.settings.answer_seconds)
    assert peer.heard() == FRAME
    assert b"J218" in peer.say(NAK + ACK)
    assert peer.say(ACK) == b""
    assert [line["first"] for line in house.lines("offered")] == [1, 1, 1, 2]
    assert [line["last"] for line in house.lines("consumed")] == [1, 2]


@pytest.mark.parametrize("answer", [NAK, b""])
@pytest.mark.parametrize("attempts", [1, 3, 5])
def test_a_frame_that_never_arrives_whole_ends_the_conversation_and_stays(
    attempts: int, answer: bytes
) -> None:
    house = House(attempts=attempts)
    house.put(CALL)
    peer = house.opened_with_ticket()
    for left in range(attempts, 0, -1):
        assert not peer.ended
        heard = peer.say(answer) if answer else b""
        if not answer:
            house.clock.advance(house.settings.answer_seconds)
            heard = peer.heard()
        assert heard == (FRAME if left > 1 else b"")
    assert peer.ended
    (closed,) = house.lines("session closed")
    assert closed["reason"] == ("not accepted" if answer else "no answer")
    assert house.lines("consumed", "dropped") == []
    second = house.connect(2)
    assert (second.heard(), second.say(ACK), second.say(ACK)) == (OPENING, FRAME, b"")
    assert [line["last"] for line in house.lines("consumed")] == [1]
