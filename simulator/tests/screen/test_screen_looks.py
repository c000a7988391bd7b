"""Looks at an exchange: what is kept from one to the next."""

from collections.abc import Callable
from typing import Any
from unittest.mock import create_autospec

import pytest
from oxo_simulator.control.client import ControlClient, ExchangeUnreachable
from oxo_simulator.control.messages import ExchangeState, LedgerLine
from oxo_simulator.screen.looks import LINES_BACK_MAX, TICKETS_MAX, Looks
from oxo_simulator.screen.view import View

Make = Callable[..., Any]


class Exchange:
    """A control client whose exchange is a list of ledger lines."""

    def __init__(self, make_view: Callable[..., View], make_state: Make) -> None:
        view = make_view()
        self.lines: list[LedgerLine] = []
        self.asked: list[int] = []
        self.client: Any = create_autospec(ControlClient, instance=True)
        self.client.state.side_effect = lambda: self._state(make_state)
        self.client.ledger.side_effect = self._ledger
        for name in ("wires", "sets", "trunks", "appointments", "link"):
            getattr(self.client, name).return_value = getattr(view, name)

    def _state(self, make_state: Make) -> ExchangeState:
        found: ExchangeState = make_state(ledger_last=len(self.lines))
        return found

    def _ledger(self, since: int) -> list[LedgerLine]:
        self.asked.append(since)
        return self.lines[since:]

    def numbers(self, looks: Looks) -> list[int]:
        return [line.detail["id"] for line in looks.take().tickets]


@pytest.fixture
def exchange(make_view: Callable[..., View], make_state: Make) -> Exchange:
    return Exchange(make_view, make_state)


def test_the_last_tickets_stay_from_look_to_look(exchange: Exchange, make_made: Make) -> None:
    looks = Looks(exchange.client)
    assert exchange.numbers(looks) == []
    exchange.lines += [make_made(1), make_made(2)]
    assert exchange.numbers(looks) == [1, 2]
    assert exchange.numbers(looks) == [1, 2]
    exchange.lines.append(make_made(3))
    assert exchange.numbers(looks) == [1, 2, 3]
    assert exchange.asked == [0, 2], "only what is new"


def test_of_many_the_last_are_read(exchange: Exchange, make_made: Make) -> None:
    exchange.lines = [make_made(n) for n in range(1, 5001)]
    assert exchange.numbers(Looks(exchange.client)) == list(range(5001 - TICKETS_MAX, 5001))
    assert exchange.asked == [5000 - LINES_BACK_MAX]


def test_another_installation_begins_anew(exchange: Exchange, make_made: Make) -> None:
    looks = Looks(exchange.client)
    exchange.lines = [make_made(1), make_made(2), make_made(3)]
    exchange.numbers(looks)
    exchange.lines = [make_made(1)]
    assert exchange.numbers(looks) == [1]


def test_an_exchange_that_does_not_answer_is_said(exchange: Exchange) -> None:
    exchange.client.wires.side_effect = ExchangeUnreachable
    with pytest.raises(ExchangeUnreachable):
        Looks(exchange.client).take()
