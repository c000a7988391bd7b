"""Each subcommand of `oxo-sim`, through its command line: what it prints and what it changes."""

import io
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from oxo_simulator.cli import app, main
from oxo_simulator.control.messages import Fault
from oxo_simulator.ephemeral import EphemeralExchange
from oxo_tickets import from_ndjson

QUICK = {"reset.refused_seconds": 0.1, "reset.busy_seconds": 0.1}
pytestmark = [pytest.mark.process, pytest.mark.oxo(overrides=QUICK)]

OXO_SIM = str(Path(sys.executable).with_name("oxo-sim"))
SECONDS_MAX = 30


class Said(NamedTuple):
    status: int
    out: str
    error: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Said]


@pytest.fixture
def oxo_sim(
    oxo: EphemeralExchange,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """Return what runs the command line in this process, on the exchange of this test."""

    def run(*words: str, given: bytes = b"") -> Said:
        place = [] if words[0] == "openapi" else ["--state", str(oxo.folder)]
        monkeypatch.setattr("sys.argv", ["oxo-sim", *words, *place])
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given)))
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        return Said(status, *capsys.readouterr())

    return run


def test_calls_are_placed_and_their_tickets_printed(
    oxo: EphemeralExchange, oxo_sim: Command
) -> None:
    words = ("call", "128", "0390", "--mode", "redial", "--units", "2", "--times", "2")
    tickets = list(from_ndjson(oxo_sim(*words).out.encode().splitlines()))
    assert [ticket.dialling_mode for ticket in tickets] == ["redial", "redial"]
    assert str(tickets[0].cost) == "3.40"
    unanswered = ("--direction", "incoming", "--ring", "9", "--duration", "0")
    assert oxo_sim("call", "106", "0", *unanswered, "--json").json["tickets"][0][
        "ring_seconds"
    ] == 9  # fmt: skip
    assert oxo.waiting == 3


def test_an_appointment_is_programmed(oxo: EphemeralExchange, oxo_sim: Command) -> None:
    said = oxo_sim("appointment", "106", "07:00", "--json").json
    assert [ticket["kind"] for ticket in said["tickets"]] == ["reminder"]
    assert said["ids"] == [1]
    assert oxo.waiting == 1


def test_tickets_are_loaded(oxo: EphemeralExchange, oxo_sim: Command) -> None:
    line = b'{"kind":"call","local_time":"2020-02-24T14:00:00"}\n'
    assert oxo_sim("load", "-", given=line * 2).out == "2 tickets written\n"
    assert oxo_sim("load", "-", "--json", given=line).json == {
        "written": 1, "to_come": 0, "buffered": 3, "capacity": 1000,
    }  # fmt: skip
    wrong = oxo_sim("load", "-", "--json", given=line + b"{\n")
    assert (wrong.status, wrong.json["written"]) == (1, 1)
    assert json.loads(wrong.error)["error"].startswith("-, line 2: ")
    assert oxo.waiting == 4


def test_time_moves_stands_and_hurries(oxo: EphemeralExchange, oxo_sim: Command) -> None:
    assert oxo_sim("advance", "60").out == "2020-02-24 14:01:00\n"
    moved = oxo_sim("advance", "60", "--json").json
    assert moved["exchange_time"] == "2020-02-24T14:02:00"
    assert oxo_sim("time").out == "2020-02-24 14:02:00 Europe/Berlin, manual\n"
    assert oxo_sim("time", "1000").out.endswith(", 1000 times as fast\n")
    oxo.control.load([], 0)
    oxo_sim("call", "128", "0390")
    assert oxo.wait_for("made").detail["source"] == "call"
    assert oxo_sim("time", "real").out.endswith(", real time\n")
    assert oxo_sim("time", "manual", "--json").json["time_factor"] == 0
    stood = oxo.control.state().exchange_time
    assert oxo.advance(1) > stood


def test_the_buffer_shows_what_waits(oxo: EphemeralExchange, oxo_sim: Command) -> None:
    assert oxo_sim("buffer").out == "0 of 1000 wait; alarm at 70 %\n"
    oxo.call(times=3, units=2)
    said = oxo_sim("buffer", "--count", "2").out
    assert said.startswith("3 of 1000 wait, sequences 1 to 3; alarm at 70 %\n")
    assert "more behind: --after 2" in said
    assert said.count("0390670000") == 2
    assert "3.40 EUR" in said
    found = oxo_sim("buffer", "--after", "1", "--json").json
    assert [one["sequence"] for one in found["tickets"]] == [2, 3]
    assert (found["count"], found["oldest"], found["newest"]) == (3, 1, 3)


