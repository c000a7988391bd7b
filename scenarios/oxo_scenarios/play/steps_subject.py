"""Steps on the collector: started, stopped, killed, and what is waited for of it."""

from pytest_bdd import given, parsers, when

from oxo_scenarios.bench.play import Play


@given("the collector reaches it only through a proxy that asks for a login")
def behind_proxy(play: Play) -> None:
    """The proxy stands; the subject is told of it."""
    play.use_proxy()


@given("the collector knows it by name")
def by_name(play: Play) -> None:
    """The subject is told a name instead of an address."""
    play.use_name()


@given("the collector is off")
def off(play: Play) -> None:
    """Nothing was started yet; the ledger shows no session."""
    play.assert_off()


@given("the collector is collecting")
def collecting(play: Play) -> None:
    """It was started and has opened a session."""
    play.start_collecting()


@when("the collector is started")
@when("the collector is started again")
def started(play: Play) -> None:
    """It is started as its folder says."""
    play.start()


@when(parsers.parse("the collector is started on the {port} port"))
def started_on_port(play: Play, port: str) -> None:
    """It is told this port of the service."""
    play.start(port)


@when("the collector is stopped")
def stopped(play: Play) -> None:
    """It is stopped as its folder says."""
    play.stop()


@when("the collector has collected every ticket")
def has_collected(play: Play) -> None:
    """None waits at the exchange; later ones do not count."""
    play.await_collected()


@when("the collector shows every ticket")
def shows(play: Play) -> None:
    """They stand in its delivery; nothing else tells that it has them where it does not say so."""
    play.await_delivered()


@when("the collector has opened another session")
def another_session(play: Play) -> None:
    """It has come back after its connection was lost."""
    play.await_session(after=1)


@when("the collector has fetched the account files")
def fetched_files(play: Play) -> None:
    """Every ticket of the play stands in one of them."""
    play.await_files()


@when("the collector tries to connect meanwhile")
def tries(play: Play) -> None:
    """It is turned away, unless it waits longer than the reset takes."""
    play.await_attempt()


@when("the exchange has asked for a sign of life twice")
def asked_twice(play: Play) -> None:
    """So that the first answer, if it came, came before the end of the case."""
    play.await_asked(2)


@when("the collector is killed once the link is cut")
def killed_after_acknowledgement(play: Play) -> None:
    """The acknowledgement has arrived, its answer has not left."""
    play.await_fault()
    play.kill()


@when("the collector is killed in the middle of the burst")
@when("the collector is killed in the middle of the transfer")
def killed_in_transfer(play: Play) -> None:
    """The link holds the rest; the half of a file that arrived is not kept as the whole."""
    play.await_held()
    play.await_taken()
    play.kill()


@when("the collector is killed before its acknowledgement arrives")
def killed_before_acknowledgement(play: Play) -> None:
    """The link holds what was sent, by the subject or to it, since tickets were offered."""
    play.await_held()
    play.kill()


@when("the collector is killed while no frame is under way")
@when("the collector is killed while no line is under way")
def killed_idle(play: Play) -> None:
    """Nobody is left to print for, and the exchange knows it."""
    play.kill_idle()
