"""Documents on the print-out: an exchange in hotel mode, its wire and a printer, in memory."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.orders import CallOrder
from oxo_simulator.exchange.placed import Placed
from oxo_simulator.exchange.rooms import Stay
from oxo_simulator.profile import load_profile
from oxo_simulator.taxation import outlet_terms
from oxo_simulator.v24.document import heading
from oxo_simulator.v24.machine import LINES_UNDER_WAY_MAX
from oxo_simulator.v24.wire import V24
from oxo_simulator.wire import Parts
from twisted.internet.address import IPv4Address
from twisted.internet.testing import MemoryReactorClock, StringTransport

XON, XOFF = b"\x11", b"\x13"
BARE: Mapping[str, Any] = {
    "mode": "hotel", "v24.open": True, "v24.header": "none", "v24.fields": ("DNU",),
}  # fmt: skip


class Printer(StringTransport):
    """A printer that takes what is written when it is told to."""

    def __init__(self, number: int) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            hostAddress=IPv4Address("TCP", "127.0.0.2", 6970),
            peerAddress=IPv4Address("TCP", "127.0.0.1", number),
        )

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: N802, FBT001
        """Nothing to set."""

    setTcpKeepAlive = setTcpNoDelay  # noqa: N815


class Hotel:
    """An exchange in hotel mode that prints."""

    def __init__(self, **chosen: Any) -> None:
        dotted = {key.replace("__", "."): value for key, value in chosen.items()}
        profile = load_profile("certify", {**BARE, **dotted})
        self.reactor: Any = MemoryReactorClock()  # type: ignore[no-untyped-call]
        parts: dict[str, Any] = {each.name: None for each in fields(Parts)}
        parts |= {
            "reactor": self.reactor,
            "address": lambda: "192.0.2.7",
            "behind": "127.0.0.2",
            "ports": {"v24": 6970},
            "connection_name": lambda peer, _own: (f"c{peer[1]}", "peer"),
            "prove": lambda _connection: None,
            "said": lambda **_line: None,
            "utc_now": lambda: datetime.now(UTC),
        }
        self.wire = V24(Parts(**parts))
        self.clock = VirtualClock()
        self.ledger: list[tuple[str, dict[str, Any]]] = []
        terms = self.wire.terms(profile)
        assert terms is not None
        self.exchange = Exchange(
            profile=profile,
            seed=1,
            epoch="e",
            clock=WallClock(self.clock, profile.start, ZoneInfo(profile.zone)),
            record=lambda event, detail: self.ledger.append((event, detail)),
            outlets=[outlet_terms(profile), terms],
        )
        self.outlet = self.exchange.outlets["v24"]
        self.wire.install(self.exchange, profile)
        self.wire.serve()
        self.end: Any = None
        self.paper: Any = None

    def connect(self, number: int = 1) -> None:
        ((_, factory, _, _),) = self.reactor.tcpServers
        self.end, self.paper = factory.buildProtocol(None), Printer(number)
        self.end.makeConnection(self.paper)

    def written(self) -> str:
        """Look at what is under way."""
        return str(self.paper.io.getvalue().decode("latin-1"))

    def take(self) -> str:
        """Take what is under way, as a printer that reads."""
        taken, self.paper.io = self.written(), BytesIO()
        self.paper.producer.resumeProducing()
        return taken

    def lines(self) -> list[str]:
        """Take everything."""
        taken = ""
        while said := self.take():
            taken += said
        return taken.split("\r\n")

    def go(self, placed: Placed) -> None:
        self.clock.advance(placed.seconds)

    def call(self, user: str, number: str) -> None:
        order = CallOrder(direction="outgoing", user=user, number=number, call_seconds=60)
        self.go(self.exchange.place([order]))

    def check_in(self, **told: Any) -> None:
        self.go(self.exchange.hotel.check_in(["106"], Stay(guest_name="Garcia", **told)))

    def check_out(self) -> None:
        self.go(self.exchange.hotel.check_out(["106"]))

    def notices(self) -> list[Any]:
        return [detail for event, detail in self.ledger if event == "notice"]


def test_a_check_out_prints_the_guests_bill_line_by_line() -> None:
    hotel = Hotel(v24__print_documents=True, hotel__guest_information=False)
    hotel.connect()
    hotel.check_in()
    hotel.check_out()
    assert hotel.notices() == []
    assert hotel.lines() == [
        "GUEST GLOBAL BILL",
        "Room                     : 106",
        "Guest name               : Garcia",
        "From                     : 2020-02-24T14:00:00",
        "To                       : 2020-02-24T14:00:00",
        "Calls                    : 0",
        "Units                    : 0",
        "Cost                     : 0.00",
        "Currency                 : EUR",
        "VAT rate                 : 20.00",
        "VAT                      : 0.00",
        "THANKS FOR COMING",
        "",
        "",
    ]
    told = {"kind": "guest bill", "session": "v1", "connection": "c1", "wire": "v24"}
    assert hotel.notices() == [told]
    assert not hotel.outlet.notices


def test_a_check_in_prints_what_is_known_of_the_guest_but_no_password() -> None:
    hotel = Hotel()
    hotel.connect()
    hotel.check_in(password="4711", language="2")
    lines = hotel.lines()
    assert lines[0] == "GUEST INFORMATION"
    assert "Language                 : 2" in lines
    assert "4711" not in "".join(lines)


@pytest.mark.parametrize(("mask", "shown"), [(0, "0390670000"), (4, "039067****")])
def test_a_booth_bill_stands_behind_its_call_and_hides_what_the_line_hides(
    mask: int, shown: str
) -> None:
    hotel = Hotel(v24__mask_digits=mask)
    hotel.connect()
    hotel.call("120", "0390670000")
    statement, title, *lines = hotel.lines()
    assert statement == shown
    assert title == "PHONE BOOTH BILL"
    assert f"Number                   : {shown}" in lines
    assert "Duration                 : 00:01:00" in lines


def test_documents_stand_where_they_were_made_and_never_beside_lines() -> None:
    hotel = Hotel()
    for number in range(1, LINES_UNDER_WAY_MAX + 2):
        hotel.call("128", f"0{number}")
    hotel.check_in()
    hotel.call("128", "010")
    hotel.check_out()
    hotel.call("128", "011")
    hotel.connect()
    heads = []
    while said := hotel.take():
        heads.append(said.split("\r\n")[0])
    assert heads == ["01", "09", "GUEST INFORMATION", "010", "GUEST GLOBAL BILL", "011"]
    assert [each["kind"] for each in hotel.notices()] == ["guest information", "guest bill"]


def test_xoff_holds_a_document_back_and_finishes_the_one_under_way() -> None:
    hotel = Hotel()
    hotel.connect()
    hotel.check_in()
    hotel.end.dataReceived(XOFF)
    hotel.check_out()
    assert hotel.lines()[0] == "GUEST INFORMATION"
    assert hotel.take() == ""
    assert len(hotel.notices()) == 1
    hotel.end.dataReceived(XON)
    assert hotel.lines()[0] == "GUEST GLOBAL BILL"


def test_a_document_that_was_cut_off_is_printed_again_whole() -> None:
    hotel = Hotel()
    hotel.connect()
    hotel.check_in()
    first = hotel.written()
    hotel.end.connectionLost()
    assert hotel.notices() == []
    hotel.connect(2)
    assert hotel.written() == first
    assert hotel.take() == first
    assert hotel.take() == ""
    assert [each["connection"] for each in hotel.notices()] == ["c2"]


def test_a_printed_document_is_not_printed_again() -> None:
    hotel = Hotel()
    hotel.connect()
    hotel.check_in()
    hotel.lines()
    hotel.end.connectionLost()
    hotel.connect(2)
    assert hotel.written() == ""


def test_with_form_feeds_a_document_has_a_page_to_itself_and_headings_follow() -> None:
    hotel = Hotel(v24__form_feed=True, v24__header="every")
    hotel.connect()
    hotel.check_in()
    hotel.call("128", "01")
    begin, before, document, behind = "".join(f"{each}\n" for each in hotel.lines()).split("\x0c")
    assert (begin, before.split()) == ("", ["DIALLED", "NUMBER"])
    assert (document.split("\n")[0], document[-2:]) == ("GUEST INFORMATION", "\n\n")
    assert behind.split() == ["DIALLED", "NUMBER", "01"]


def test_documents_may_be_switched_off() -> None:
    hotel = Hotel(v24__print_documents=False)
    hotel.connect()
    hotel.check_in()
    hotel.call("120", "0390670000")
    assert hotel.lines() == ["0390670000", ""]


def test_an_empty_footnote_has_no_line() -> None:
    hotel = Hotel(hotel__footnote="")
    hotel.connect()
    hotel.check_in()
    assert hotel.lines()[-3:] == ["VAT                      : 0.00", "", ""]


def test_headings_are_the_names_of_the_items() -> None:
    assert [heading(name) for name in ("do_not_disturb", "vat", "vat_rate")] == [
        "Do not disturb", "VAT", "VAT rate",
    ]  # fmt: skip