def test_the_sessions_are_shown_and_ended(
    oxo: EphemeralExchange, oxo_sim: Command, ask_exchange: Callable[..., Any]
) -> None:
    assert oxo_sim("sessions").out == "nobody is logged in\n"
    assert ask_exchange(oxo, "<Login/>").status_code == 200
    assert oxo.user in oxo_sim("sessions").out
    assert oxo_sim("sessions", "--json").json[0]["name"] == "s1"
    assert oxo_sim("sessions", "--end", "s1").out == "nobody is logged in\n"
    (ended,) = oxo.ledger("session closed")
    assert ended.detail["reason"] == "operator"
    assert ask_exchange(oxo, "<Logout/>").status_code == 500
    refused = oxo_sim("sessions", "--end", "s1", "--json")
    assert refused.status == 1
    assert json.loads(refused.error)["error"] == "session 's1' does not live; living: none"


def test_a_fault_of_existing_connections_says_how_many_there_are(
    oxo: EphemeralExchange, oxo_sim: Command
) -> None:
    half_open = ("cut", "--kind", "half-open", "--port", "alternate")
    assert oxo_sim(*half_open).out == "link disturbed; 0 connections struck\n"
    with socket.create_connection(("127.0.0.1", oxo.ports["alternate"]), SECONDS_MAX):
        oxo.wait_for("connection opened")
        carrying = ("cut", "--kind", "carry then reset", "--carry-bytes", "9")
        assert oxo_sim(*carrying).out == "link disturbed; 1 connection carried so far\n"
        assert oxo_sim(*half_open, "--json").json["struck"] == 1
        assert oxo_sim("cut", "--kind", "reset").out == "link disturbed; 1 connection struck\n"
    assert oxo_sim("cut", "--kind", "refuse", "--json").json["struck"] is None


def test_the_link_is_cut_shown_and_restored(oxo: EphemeralExchange, oxo_sim: Command) -> None:
    assert oxo_sim("link").out == "link whole\n"
    assert oxo_sim("cut", "--kind", "refuse", "--port", "standard").out == "link disturbed\n"
    assert oxo_sim("cut", "--when", "offered").out == "armed for offered\n"
    assert oxo_sim("link").out.splitlines() == [
        "link disturbed",
        "in force: f1 refuse, towards both, ports standard",
        "armed for offered: cut, towards both",
    ]
    carrying = ("cut", "--kind", "carry then cut", "--carry-bytes", "9", "--towards", "collector")
    assert oxo_sim(*carrying, "--json").json["link"] == "disturbed"
    found = oxo_sim("link", "--json").json
    assert [fault["kind"] for fault in found["faults"]] == ["refuse", "carry then cut"]
    assert oxo_sim("restore", "--reset-connections").out == "link whole\n"
    assert oxo_sim("restore", "--json").json["link"] == "whole"
    assert oxo.control.link().faults == []
    assert oxo.control.link().armed[0].fault == Fault(kind="cut")


def test_a_reset_is_awaited(oxo: EphemeralExchange, oxo_sim: Command) -> None:
    assert oxo_sim("reset").out == "phase refused\n"
    oxo.wait_for("phase", phase="serving")
    assert oxo_sim("reset", "--wait").out == "phase serving\n"
    assert oxo_sim("reset", "--wait", "--json").json["phase"] == "serving"


def test_a_cold_reset_is_told_from_a_kind_that_is_none(oxo_sim: Command) -> None:
    before = oxo_sim("state", "--json").json["epoch"]
    assert oxo_sim("reset", "--kind", "cold", "--json").json["epoch"] != before


def test_another_release_is_awaited(oxo_sim: Command) -> None:
    words = ("--set", "release=R6.2", "--reset", "cold", "--wait")
    assert (
        oxo_sim("firmware", *words).out == "phase serving, profile certify, R6.2\nkept "
        "reset.busy_seconds=0.1, reset.refused_seconds=0.1\n"
    )


def test_traffic_is_begun_shown_and_ended(oxo: EphemeralExchange, oxo_sim: Command) -> None:
    assert oxo_sim("traffic").out == "no traffic\n"
    words = ("--hours", "1", "--busy-hour-calls", "60", "--seed", "3", "--holding", "30")
    said = oxo_sim("traffic", "office", *words).out
    assert "is over" in said
    assert "0.545 E, 60 calls in the busy hour" in said
    assert oxo.waiting > 20
    (told,) = oxo.ledger("traffic")
    assert (told.detail["day"], told.detail["seed"]) == ("office", 3)
    assert oxo_sim("traffic", "office", "--no-advance", "--json").json["running"]
    oxo.advance(3600)
    assert oxo_sim("traffic", "--json").json["calls"] > 10
    assert not oxo_sim("traffic", "--end", "--json").json["running"]


