"""Steps on calls."""

from oxo_simulator.control.messages import CallOrder
from oxo_tickets import DiallingMode
from pytest_bdd import parsers, when

from oxo_scenarios.bench.play import Play

EXTERNAL = "0388551122"
DIALLING = {
    "by hand": DiallingMode.MANUAL,
    "by redial": DiallingMode.REDIAL,
    "by speed dial": DiallingMode.COLLECTIVE_SPEED_DIAL,
}


@when(parsers.parse("{number:d} call is made"))
@when(parsers.parse("{number:d} calls are made"))
def calls(play: Play, number: int) -> None:
    """Outgoing calls one after the other, none like another."""
    for order in different_calls(number):
        play.call(order)


@when(parsers.parse("{number:d} calls are made in one moment"))
def calls_in_one_moment(play: Play, number: int) -> None:
    """Calls that differ, and whose tickets are there together: they make one file."""
    play.call(*different_calls(number))


@when(parsers.parse("{number:d} calls are made at the same instant, several of them alike"))
def calls_at_once(play: Play, number: int) -> None:
    """A quarter of the calls are alike, the others come in pairs; they last the same time."""
    alike = number // 4
    orders = [CallOrder(direction="outgoing", user="104", number=EXTERNAL, units=3, times=alike)]
    orders += [
        CallOrder(
            direction="outgoing",
            user=str(110 + first),
            number=EXTERNAL,
            units=first,
            times=min(2, number - alike - first),
        )
        for first in range(0, number - alike, 2)
    ]
    play.call(*orders)


@when(
    parsers.re(
        r"extension (?P<user>\d+) dials an external number (?P<how>by .+)"
        r" and talks (?P<seconds>\d+) seconds"
    )
)
def dialled_call(play: Play, user: str, how: str, seconds: str) -> None:
    """One charged call in this dialling mode."""
    play.call(
        CallOrder(
            direction="outgoing",
            user=user,
            number=EXTERNAL,
            dialling_mode=DIALLING[how],
            call_seconds=int(seconds),
            units=2,
        )
    )


@when("the exchange closes its account file")
def closes_account_file(play: Play) -> None:
    """As it does at every full hour: what was written since then is a file from now on."""
    play.close_account_file()


def different_calls(number: int) -> list[CallOrder]:
    """Return outgoing calls that differ in set, number, duration and units."""
    return [
        CallOrder(
            direction="outgoing",
            user=f"{101 + n % 9}",
            number=f"03885510{n:02d}",
            call_seconds=10 + n,
            units=n % 5,
        )
        for n in range(number)
    ]
