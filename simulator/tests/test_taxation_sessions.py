"""The session machine by transcript: requests in, decisions out, in order."""

import itertools
from collections.abc import Callable, Iterator

import pytest
from oxo_simulator.taxation.sessions import (
    TABLE,
    Admitted,
    Ask,
    Closed,
    Decision,
    End,
    Event,
    Idle,
    Opened,
    Refused,
    Request,
    Restart,
    Sessions,
    Situation,
    steps,
)
from oxo_simulator.taxation.settings import TaxationSettings

FAULT = TaxationSettings()
REFUSE = TaxationSettings(second_login="refuse")
NEW_SESSION = TaxationSettings(without_cookie="new-session")
NEW_SESSION_REFUSE = TaxationSettings(without_cookie="new-session", second_login="refuse")


def cookies() -> Callable[[], str]:
    source: Iterator[str] = (f"secret-{n}" for n in itertools.count(1))
    return lambda: next(source)


def words(decisions: list[Decision]) -> list[str]:
    """Say decisions briefly."""
    said = []
    for decision in decisions:
        match decision:
            case Opened(session, reason):
                said.append(f"open {session.name} ({reason})")
            case Closed(session, reason, connection):
                said.append(f"close {session.name} ({reason}) at {connection}")
            case Restart(session):
                said.append(f"restart {session.name}")
            case Admitted(session):
                said.append(f"admit {session.name}")
            case Refused(fault):
                said.append(f"refuse {fault.code} ({fault.refusal})")
    return said


LOGIN, CALL, LOGOUT = Ask.LOGIN, Ask.CALL, Ask.LOGOUT
Step = tuple[Ask, str | None, str, list[str]] | tuple[str, list[str]]

TRANSCRIPTS: dict[str, tuple[TaxationSettings, list[Step]]] = {
    "login, call, logout": (
        FAULT,
        [
            (LOGIN, None, "c1", ["open s1 (login)", "restart s1", "admit s1"]),
            (CALL, "secret-1", "c2", ["restart s1", "admit s1"]),
            (LOGOUT, "secret-1", "c3", ["restart s1", "admit s1", "close s1 (logout) at c3"]),
            (CALL, "secret-1", "c3", ["refuse Client.Session (no session)"]),
            (LOGOUT, "secret-1", "c3", ["refuse Client.Session (no session)"]),
        ],
    ),
    "a lost cookie": (
        FAULT,
        [
            (CALL, None, "c1", ["refuse Client.Session (no session)"]),
            (LOGIN, None, "c1", ["open s1 (login)", "restart s1", "admit s1"]),
            (CALL, None, "c1", ["refuse Client.Session (no session)"]),
            (CALL, "guess", "c1", ["refuse Client.Session (no session)"]),
            (LOGOUT, None, "c1", ["refuse Client.Session (no session)"]),
            (CALL, "secret-1", "c1", ["restart s1", "admit s1"]),
        ],
    ),
    "a killed collector comes back": (
        FAULT,
        [
            (LOGIN, None, "c1", ["open s1 (login)", "restart s1", "admit s1"]),
            (
                LOGIN,
                None,
                "c2",
                ["close s1 (taken over) at c2", "open s2 (login)", "restart s2", "admit s2"],
            ),
            (CALL, "secret-1", "c1", ["refuse Client.Session (no session)"]),
            (CALL, "secret-2", "c2", ["restart s2", "admit s2"]),
        ],
    ),
    "a second login is refused": (
        REFUSE,
        [
            (LOGIN, None, "c1", ["open s1 (login)", "restart s1", "admit s1"]),
            (LOGIN, None, "c2", ["refuse Client.Session (second login)"]),
            (LOGIN, "secret-1", "c1", ["refuse Client.Session (second login)"]),
            (CALL, "secret-1", "c1", ["restart s1", "admit s1"]),
            (LOGOUT, "secret-1", "c1", ["restart s1", "admit s1", "close s1 (logout) at c1"]),
            (LOGIN, None, "c2", ["open s2 (login)", "restart s2", "admit s2"]),
        ],
    ),
    "a call opens a session": (
        NEW_SESSION,
        [
            (LOGOUT, None, "c1", ["refuse Client.Session (no session)"]),
            (CALL, None, "c1", ["open s1 (no cookie)", "restart s1", "admit s1"]),
            (CALL, "secret-1", "c1", ["restart s1", "admit s1"]),
            (LOGOUT, None, "c2", ["refuse Client.Session (no session)"]),
            (
                CALL,
                None,
                "c2",
                ["close s1 (taken over) at c2", "open s2 (no cookie)", "restart s2", "admit s2"],
            ),
        ],
    ),
    "a call opens a session, but takes none over": (
        NEW_SESSION_REFUSE,
        [
            (CALL, None, "c1", ["open s1 (no cookie)", "restart s1", "admit s1"]),
            (CALL, None, "c2", ["refuse Client.Session (second login)"]),
        ],
    ),
    "idle and reset": (
        FAULT,
        [
            ("idle", []),
            (LOGIN, None, "c1", ["open s1 (login)", "restart s1", "admit s1"]),
            ("idle", ["close s1 (idle) at c1"]),
            ("idle", []),
            (CALL, "secret-1", "c1", ["refuse Client.Session (no session)"]),
            (LOGIN, None, "c4", ["open s2 (login)", "restart s2", "admit s2"]),
            ("reset", ["close s2 (reset) at c4"]),
            ("reset", []),
        ],
    ),
}


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_transcript(name: str) -> None:
    settings, script = TRANSCRIPTS[name]
    machine = Sessions(settings, cookies())
    for line in script:
        match line:
            case (str() as word, list() as expected):
                event: Event = Idle() if word == "idle" else End(word)
                assert words(machine.receive(event)) == expected
            case (Ask() as ask, cookie, str() as connection, list() as expected):
                request = Request(ask, cookie, "collector", connection)
                assert words(machine.receive(request)) == expected, line


