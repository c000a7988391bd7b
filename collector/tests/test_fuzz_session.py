"""A peer that does anything, in any order, at any time: nothing crashes, hangs, is lost or doubled.

The session runs with its real decoder and store against the model of an exchange, which at each
request behaves or does something else, while store and process fail as they like. Whatever was
played, three sentences hold: what is acknowledged is durable; a stop ends it; and once the exchange
behaves, every ticket that it made is stored, once, as it was made.
"""

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from oxo_collector.failure import Failure, Fault
from oxo_collector.intake import Intake
from oxo_collector.layout import lay_out
from oxo_collector.receipt import SetAside, Stored
from oxo_collector.report import Report
from oxo_collector.store import StoreUnusable
from oxo_collector.taxation.contract import Contract
from oxo_collector.taxation.encoder import Request
from oxo_collector.taxation.machine import TaxationSession
from oxo_collector.taxation.shell import Shell
from oxo_collector.taxation.states import Pace, Place
from oxo_tickets import from_json

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BATCH = 3
POSTS_COUNT_MAX = 400
"""So many requests are enough for whatever was scripted; more of them would be a loop."""

CUT = Failure("half an answer", "there", Fault.NETWORK)
CLOSED = Failure("connection refused", "there", Fault.EXCHANGE, other_port_may_help=True)
CALL = (
    "<CallAccounting><ChargedUserID>{0}</ChargedUserID><Date>2026-11-22</Date>"
    "<Time>20:45:00</Time></CallAccounting>"
)


def envelope(inner: str) -> bytes:
    head = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    return f"{head}{inner}</s:Body></s:Envelope>".encode()


def result(operation: str, inner: str = "") -> bytes:
    name, space = f"{operation}Result", 'xmlns="urn:oxo-sim:taxation:1"'
    return envelope(f"<{operation}Response {space}><{name}>{inner}</{name}></{operation}Response>")


def fault(code: str) -> bytes:
    said = f"<faultcode>s:{code}</faultcode><faultstring>no</faultstring>"
    return envelope(f"<s:Fault>{said}</s:Fault>")


class Crash(BaseException):
    """The collector's process is gone."""


class ModelExchange:
    """An exchange as the contract has it; `made` is the truth, by epoch."""

    def __init__(self, tickets: int, contract: Contract) -> None:
        self.contract = contract
        self.made: dict[str, dict[int, str]] = {}
        self.acknowledged = self.offered_last = 0
        self.install(tickets)

    def install(self, tickets: int) -> None:
        """Begin anew, as a cold reset does; what was not collected is gone, and not demanded."""
        for numbers in self.made.values():
            for sequence in [s for s in numbers if s > self.acknowledged]:
                del numbers[sequence]
        self.epoch = f"E{len(self.made) + 1}"
        self.made[self.epoch] = {n: f"{self.epoch}-{n}" for n in range(1, tickets + 1)}
        self.acknowledged = self.offered_last = 0

    def behave(self, request: Request) -> bytes:
        """Answer as the contract says."""
        match request.operation:
            case "login":
                self.offered_last = 0
                inner = f"<epoch>{self.epoch}</epoch><release>R</release>"
                return result("Login", f"{inner}<sessionSeconds>300</sessionSeconds>")
            case "get_tickets":
                return self.offer(*numbers_of(request))
            case "acknowledge":
                gone = self.remove(*numbers_of(request))
                return result("AckTickets", f"<acknowledged>{gone}</acknowledged>")
            case "restart_timer":
                return result("RestartSessionTimer", "<sessionSeconds>300</sessionSeconds>")
            case "logout":
                if self.contract.acknowledgement == "next-request":
                    self.remove(self.offered_last)
                self.offered_last = 0
                return result("Logout")

    def offer(self, tickets_max: int, _wait: int = 0) -> bytes:
        if self.contract.acknowledgement == "next-request":
            self.remove(self.offered_last)
        made = self.made[self.epoch]
        some = [n for n in sorted(made) if n > self.acknowledged][:tickets_max]
        left = len([n for n in made if n > self.acknowledged]) - len(some)
        self.offered_last = max([self.offered_last, *some])
        if self.contract.acknowledgement == "on-read":
            self.acknowledged = self.offered_last
        first, last = (some[0], some[-1]) if some else (0, 0)
        calls = "".join(CALL.format(made[n]) for n in some)
        return result(
            "GetTickets",
            f"<firstSequence>{first}</firstSequence><lastSequence>{last}</lastSequence>"
            f"<remaining>{left}</remaining><CallAccountingList>{calls}</CallAccountingList>",
        )

    def remove(self, last: int) -> int:
        gone = max(0, last - self.acknowledged)
        self.acknowledged = max(self.acknowledged, last)
        return gone