def test_the_address_is_shown(oxo_sim: Command) -> None:
    assert oxo_sim("address").out == "address 127.0.0.1\n"


def test_the_licence_is_closed_and_opened(oxo: EphemeralExchange, oxo_sim: Command) -> None:
    assert oxo_sim("licence").out == "licence open\n"
    assert oxo_sim("licence", "closed").out == "licence closed\n"
    oxo.call()
    assert (oxo.waiting, oxo.ledger()[-2].event) == (0, "dropped")
    assert oxo_sim("licence", "open", "--json").json["licence"] is True


def value_of(oxo_sim: Command, key: str) -> str:
    """Return what the present profile has under a key."""
    keys = oxo_sim("profile", key, "--json").json["keys"]
    (found,) = [str(row["value"]) for row in keys if row["key"] == key]
    return found


def test_the_profile_is_shown_and_changed_by_an_installation(
    oxo: EphemeralExchange, oxo_sim: Command
) -> None:
    oxo.call()
    words = ("--profile", "r3.2-iwr", "--set", "session.idle_seconds=7", "--seed", "5")
    said = oxo_sim("install", *words, "--start", "2021-01-01T00:00")
    assert "profile r3.2-iwr" in said.out
    assert "2021-01-01 00:00:00" in said.out
    assert oxo.waiting == 0
    rows = oxo_sim("profile", "idle").out
    assert "session.idle_seconds" in rows
    assert " 7 " in rows
    assert "ours" in rows
    found = oxo_sim("profile", "--json").json
    assert {"key": "session.idle_seconds", "value": "7", "standing": "ours"} in found["keys"]
    assert oxo_sim("install", "--json").json["profile"] == "r3.2-iwr"
    assert value_of(oxo_sim, "session.idle_seconds") == "7"
    plain = oxo_sim("install", "--profile", "certify").out
    assert plain.splitlines()[-1] == "not kept  session.idle_seconds=7"
    assert value_of(oxo_sim, "session.idle_seconds") == "300"
    assert "not kept" not in oxo_sim("install", "--profile", "certify").out


@pytest.mark.oxo(overrides={**QUICK, "mode": "hotel"}, tag_set="observed")
def test_what_was_set_stays_where_no_profile_is_named(oxo_sim: Command) -> None:
    said = oxo_sim("firmware", "--set", "buffer.capacity=200", "--wait")
    kept = "mode=hotel, reset.busy_seconds=0.1, reset.refused_seconds=0.1, tag_set=observed"
    assert said.out.startswith("phase serving, profile certify, ")
    assert said.out.endswith(f"\nkept {kept}\n")
    assert [value_of(oxo_sim, key) for key in ("mode", "buffer.capacity")] == ["hotel", "200"]
    said = oxo_sim("install", "--set", "buffer.capacity=300")
    assert said.out.splitlines()[-1] == f"kept      {kept}"
    assert oxo_sim("state", "--json").json["tag_set"] == "observed"
    assert value_of(oxo_sim, "buffer.capacity") == "300"
    said = oxo_sim("firmware", "certify", "--reset", "cold")
    assert said.out.splitlines()[-1] == f"not kept buffer.capacity=300, {kept}"
    assert value_of(oxo_sim, "mode") == "business"


def test_the_certificate_is_shown_and_renewed(oxo_sim: Command) -> None:
    before = oxo_sim("certificate", "--json").json
    assert before["fingerprint"] in oxo_sim("certificate").out
    changed = oxo_sim("certificate", "--name", "pbx2", "--name", "127.0.0.1", "--json").json
    assert changed["names"] == ["pbx2", "127.0.0.1"]
    assert changed["authority_fingerprint"] == before["authority_fingerprint"]
    until = ("--not-before", "2026-01-01T00:00Z", "--not-after", "2026-02-01T00:00Z")
    said = oxo_sim("certificate", *until).out
    assert "2026-01-01 00:00 to 2026-02-01 00:00 UTC" in said
    renewed = oxo_sim("certificate", "--renew", "--json").json
    assert renewed["fingerprint"] != changed["fingerprint"]
    foreign = oxo_sim("certificate", "--new-authority", "--expired", "--json").json
    assert foreign["authority_fingerprint"] != before["authority_fingerprint"]


def test_ledger_and_transcript_are_printed(
    oxo: EphemeralExchange, oxo_sim: Command, ask_exchange: Callable[..., Any]
) -> None:
    ask_exchange(oxo, "<Login/>")
    said = oxo_sim("ledger", "--since", "1", "--json").out
    kept = (oxo.folder / "ledger.ndjson").read_text("utf-8").splitlines()[1:]
    assert [json.loads(line) for line in said.splitlines()[: len(kept)]] == [
        json.loads(line) for line in kept
    ]
    rows = oxo_sim("transcript").out
    assert "Login" in rows
    assert "200" in rows
    (line,) = oxo_sim("transcript", "--json").out.splitlines()
    assert json.loads(line)["operation"] == "Login"
    assert oxo_sim("transcript", "--since", "1", "--json").out == ""


