"""What an operator sees of a session, whatever wire it is on."""

from datetime import UTC, datetime, timedelta

from oxo_simulator.control.messages import SessionState
from oxo_simulator.wire import Served

SINCE = datetime(2020, 2, 24, 14, tzinfo=UTC)
LAST = SINCE + timedelta(minutes=5)


def test_a_session_is_silent_since_its_last_call() -> None:
    served = Served("n1", "nmc", "c7", SINCE, LAST, "ftp_nmc")
    assert served.state("nmc", LAST + timedelta(seconds=2.00049)) == SessionState(
        name="n1",
        user="ftp_nmc",
        port="nmc",
        connection="c7",
        since=SINCE,
        last_call=LAST,
        idle_seconds=2.0,
        wire="nmc",
    )


def test_a_wire_without_accounts_tells_no_user() -> None:
    assert Served("v1", "v24", "c1", SINCE, LAST).state("v24", LAST).user == ""