def test_a_cookie_is_good_for_the_account_that_got_it_only() -> None:
    machine = Sessions(FAULT, cookies())
    machine.receive(Request(LOGIN, None, "collector", "c1"))
    stolen = machine.receive(Request(CALL, "secret-1", "somebody", "c2"))
    assert words(stolen) == ["refuse Client.Session (no session)"]


def test_one_line_of_the_table_applies_to_every_combination() -> None:
    met = set()
    for situation, ask in itertools.product(Situation, Ask):
        for settings in (FAULT, REFUSE, NEW_SESSION, NEW_SESSION_REFUSE):
            applying = [
                line
                for line in TABLE
                if (line.situation, line.ask) == (situation, ask)
                and line.without_cookie in (None, settings.without_cookie)
                and line.second_login in (None, settings.second_login)
            ]
            assert len(applying) == 1, (situation, ask, settings)
            assert steps(situation, ask, settings) == applying[0].steps
            met.add(applying[0])
    assert met == set(TABLE)


def test_there_is_never_more_than_one_session() -> None:
    """Whatever is asked in whatever order: opened minus closed is one at most."""
    cookies_shown = (None, "secret-1")
    events: list[Event] = [Request(a, shown, "u", "c") for a in Ask for shown in cookies_shown]
    events.append(Idle())
    for settings in (FAULT, REFUSE, NEW_SESSION, NEW_SESSION_REFUSE):
        for script in itertools.product(events, repeat=4):
            machine, living = Sessions(settings, cookies()), 0
            for event in script:
                for decision in machine.receive(event):
                    living += isinstance(decision, Opened) - isinstance(decision, Closed)
                    assert living in (0, 1)
                assert living == (machine.living is not None)


def test_a_session_does_not_show_its_cookie() -> None:
    machine = Sessions(FAULT, cookies())
    machine.receive(Request(LOGIN, None, "collector", "c1"))
    assert "secret" not in repr(machine.living)
