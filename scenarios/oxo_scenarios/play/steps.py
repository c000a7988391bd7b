"""The steps, in the words of the features. Each is one or two sentences to the play."""

from oxo_simulator.control.messages import CallOrder
from oxo_tickets import DiallingMode
from pytest_bdd import given, parsers, then, when

from oxo_scenarios.bench.play import Play
from oxo_scenarios.play.record import Performance
from oxo_scenarios.wires import FAILURE_MESSAGE

EXTERNAL = "0388551122"
DIALLING = {
    "by hand": DiallingMode.MANUAL,
    "by redial": DiallingMode.REDIAL,
    "by speed dial": DiallingMode.COLLECTIVE_SPEED_DIAL,
}


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


@given("the exchange serves no request without its cookie")
def cookies_demanded(play: Play) -> None:
    """A request without a known cookie is a fault, whatever the profile says."""
    play.install(session__without_cookie="fault")


@given("an exchange without tickets that asks for a sign of life every second")
def fresh_asking_often(play: Play) -> None:
    """It bears with a late answer, and asks again on the next connection where none came."""
    play.install(stream__keep_alive_seconds=1, stream__answer_seconds=3)


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


@given("the link will be cut as soon as a file has gone over whole")
@given("the link will be cut as soon as an acknowledgement has arrived")
def cut_on_acknowledgement(play: Play) -> None:
    """No answer to that acknowledgement leaves."""
    play.cut_on("acknowledged")


@given("nothing will reach the exchange once tickets are offered")
def cut_on_offer(play: Play) -> None:
    """The tickets reach the subject, its acknowledgement does not reach the exchange."""
    play.cut_on("offered", towards_exchange_alone=True)


@given("the link will be cut in the middle of a burst")
@given("the transfer of a file will be cut in the middle")
def cut_in_transfer(play: Play) -> None:
    """Some bytes reach the subject, the rest is held back."""
    play.cut_in_transfer()


@given("the connection will be reset in the middle of a burst")
def reset_in_transfer(play: Play) -> None:
    """Some frames and half of one reach the subject; what the link has not read is lost."""
    play.reset_in_transfer()


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


@when(parsers.parse("an appointment is set for extension {user} at {time}"))
def appointment(play: Play, user: str, time: str) -> None:
    """Its activation is written as a ticket."""
    play.appoint(user, time)


@when("the link is cut")
def cut(play: Play) -> None:
    """Silence in both directions."""
    play.cut()


@when("the link is mended while its connections live")
def mended(play: Play) -> None:
    """What was held back arrives, late and whole."""
    play.restore(reset_connections=False)


@when("the link is restored")
def restored(play: Play) -> None:
    """Connections that lived through the disturbance are reset."""
    play.restore()


@when("lines are on their way")
@when("the collector has run into the cut")
def ran_into_the_cut(play: Play) -> None:
    """The link keeps bytes back."""
    play.await_held()


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


@when("the collector shows every ticket")
def shows(play: Play) -> None:
    """They stand in its delivery; nothing else tells that it has them where it does not say so."""
    play.await_delivered()


@when("the collector is killed while no frame is under way")
@when("the collector is killed while no line is under way")
def killed_idle(play: Play) -> None:
    """Nobody is left to print for, and the exchange knows it."""
    play.kill_idle()


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


@when("the exchange closes its account file")
def closes_account_file(play: Play) -> None:
    """As it does at every full hour: what was written since then is a file from now on."""
    play.close_account_file()


@when("the collector has opened another session")
def another_session(play: Play) -> None:
    """It has come back after its connection was lost."""
    play.await_session(after=1)


@when("the collector has fetched the account files")
def fetched_files(play: Play) -> None:
    """Every ticket of the play stands in one of them."""
    play.await_files()


@when("the exchange has asked for a sign of life twice")
def asked_twice(play: Play) -> None:
    """So that the first answer, if it came, came before the end of the case."""
    play.await_asked(2)


@when("the collector tries to connect meanwhile")
def tries(play: Play) -> None:
    """It is turned away, unless it waits longer than the reset takes."""
    play.await_attempt()


@when("the exchange serves again")
def serves(play: Play) -> None:
    """The reset is over."""
    play.await_serving()


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
