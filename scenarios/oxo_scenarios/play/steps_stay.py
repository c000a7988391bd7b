"""Steps on appointments and rooms."""

from pytest_bdd import parsers, when

from oxo_scenarios.bench.play import Play


@when(parsers.parse("an appointment is set for extension {user} at {time}"))
def appointment(play: Play, user: str, time: str) -> None:
    """Its activation is written as a ticket."""
    play.appoint(user, time)


@when(parsers.parse("appointments are set for extensions {first:d} to {last:d} at {time}"))
def appointments(play: Play, first: int, last: int, time: str) -> None:
    """One for each of them, one after the other."""
    for user in range(first, last + 1):
        play.appoint(str(user), time)
