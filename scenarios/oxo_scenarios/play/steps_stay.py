"""Steps on appointments and rooms."""

from pytest_bdd import parsers, when

from oxo_scenarios.bench.play import Play


@when(parsers.parse("an appointment is set for extension {user} at {time}"))
def appointment(play: Play, user: str, time: str) -> None:
    """Its activation is written as a ticket."""
    play.appoint(user, time)
