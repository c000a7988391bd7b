"""Steps on the life of the exchange: resets."""

from pytest_bdd import parsers, when

from oxo_scenarios.bench.play import Play
from oxo_scenarios.play.steps_calls import different_calls


@when(parsers.parse("the link breaks down, {number:d} calls wait and the exchange is reset"))
def reset_behind_a_broken_link(play: Play, number: int) -> None:
    """Without a connection nothing is printed into a link that would lose it."""
    play.break_down()
    for order in different_calls(number):
        play.call(order)
    play.reset()
    play.restore()


@when(parsers.parse("{number:d} calls wait and the exchange is reset"))
def reset_with_calls(play: Play, number: int) -> None:
    """The link is silent while the calls are made, so that none of them can be collected first."""
    play.cut()
    for order in different_calls(number):
        play.call(order)
    play.reset()
    play.restore()


@when("the exchange serves again")
def serves(play: Play) -> None:
    """The reset is over."""
    play.await_serving()
