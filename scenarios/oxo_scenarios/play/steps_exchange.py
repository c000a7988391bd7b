"""Steps on how the exchange is installed before anything is played."""

from pytest_bdd import given, parsers

from oxo_scenarios.bench.play import Play


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
