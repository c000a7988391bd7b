"""Every key of the section turned over, and what changes: bytes, conversation, or the buffer."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from oxo_simulator.exchange.moment import Moment
from oxo_simulator.exchange.notices import Notice, NoticeKind
from oxo_simulator.exchange.outlet import Outlet
from oxo_simulator.v24.machine import Printing, Write
from oxo_simulator.v24.page import Paper, sheet
from oxo_simulator.v24.settings import V24Settings
from oxo_simulator.v24.wire import V24, outlet_terms
from oxo_tickets import CommunicationType, Direction, Kind, Ticket, TrunkKind
from twisted.internet.task import Clock

BEGIN = datetime.fromisoformat("2020-02-24T23:58:30")
EVERYTHING = ("SUB", "TYP", "TRK", "DAT", "TIM", "DUR", "TAX", "DNU", "RIN", "CST", "ACC", "SUN")


def tickets() -> list[Ticket]:
    """Return a call, a missed call, a private call and a wake-up, over midnight."""
    return [
        Ticket(
            kind=Kind.CALL, direction=Direction.OUTGOING, local_time=BEGIN, charged_user="128",
            dialled_number="00390670000", call_seconds=50, units=2, cost=Decimal("1.70"),
            account_code="123456", subscriber_name="Zo\u00eb", trunk="01",
            trunk_kind=TrunkKind.T0,
        ),
        Ticket(
            kind=Kind.CALL, direction=Direction.INCOMING, local_time=BEGIN + timedelta(minutes=1),
            charged_user="104", dialled_number="0346057124", call_seconds=0, ring_seconds=18,
        ),
        Ticket(
            kind=Kind.CALL, direction=Direction.OUTGOING, local_time=BEGIN + timedelta(minutes=2),
            communication_type=CommunicationType.OUTGOING_PRIVATE, charged_user="106",
            dialled_number="5031", call_seconds=12,
        ),
        Ticket(
            kind=Kind.REMINDER, local_time=BEGIN + timedelta(minutes=3), charged_user="117",
            reminder_time=time(7, 0),
        ),
    ]  # fmt: skip


def outlet_of(settings: V24Settings) -> tuple[Outlet, list[str]]:
    """Put the tickets into an outlet as the exchange does; return it and its ledger."""
    ledger: list[str] = []
    outlet = Outlet(
        outlet_terms(settings), lambda event, detail: ledger.append(f"{event} {detail}")
    )
    for number, ticket in enumerate(tickets(), 1):
        reason = outlet.terms.accepts(ticket)
        if reason is None:
            outlet.put(number, ticket)
        else:
            outlet.drop(number, reason)
    return outlet, ledger


def printed(settings: V24Settings) -> bytes:
    """Print the tickets for one printer, then one more line for the next printer."""
    outlet, _ = outlet_of(settings)
    printing, written = Printing(sheet(settings), outlet.waiting), b""
    for connection in ("c1", "c2"):
        commands = [*printing.connected(connection), *printing.received(b"\x13\x11")]
        commands += printing.drained()
        written += b"".join(each.data for each in commands if isinstance(each, Write))
        printing.lost(connection)
    return written


def spoken(settings: V24Settings) -> list[str]:
    """Let a printer connect that says XOFF."""
    outlet, _ = outlet_of(settings)
    printing = Printing(sheet(settings), outlet.waiting)
    said = [str(each) for each in printing.connected("c1")]
    said += [str(each) for each in printing.drained()]
    outlet.put(9, tickets()[0])
    return [
        *said,
        *(str(each) for each in printing.received(b"\x13")),
        *map(str, printing.filled()),
    ]


def buffered(settings: V24Settings) -> list[str]:
    return outlet_of(settings)[1]


def taken(settings: V24Settings) -> list[str]:
    """Tell which notices the outlet takes."""
    now = Moment(BEGIN, 0, BEGIN.replace(tzinfo=UTC), "UTC")
    kinds: tuple[NoticeKind, ...] = ("mao", "check-in", "guest bill", "booth bill")
    terms = outlet_terms(settings)
    return [kind for kind in kinds if terms.notices(Notice(kind, now))]


def dialled(settings: V24Settings) -> list[str]:
    """Install the wire on paper, and let the first attempt to connect fail."""
    told: list[str] = []
    clock = Clock()

    def listen(port: int, *_: Any, interface: str) -> Any:
        told.append(f"listens at {interface} {port}")

    def connect(host: str, port: int, factory: Any, timeout: float) -> Any:
        del timeout
        told.append(f"{clock.seconds():.1f} dials {host} {port}")
        connector = SimpleNamespace(state="disconnected")
        clock.callLater(0, lambda: factory.clientConnectionFailed(connector, None))
        return connector

    reactor = SimpleNamespace(listenTCP=listen, connectTCP=connect, callLater=clock.callLater)
    parts: Any = SimpleNamespace(
        reactor=reactor, ports={"v24": 6970}, address=lambda: "127.0.0.1", behind="127.0.0.2",
        said=None, utc_now=None, prove=None,
    )  # fmt: skip
    wire, profile = V24(parts), SimpleNamespace(v24=settings)
    terms = wire.terms(profile)  # type: ignore[arg-type]
    outlets = {} if terms is None else {"v24": Outlet(terms, lambda *_: None)}
    wire.install(SimpleNamespace(outlets=outlets), profile)  # type: ignore[arg-type]
    wire.serve()
    clock.pump([0.5] * 30)
    opened, way = wire.open_ports(profile), wire.outward(profile)  # type: ignore[arg-type]
    return [*told, f"{opened} {way}", str(wire.shown("v24"))]


See = Callable[[V24Settings], object]
FLIPS: Mapping[str, tuple[Any, See, dict[str, Any]]] = {
    "open": (True, dialled, {}),
    "direction": ("connect", dialled, {"open": True, "target": "there:7001"}),
    "target": ("here:7002", dialled, {"open": True, "direction": "connect", "target": "there:1"}),
    "reconnect_seconds": (
        1,
        dialled,
        {"open": True, "direction": "connect", "target": "there:7001"},
    ),
    "mode": ("ticket", printed, {}),
    "fields": (("SUB", "SUN"), printed, {}),
    "node": (7, printed, {"mode": "network", "fields": ("SUB", "NOD")}),
    "company": ("HOTEL SANDMEER", printed, {}),
    "header": ("first", printed, {"statements_per_page": 2}),
    "statements_per_page": (2, printed, {}),
    "page_begins": ("start-up", printed, {}),
    "form_feed": (True, printed, {}),
    "lines_between": (3, printed, {"mode": "ticket"}),
    "padded": (True, printed, {}),
    "line_end": ("lf", printed, {}),
    "encoding": ("utf-8", printed, {}),
    "language": ("french", printed, {}),
    "mask_digits": (4, printed, {}),
    "mask_character": (".", printed, {"mask_digits": 4}),
    "account_code_mask": ("3", printed, {}),
    "prefix": ("removed", printed, {}),
    "trunk_prefix": ("00", printed, {"prefix": "removed"}),
    "cost_decimals": (0, printed, {}),
    "unanswered": (False, printed, {}),
    "leased_lines": (False, printed, {}),
    "print_documents": (False, taken, {}),
    "flow": ("none", spoken, {}),
    "ready": ("xon", spoken, {}),
    "xon_seconds_max": (5, spoken, {}),
    "capacity": (2, buffered, {}),
    "alarm_percent": (30, buffered, {"capacity": 10}),
    "overflow": ("oldest", buffered, {"capacity": 2}),
}
ELSEWHERE = {"port": "the process holds it before a profile opens it (test_v24_process)"}


@pytest.mark.parametrize("key", V24Settings.model_fields)
def test_every_key_changes_what_can_be_seen(key: str) -> None:
    if key in ELSEWHERE:
        return
    other, see, around = FLIPS[key]
    chosen: dict[str, Any] = {"fields": EVERYTHING, **around}
    usual, turned = V24Settings(**chosen), V24Settings(**{**chosen, key: other})
    assert getattr(usual, key) != getattr(turned, key)
    assert see(usual) != see(turned)
    assert see(usual) == see(V24Settings(**chosen))


def test_every_value_of_a_choice_can_be_seen() -> None:
    for key, values in {
        "header": ("every", "first", "none"),
        "line_end": ("crlf", "lf", "cr"),
        "mode": ("listing", "ticket"),
        "encoding": ("iso-8859-1", "utf-8", "cp850"),
    }.items():
        chosen: dict[str, Any] = {"fields": EVERYTHING, "statements_per_page": 2}
        seen = {printed(V24Settings(**{**chosen, key: value})) for value in values}
        assert len(seen) == len(values)


def test_a_page_of_the_paper_begins_where_it_is_said() -> None:
    written, paper = sheet(V24Settings()).begin(Paper())
    assert (written.count(b"\r\n"), paper) == (2, Paper(begun=True, headed=True))


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"fields": ("SUB", "XYZ")}, "no field 'XYZ'; there are IUS, SUB"),
    ({"fields": "SUB,SUB"}, "each is printed once"),
    ({"fields": ("NOD",)}, 'only with mode = "network"'),
    ({"open": True, "direction": "connect"}, 'direction = "connect" needs one'),
    ({"direction": "connect", "target": "a:70000"}, "1 to 65535"),
    ({"direction": "connect", "target": "a:0"}, "1 to 65535"),
    ({"direction": "connect", "target": "a..b:1"}, "match pattern"),
    ({"direction": "connect", "target": f"{'a' * 64}:1"}, "match pattern"),
    ({"company": "SEVENTEEN LETTERS"}, "at most 16"),
    ({"company": "A\r\nB"}, "match pattern"),
    ({"alarm_percent": 100}, "less than or equal to 99"),
    ({"statements_per_page": 0}, "greater than or equal to 1"),
]


@pytest.mark.parametrize(("chosen", "why"), WRONG)
def test_what_a_profile_may_not_say(chosen: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("(", r"\(")):
        V24Settings(**chosen)


def test_a_command_line_may_list_fields_in_one_word() -> None:
    chosen: Callable[..., V24Settings] = V24Settings
    assert chosen(fields="SUB,DNU").fields == ("SUB", "DNU")
    assert chosen(fields="").fields == ()
