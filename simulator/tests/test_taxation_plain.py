"""The short way of GetTickets past spyne: whatever is asked, both ways answer the same."""

from collections.abc import Callable
from typing import Any

import pytest
from oxo_simulator.taxation.transport import SoapTransport

MakeWire = Callable[..., Any]
BOTH = "<maxTickets>2</maxTickets><waitSeconds>0</waitSeconds>"
ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:n="urn:oxo-sim:taxation:1">'
    '{header}<s:Body xmlns="urn:oxo-sim:taxation:1">{inside}</s:Body></s:Envelope>'
)


def get(inside: str) -> str:
    return f"<GetTickets>{inside}</GetTickets>"


ASKED: dict[str, tuple[str, bool]] = {
    "plain": (get(BOTH), True),
    "blanks between": (get(BOTH.replace("><", ">\n  <")), True),
    "a prefix": (get(BOTH).replace("</", "</n:").replace("<n", "<n").replace("<G", "<n:G")
                 .replace("<m", "<n:m").replace("<w", "<n:w"), True),
    "a comment": (get(BOTH + "<!-- all of them -->"), True),
    "many": (get(BOTH.replace("2", "999999999")), True),
    "leading noughts": (get(BOTH.replace("2", "0002")), True),
    "blanks in a number": (get(BOTH.replace("2", " 2 ")), False),
    "a sign": (get(BOTH.replace("2", "+2")), False),
    "none": (get(BOTH.replace("2", "0")), False),
    "negative": (get(BOTH.replace("2", "-2")), False),
    "more than 32 bits": (get(BOTH.replace("2", "99999999999")), False),
    "other digits": (get(BOTH.replace("2", "\u0662")), False),
    "empty": (get(BOTH.replace("2", "")), False),
    "text between": (get("x" + BOTH), False),
    "text behind": (get(BOTH + "x"), False),
    "another order": (get("<waitSeconds>0</waitSeconds><maxTickets>2</maxTickets>"), False),
    "one missing": (get("<maxTickets>2</maxTickets>"), False),
    "one more": (get(BOTH + "<waitSeconds>0</waitSeconds>"), False),
    "an attribute": (get(BOTH.replace("<maxTickets>", '<maxTickets a="1">')), False),
    "a nil": (
        get(BOTH.replace("<maxTickets>", '<maxTickets xmlns:i="http://www.w3.org/2001/'
                         'XMLSchema-instance" i:nil="true">')), False,
    ),
    "a child": (get(BOTH.replace("2", "2<a/>")), False),
    "another namespace": (get(BOTH.replace("<maxTickets>", '<maxTickets xmlns="x">')), False),
    "another operation": ("<RestartSessionTimer/>", False),
}  # fmt: skip


@pytest.mark.parametrize("header", ["", "<s:Header/>"])
@pytest.mark.parametrize("logged_in", [True, False])
@pytest.mark.parametrize("name", ASKED)
def test_both_ways_answer_the_same(
    make_wire: MakeWire,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    logged_in: bool,  # noqa: FBT001
    header: str,
) -> None:
    inside, short = ASKED[name]
    body = ENVELOPE.format(inside=inside, header=header).encode()
    taken: list[bool] = []
    plain = SoapTransport._plain_get_tickets

    def noted(self: Any, asked: Any) -> int | None:
        found = plain(self, asked)
        taken.append(found is not None)
        return found

    answers = []
    for way in (noted, lambda _self, _asked: None):
        monkeypatch.setattr(SoapTransport, "_plain_get_tickets", way)
        wire = make_wire(3)
        if logged_in:
            wire.login()
        reply = wire.ask(body)
        answers.append((reply.status, reply.body, wire.exchange.journal))
    assert answers[0] == answers[1]
    assert taken[-1] == (short and not header)