def test_the_state_is_shown(
    oxo: EphemeralExchange, oxo_sim: Command, ask_exchange: Callable[..., Any]
) -> None:
    oxo.call()
    ask_exchange(oxo, "<FetchTickets/>")
    assert oxo_sim("state", "--json").json["tickets_made"] == 1
    said = oxo_sim("state").out
    assert "1 of 1000" in said
    assert "unknown   FetchTickets of urn:oxo-sim:taxation:1, once; to be mapped by" in said
    assert 'get_tickets = "FetchTickets"' in said


def test_the_description_needs_no_exchange(oxo_sim: Command) -> None:
    assert oxo_sim("openapi", "--json").json == json.loads(oxo_sim("openapi").out)


WRONG = [
    (["call", "999", "0"], 1, "user '999' is no set of this exchange"),
    (["call", "128", "0", "--direction", "up"], 2,
     "direction: 'up' is none; allowed: incoming, internal, outgoing"),
    (["cut", "--kind", "saw"], 2, "kind: 'saw' is none; allowed: carry then cut"),
    (["cut", "--when", "never"], 2, "'never' is none; allowed: acknowledged"),
    (["load", "/nonexistent"], 1, "/nonexistent: No such file"),
    (["time", "fast"], 2, "time fast: manual, real, or a number is expected"),
    (["time", "1000001"], 1, "factor 1000001.0; 0 (manual) to 100000 is expected"),
    (["reset", "--kind", "hot"], 2, "kind: 'hot' is none; allowed: cold"),
    (["traffic", "night"], 2, "day: 'night' is none; allowed: hotel-month"),
    (["traffic", "office", "--end"], 2, "--end and office; one of them is expected"),
    (["traffic", "hotel-month"], 1, "guests come and go in hotel mode only"),
    (["firmware", "--reset", "power cut"], 2, "reset: 'power cut' is none; allowed: cold, warm"),
    (["firmware", "no-such"], 1, "no profile 'no-such'"),
    (["address", "127.0.0.1"], 1, "address 127.0.0.1: the exchange has it already"),
    (["licence", "ajar"], 2, "licence ajar: open or closed is expected"),
    (["install", "--set", "colour"], 2, "--set colour: key=value is expected"),
    (["install", "--set", "colour=red"], 1, "override colour: no such key"),
    (["cut", "--heal-after-seconds", "inf"], 2, "--heal-after-seconds inf: a number of seconds"),
    (["install", "--start", "noon"], 2, "--start noon: a time is expected"),
    (["certificate", "--name", "bad name"], 1, "name 'bad name': a host name is expected"),
    (["certificate", "--not-after", "noon"], 2, "--not-after noon: an instant is expected"),
    (["certificate", "--not-after", "2026-01-01"], 1, "not_after 2026-01-01T00:00:00: an offset"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "status", "text"), WRONG)
def test_a_wrong_command_is_one_line_and_tells_usage_from_failure(
    oxo_sim: Command, words: Sequence[str], status: int, text: str
) -> None:
    said = oxo_sim(*words)
    assert (said.status, said.out) == (status, "")
    assert said.error.startswith(f"oxo-sim: {text}")
    assert len(said.error.splitlines()) == 1
    said = oxo_sim(*words, "--json")
    problem = json.loads(said.error)
    assert (said.status, said.out, problem["status"]) == (status, "", status)
    assert problem["error"].startswith(text)


def test_what_the_command_line_itself_finds_wrong_is_json_too(oxo_sim: Command) -> None:
    said = oxo_sim("state", "--colour", "--json")
    assert (said.status, said.out) == (2, "")
    assert json.loads(said.error) == {"error": "No such option: --colour", "status": 2}


def test_every_command_speaks_json() -> None:
    for command in app.registered_commands:
        assert command.callback is not None
        assert "json" in command.callback.__annotations__, command.callback


def test_the_ledger_can_be_followed(oxo: EphemeralExchange) -> None:
    with subprocess.Popen(
        [OXO_SIM, "ledger", "--follow", "--state", str(oxo.folder)], stdout=subprocess.PIPE
    ) as following:
        assert following.stdout is not None
        assert json.loads(following.stdout.readline())["event"] == "installed"
        oxo.call()
        assert json.loads(following.stdout.readline())["event"] == "call"
        assert json.loads(following.stdout.readline())["event"] == "made"
        following.send_signal(signal.SIGINT)
        assert following.wait(SECONDS_MAX) == 0
