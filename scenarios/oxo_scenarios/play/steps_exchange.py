"""Steps on how the exchange is installed before anything is played."""

from datetime import date, datetime, time
from typing import Any

from pytest_bdd import given, parsers

from oxo_scenarios.bench.play import Play

DAY = date(2020, 2, 24)
CHANGE = datetime.fromisoformat("2020-10-25T02:30:00")
"""In the zone of profile `certify` the clock shows it twice."""
CAPACITIES = {
    "taxation": ("buffer__capacity",),
    "v24": ("v24__capacity",),
    "ohl": ("ohl__capacity",),
}
"""The profile keys that say how many tickets wait at the outlet of a wire."""


@given("an exchange without tickets")
def fresh(play: Play) -> None:
    """A fresh installation under the tag set of the play."""
    play.install()


@given(parsers.parse("an exchange without tickets that writes the {tags} tags"))
def fresh_with_tags(play: Play, tags: str) -> None:
    """The same, with the tag set named in the feature."""
    play.install(tags)


@given(parsers.parse("an exchange without tickets on the {wire} wire"))
def fresh_on_wire(play: Play, wire: str) -> None:
    """The same, with the wire named in the feature."""
    assert wire == play.wire, f"{play.planned.play} is not played on {wire}"
    play.install()


@given("an exchange without tickets that keeps a file until it is deleted")
def fresh_keeping_files(play: Play) -> None:
    """A complete transfer alone takes nothing out of it."""
    play.install(nmc__after_transfer="keep")


@given("an exchange without tickets that asks for a sign of life every second")
def fresh_asking_often(play: Play) -> None:
    """It bears with a late answer, and asks again on the next connection where none came."""
    play.install(stream__keep_alive_seconds=1, stream__answer_seconds=3)


@given("the exchange serves no request without its cookie")
def cookies_demanded(play: Play) -> None:
    """A request without a known cookie is a fault, whatever the profile says."""
    play.install(session__without_cookie="fault")


@given(parsers.parse("an exchange without tickets at {clock}"))
def fresh_at(play: Play, clock: str) -> None:
    """On the day of its profile, whatever the hour is there."""
    play.install(start=datetime.combine(DAY, time.fromisoformat(clock)))


@given("an exchange without tickets in the night in which its clock goes back")
def fresh_before_the_change(play: Play) -> None:
    """It is half past two, for the first time."""
    play.install(start=CHANGE)


@given(
    parsers.parse("an exchange without tickets on the {wire} wire whose buffer holds {number:d}")
)
def fresh_with_small_buffer(play: Play, wire: str, number: int) -> None:
    """What finds no room there is lost by the exchange, and by nobody else."""
    assert wire == play.wire, f"{play.planned.play} is not played on {wire}"
    capacities: dict[str, Any] = dict.fromkeys(CAPACITIES[play.wire], number)
    play.install(**capacities)


@given(parsers.parse("an exchange without tickets on the {wire} wire at {clock}"))
def fresh_on_wire_at(play: Play, wire: str, clock: str) -> None:
    """The same, with the wire named in the feature."""
    assert wire == play.wire, f"{play.planned.play} is not played on {wire}"
    play.install(start=datetime.combine(DAY, time.fromisoformat(clock)))
