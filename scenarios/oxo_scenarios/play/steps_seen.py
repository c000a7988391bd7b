"""Steps that ask the judge: what must be seen at the end."""

from pytest_bdd import then

from oxo_scenarios.bench.play import Play
from oxo_scenarios.play.record import Performance
from oxo_scenarios.wires import FAILURE_MESSAGE


@then("the collector collects every ticket")
def collects(play: Play) -> None:
    """Every ticket that waits is acknowledged within the limit of the case."""
    play.await_collected()


@then("every ticket is delivered once and unchanged")
def delivered_once(performance: Performance) -> None:
    """The delivery is read and held against the ledger."""
    performance.holds("received", "exactly once")


@then("each field under test reads as the exchange wrote it")
def fields_read(performance: Performance) -> None:
    """What the wire does not carry, or the subject does not show, is not observable."""
    performance.holds(*(f"field {name}" for name in performance.planned.case.fields))


@then("the session passed through the proxy with its login")
def through_proxy(performance: Performance) -> None:
    """The journal of the proxy shows it."""
    performance.holds("through the proxy")


@then("a session was opened on each port")
def each_port(performance: Performance) -> None:
    """The ledger shows both."""
    performance.holds("on port standard", "on port alternate")


@then("the requests carry the account by Basic authentication")
def basic(performance: Performance) -> None:
    """The transcript shows it."""
    performance.holds("basic authentication")


@then("the connection asked for the exchange by its name")
def asked_by_name(performance: Performance) -> None:
    """Server name of the TLS session and Host header show it."""
    performance.holds("by name")


@then("the cookie comes back with the later requests")
def cookie_back(performance: Performance) -> None:
    """The transcript shows it."""
    performance.holds("cookie returned")


@then("the session used the account of the NMC")
def nmc_account(performance: Performance) -> None:
    """The ledger shows it."""
    performance.holds("nmc account")


@then("the file was fetched whole")
def whole_file(performance: Performance) -> None:
    """The ledger shows what was removed after it was carried whole."""
    performance.holds("file whole")


@then("every sign of life was given")
def signs_of_life(performance: Performance) -> None:
    """The transcript shows request and answer."""
    performance.holds("keep-alive answered")


@then("what was under way is healed from the account files")
def healed(performance: Performance) -> None:
    """The ledger shows what went with the lost connection, and which files were fetched."""
    performance.holds("healed")


@then("the collector's log tells of the failure")
def failure_logged(performance: Performance) -> None:
    """By the wording that the subject's folder declares, or by the operator's word.

    Who awaits to be called makes no attempt that could fail, and is not asked.
    """
    if FAILURE_MESSAGE not in performance.planned.case.demands:
        return
    performance.ask_failure_message()
    performance.holds("failure message")


@then("the session was closed by a logout")
def logged_out(performance: Performance) -> None:
    """The ledger shows how it ended."""
    performance.holds("logged out")


@then("the collector shows what became of appointments and rooms")
def shown(performance: Performance) -> None:
    """Its own list of them is held against the tickets; who has none is not asked."""
    performance.holds("shown")
