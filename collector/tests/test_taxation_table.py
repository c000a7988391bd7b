"""The table of the taxation session: random walks through it, so that it cannot lie."""

import itertools
import random
from collections.abc import Iterator, Sequence

import pytest
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.taxation_fault import FaultAnswer
from oxo_collector.decoders.taxation_soap import (
    AcknowledgeAnswer,
    LoginAnswer,
    LogoutAnswer,
    RestartAnswer,
    TicketsAnswer,
)
from oxo_collector.failure import Failure, Fault
from oxo_collector.receipt import SetAside, Stored
from oxo_collector.report import Report
from oxo_collector.taxation.contract import Contract
from oxo_collector.taxation.machine import TABLE, TaxationSession
from oxo_collector.taxation.messages import Answered, Event, Failed, Keep, SendAcknowledge
from oxo_collector.taxation.states import Pace, Place, State
from oxo_collector.turns import OutOfTurn, Started, StopAsked, TimeUp

BODY = b"<answer/>"
BAD = Malformed("Date cannot be read", b"<x/>", "ticket 1")
CLOSED = Failed(Failure("connection refused", "there", Fault.EXCHANGE, other_port_may_help=True))
REFUSED = Failed(Failure("user or password refused", "there", Fault.OPERATOR))


def offered(first: int, last: int, remaining: int = 0, epoch: str = "E1") -> Answered:
    tickets = (BAD,) * (last - first + 1) if last else ()
    return Answered(TicketsAnswer(first, last, remaining, tickets, epoch), BODY)


CONTRACTS = [
    Contract(login=login, acknowledgement=acknowledgement)
    for login in ("operation", "none")
    for acknowledgement in ("explicit", "next-request", "on-read")
]


ANSWERS: tuple[Event, ...] = (
    Answered(LoginAnswer("E1", "R3.2", 300), BODY), offered(0, 0), offered(1, 2), offered(3, 3, 7),
    offered(9, 9), offered(1, 1, epoch="E2"), Answered(AcknowledgeAnswer(1), BODY),
    Answered(RestartAnswer(300), BODY), Answered(LogoutAnswer(), BODY),
    Answered(FaultAnswer("Client.Session", "who?"), BODY),
    Answered(FaultAnswer("Server.Busy", "reset"), BODY),
    Answered(Malformed("r", BODY, "p"), BODY), CLOSED, REFUSED,
)  # fmt: skip
"""What a peer or the network can do, in any order."""

OWN: tuple[Event, ...] = (Started(), Stored(1, 0, 0), SetAside(1), TimeUp())
"""What only our own shell sends."""


def possible(state: State) -> list[Event]:
    """Return the events that the peer, the store, the clock and the operator can bring."""
    listed = TABLE[state]
    own = [event for event in OWN if type(event) in listed]
    return [*own, *(ANSWERS if Answered in listed else (REFUSED,) * (Failed in listed))]


def session(
    *ports: int, dice: random.Random | None = None, contract: Contract | None = None
) -> TaxationSession:
    dice = dice or random.Random(0)  # noqa: S311 - repeatable on purpose
    place = Place("site", lambda port: f"https://pbx:{port}/", ports, contract or Contract())
    pace = Pace(3, dice.choice((5.0, 400.0)), rest_seconds_first=1.0, rest_seconds_max=8.0)
    return TaxationSession(place, pace, chance=dice.random)


def likely(state: State) -> list[Event]:
    """Return those that lead on, so that walks do not stay among failures."""
    onward = set(TABLE[state]) - {FaultAnswer, Malformed, Failed, StopAsked, Answered}
    return [event for event in possible(state) if kind_of(event) in onward]


def kind_of(event: Event) -> type:
    return type(event.answer) if isinstance(event, Answered) else type(event)


def walks(
    seeds: int, *ports: int, contracts: Sequence[Contract] = CONTRACTS
) -> Iterator[tuple[random.Random, TaxationSession]]:
    for seed in range(seeds):
        dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
        yield dice, session(*ports, dice=dice, contract=dice.choice(contracts))


def test_the_table_lists_the_ends_that_are_reached_and_no_other() -> None:
    reached: dict[tuple[State, type], set[State]] = {}
    for dice, played in itertools.chain(walks(6000, 443), walks(6000, 443, 30443)):
        stop_in, stopped = dice.choice(list(State)), False
        for _ in range(60):
            before = played.state
            stop = not stopped and before is stop_in and dice.random() < 0.5
            stopped = stopped or stop
            choose = likely if dice.random() < 0.6 else possible
            event = StopAsked() if stop else dice.choice(choose(before))
            played.receive(event)
            kind = kind_of(event)
            line = kind if kind in TABLE[before] else Answered
            reached.setdefault((before, line), set()).add(played.state)
            if played.ended:
                break
    listed = {
        (state, kind): set(line.ends)
        for state, lines in TABLE.items()
        for kind, line in lines.items()
    }
    assert reached == listed


def test_a_step_that_ends_where_the_table_does_not_say_is_a_defect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = TABLE[State.IDLE][Started]
    monkeypatch.setitem(
        TABLE[State.IDLE],
        Started,
        line._replace(ends=frozenset({State.ENDED})),
    )
    with pytest.raises(OutOfTurn, match="log_in ended IDLE in LOGGING_IN"):
        session(443).receive(Started())


def test_what_only_our_own_shell_can_send_is_never_the_fault_of_the_exchange() -> None:
    """Every event that no state waits for: raised, where no peer can have brought it."""
    for state, lines in TABLE.items():
        for event in (*OWN, *ANSWERS):
            kind = kind_of(event)
            if state is State.ENDED or kind in lines or type(event) in lines:
                continue
            played = session(443)
            played._steps.state = state
            with pytest.raises(OutOfTurn, match=f"{state.name} can bring {kind.__name__}"):
                played.receive(event)


def test_whatever_comes_only_what_was_stored_is_acknowledged() -> None:
    """Garbage in any order: one command at a time, and no acknowledgement without a store."""
    for dice, played in walks(300, 443, 30443, contracts=[Contract()]):
        stored_last = 0
        event: Event = Started()
        for _ in range(100):
            commands = [one for one in played.receive(event) if not isinstance(one, Report)]
            assert len(commands) == (not played.ended)
            if played.ended:
                break
            if isinstance(event, Stored):
                assert commands == [SendAcknowledge(stored_last)]
            else:
                assert not isinstance(commands[0], SendAcknowledge)
            if isinstance(commands[0], Keep):
                stored_last = commands[0].batch.last
            event = dice.choice(possible(played.state))


def test_from_every_state_there_is_a_way_to_the_end() -> None:
    ways = {
        state: {end for line in lines.values() for end in line.ends}
        for state, lines in TABLE.items()
    }
    assert set(ways) == set(State)
    ending = {State.ENDED}
    for _ in State:
        ending |= {state for state, ends in ways.items() if ends & ending}
    assert ending == set(State)
    assert set().union(*ways.values()) == set(State) - {State.IDLE}
