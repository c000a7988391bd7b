"""Steps on the life of the exchange: resets, firmware, address, clock, licence."""

from oxo_simulator.control.messages import Reset
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


@when("the exchange is reset cold")
def reset_cold(play: Play) -> None:
    """What waits is lost, and its tickets are numbered from the beginning."""
    play.reset(Reset(kind="cold"))


@when("the power of the exchange fails")
def power_fails(play: Play) -> None:
    """Nothing ends in order; the power comes back at once, and the exchange starts."""
    play.reset(Reset(kind="power cut"))
    play.restore()


@when(parsers.parse("the exchange clock goes on to {clock}"))
def clock_goes_on(play: Play, clock: str) -> None:
    """Whatever is due until then happens: reminders ring, the full hour passes."""
    play.pass_until(clock)


@when("the hour begins again")
def hour_begins_again(play: Play) -> None:
    """The wall clock shows what it showed when the play began, in its second pass."""
    play.repeat_hour()


@when(parsers.parse('the exchange is given firmware "{profile}"'))
def given_firmware(play: Play, profile: str) -> None:
    """A warm reset into another release, by the name or path of its profile; what waits is kept."""
    play.upgrade(profile)


@when("the exchange moves to another address")
def moves(play: Play) -> None:
    """All ports, with another certificate; who is started again is told, and so are later plays."""
    play.move()


@when("the exchange is reset warm")
def reset_warm(play: Play) -> None:
    """What waits is kept."""
    play.reset()


@when(parsers.re(r"the licence for call accounting is (?P<state>opened|closed)"))
def licence(play: Play, state: str) -> None:
    """Without it nothing is kept on the taxation wire."""
    play.licence(opened=state == "opened")