def numbers_of(request: Request) -> list[int]:
    return [int(n) for n in re.findall(rb">(\d+)<", request.body)]


ACTIONS = st.sampled_from(
    [
        *["behave"] * 6,
        *[
            "cut before",
            "cut behind",
            "closed",
            "session lost",
            "busy",
            "refused",
            "reset",
            "crash",
        ],
        *["garbage", "half", "before", "other question", "empty"],
    ]
)
STORE = st.sampled_from([*["good"] * 6, "full", "crash before", "crash behind"])


class World:
    """The wire and the store's door in one, playing a script and then behaving."""

    def __init__(
        self,
        peer: ModelExchange,
        intake: Intake,
        actions: list[Any],
        store: list[str],
        contacts: list[bool],
    ) -> None:
        self.contacts = contacts
        self.peer, self.intake = peer, intake
        self.actions, self.store = list(reversed(actions)), list(reversed(store))
        self.stop = Stop()
        self.before = b""
        self.honest = True
        self.posts = 0
        self.stop_at = POSTS_COUNT_MAX

    # the wire

    def begin(self, port: int) -> None:
        assert port in (443, 30443)
        self.peer.offered_last = 0

    def recall(self) -> bool:
        return self.posts % 2 == 0

    def close(self) -> None:
        """Close nothing."""

    def post(self, request: Request) -> bytes | Failure:
        self.posts += 1
        if self.posts >= self.stop_at:
            self.stop.set()
        assert self.posts < self.stop_at + 20, "a stop ends it"
        self.check_durable(request)
        answer = self.played(request, self.actions.pop() if self.actions else "behave")
        if isinstance(answer, bytes):
            self.before = answer
        return answer

    def played(self, request: Request, action: str | bytes) -> bytes | Failure:  # noqa: C901, PLR0911, PLR0912
        match action:
            case "behave":
                return self.peer.behave(request)
            case "cut before":
                return CUT
            case "cut behind":
                self.peer.behave(request)
                return CUT
            case "closed":
                return CLOSED
            case "session lost" | "busy" | "refused":
                codes = {"busy": "Server.Busy", "refused": "Client.Acknowledgement"}
                return fault(codes.get(action, "Client.Session"))
            case "reset":
                self.peer.install(4)
                self.before = b""  # an old epoch told at a new login: of that nobody could know
                return fault("Client.Session")
            case "crash":
                raise Crash
            case "garbage":
                return b"\x00 garbage <"
            case "half":
                return self.peer.behave(request)[:-9]
            case "before":
                return self.before
            case "other question":
                return result("RestartSessionTimer", "<sessionSeconds>9</sessionSeconds>")
            case bytes():
                return action
            case _:
                return b""

    def check_durable(self, request: Request) -> None:
        """Demand that nothing leaves the exchange by this request that is not durable."""
        if not self.honest:
            return
        explicit = self.peer.contract.acknowledgement == "explicit"
        if explicit and request.operation == "acknowledge":
            (last,) = numbers_of(request)
        elif self.peer.contract.acknowledgement == "next-request":
            last = self.peer.offered_last if request.operation in ("get_tickets", "logout") else 0
        else:
            return
        wanted = {n for n in self.peer.made[self.peer.epoch] if self.peer.acknowledged < n <= last}
        assert wanted <= set(self.stored().get(self.peer.epoch, {}))

    # the door

    def keep_batch(self, *batch: Any) -> Stored:
        state = self.store.pop() if self.store else "good"
        if state == "full":
            raise StoreUnusable("the store cannot be written: full")
        if state == "crash before":
            raise Crash
        stored = self.intake.keep_batch(*batch)
        if state == "crash behind":
            raise Crash
        return stored

    def keep_unreadable(self, *answer: Any) -> SetAside:
        return self.intake.keep_unreadable(*answer)

    def contact(self, exchange: str) -> None:
        if self.contacts and not self.contacts.pop():
            raise StoreUnusable("the store cannot be written: full")
        self.intake.contact(exchange)

    def stored(self) -> dict[str, dict[int, str]]:
        found: dict[str, dict[int, str]] = {}
        rows = self.intake._connection.execute("SELECT epoch, sequence, canonical FROM ticket")
        for epoch, sequence, canonical in rows:
            found.setdefault(epoch, {})[sequence] = from_json(canonical).charged_user or ""
        return found


class Stop(threading.Event):
    """A stop for which nobody waits in real time."""

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        assert timeout >= 0
        return self.is_set()


