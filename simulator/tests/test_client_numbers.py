"""Numbers that JSON has no word for never leave as nothing, which would mean something else."""

from collections.abc import Callable
from typing import Any

import pytest
from oxo_simulator.control.client import ControlClient, OrderRefused
from oxo_simulator.control.messages import TrafficOrder

ORDERS: list[tuple[Callable[[ControlClient], Any], str]] = [
    (lambda client: client.begin_traffic(TrafficOrder(erlang=float("nan"))), "erlang nan"),
    (lambda client: client.begin_traffic(TrafficOrder(hours=float("inf"))), "hours inf"),
    (lambda client: client.advance(float("-inf")), "seconds -inf"),
    (lambda client: client.pace(float("nan")), "factor nan"),
]


@pytest.mark.parametrize(("order", "words"), ORDERS)
def test_a_number_that_is_none_is_named_before_anybody_is_asked(
    order: Callable[[ControlClient], Any], words: str
) -> None:
    client = ControlClient("http://127.0.0.1:9", "token")
    with client, pytest.raises(OrderRefused, match=f"^{words}; a number is expected$"):
        order(client)
