"""Steps on the link between collector and exchange."""

from oxo_simulator.control.messages import Fault
from pytest_bdd import given, when

from oxo_scenarios.bench.play import Play
from oxo_scenarios.play.fault_sentences import FaultSentence


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


@when(FaultSentence())
def struck(play: Play, fault: Fault) -> None:
    """The link is disturbed so, from now on (`fault_sentences`)."""
    play.strike(fault)