def collect(world: World) -> None:
    """Run sessions as the collection does, one process after the other, until it is stopped."""
    while not world.stop.is_set():
        epoch, last_sequence = world.intake.cursor("site")
        session = TaxationSession(
            Place("site", str, (443, 30443), world.peer.contract),
            Pace(BATCH, 1000.0, rest_seconds_first=1.0, rest_seconds_max=9.0),
            chance=lambda: 0.5,
            epoch=epoch,
            last_sequence=last_sequence,
        )
        try:
            Shell(
                "site", "UTC", session, world, world, world.stop, check_report, world.peer.contract
            ).run()
        except Crash:
            continue
        assert session.ended


def check_report(report: Report) -> None:
    assert len(report.text) < 2000
    assert report.text.isprintable()


def intakes() -> Iterator[Intake]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        lay_out(connection)
        yield Intake(connection, lambda: NOON)


@settings(settings.get_profile("collector"))
@given(
    tickets=st.integers(0, 8),
    actions=st.lists(ACTIONS, max_size=25),
    store=st.lists(STORE, max_size=6),
    contacts=st.lists(st.booleans(), max_size=8),
    acknowledgement=st.sampled_from(["explicit", "next-request"]),
)
def test_once_the_exchange_behaves_every_ticket_is_stored_once(
    tickets: int, actions: list[str], store: list[str], contacts: list[bool], acknowledgement: Any
) -> None:
    for intake in intakes():
        peer = ModelExchange(tickets, Contract(acknowledgement=acknowledgement))
        world = World(peer, intake, actions, store, contacts)
        world.stop_at = len(actions) + 60
        collect(world)
        assert world.actions == [], "the whole script was played"
        stored = world.stored()
        for epoch, made in peer.made.items():
            assert made.items() <= stored.get(epoch, {}).items()
        assert peer.acknowledged == max(peer.made[peer.epoch], default=0)


LOSSLESS = st.sampled_from(["behave", "cut before", "closed", "session lost", "busy"])


@settings(settings.get_profile("collector"))
@given(
    tickets=st.integers(0, 8),
    actions=st.lists(LOSSLESS, max_size=25),
    store=st.lists(st.sampled_from(["good", "full"]), max_size=6),
    contacts=st.lists(st.booleans(), max_size=8),
)
def test_where_reading_removes_what_was_read_is_kept_as_soon_as_the_store_takes_it(
    tickets: int, actions: list[str], store: list[str], contacts: list[bool]
) -> None:
    """Neither network nor process may fail here: of what they swallow there is no other copy."""
    for intake in intakes():
        peer = ModelExchange(tickets, Contract(acknowledgement="on-read"))
        world = World(peer, intake, actions, store, contacts)
        world.stop_at = len(actions) + 60
        collect(world)
        assert world.stored().get("E1", {}) == peer.made["E1"]


SHAPES = st.builds(
    Contract,
    login=st.sampled_from(["operation", "none"]),
    acknowledgement=st.sampled_from(["explicit", "next-request", "on-read"]),
    ticket_list=st.sampled_from(["elements", "text"]),
    result_suffix=st.sampled_from(["Result", ""]),
)
NUMBERS = st.integers(0, 12) | st.integers(0, 10**20)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Draw an answer of some operation with any figures in it."""
    first, last, left = draw(NUMBERS), draw(NUMBERS), draw(NUMBERS)
    calls = "".join(CALL.format(n) for n in range(draw(st.integers(0, 4))))
    inner = (
        f"<epoch>{draw(st.sampled_from(['E1', 'E2', '']))}</epoch><release>R</release>"
        f"<sessionSeconds>{left}</sessionSeconds><acknowledged>{first}</acknowledged>"
        f"<firstSequence>{first}</firstSequence><lastSequence>{last}</lastSequence>"
        f"<remaining>{left}</remaining><CallAccountingList>{calls}</CallAccountingList>"
    )
    names = ["Login", "GetTickets", "AckTickets", "RestartSessionTimer", "Logout"]
    return result(draw(st.sampled_from(names)), inner)


@settings(settings.get_profile("collector"))
@given(
    contract=SHAPES,
    actions=st.lists(ACTIONS | answers() | st.binary(max_size=40), max_size=30),
    store=st.lists(STORE.filter(lambda state: "crash" not in state), max_size=6),
    stop_at=st.integers(1, 40),
)
def test_whatever_a_peer_says_nothing_crashes_and_a_stop_ends_it(
    contract: Contract, actions: list[Any], store: list[str], stop_at: int
) -> None:
    for intake in intakes():
        world = World(ModelExchange(5, contract), intake, actions, store, [])
        world.stop_at = stop_at
        world.honest = False
        collect(world)
