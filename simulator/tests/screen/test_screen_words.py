"""Orders at the screen: the words of the subcommands, what they answer, what is refused."""

import sys
from pathlib import Path

import pytest
from oxo_simulator.cli import app
from oxo_simulator.ephemeral import EphemeralExchange
from oxo_simulator.screen.words import ANSWER_LINES_MAX, ELSEWHERE, answered
from typer.main import get_command


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("frobnicate", "frobnicate is no command; help lists"),
        ("ledger --follow", "ledger is for another terminal; help lists"),
        ("run", "run is for another terminal"),
        ('call "128', "No closing quotation"),
        ("call 128", "Missing argument 'number'"),
        ("cut --slice-bytes many", "Input should be a valid integer"),
        ("cut --kind sabotage", "kind: 'sabotage' is none"),
        ("state", "no exchange runs in"),
        ("call --help me", "Place calls and print their tickets"),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, typed: str, why: str) -> None:
    found = answered(typed, app, tmp_path)
    assert why in " ".join(" ".join(found.lines).split())
    assert found.wrong == ("--help" not in typed)


@pytest.mark.parametrize("typed", ["help", "", "help  "])
def test_help_lists_what_can_be_typed(tmp_path: Path, typed: str) -> None:
    first, second = answered(typed, app, tmp_path).lines
    words = first.split(", ")
    assert {"call", "cut", "restore", "reset", "appointment", "quit"} <= set(words)
    assert not ELSEWHERE & set(words)
    assert "oxo-sim COMMAND" in second


def test_help_of_a_command_is_its_own(tmp_path: Path) -> None:
    found = answered("help cut", app, tmp_path)
    assert not found.wrong
    assert found.lines[0] == "cut: Disturb the link, now or at the next such event."
    assert "  --heal-after-seconds: Ends by itself; 0 is not before `restore`." in found.lines
    assert len(found.lines) <= 16, "a line each, and none that nobody types here"
    found = answered("help call", app, tmp_path)
    assert found.lines[0] == "call USER NUMBER: Place calls and print their tickets."
    assert "  --advance, --no-advance: Move exchange time to the tickets." in found.lines
    assert len(found.lines) <= 22, "they fit on a terminal of 24 lines"


@pytest.mark.parametrize("command", sorted(set(get_command(app).commands) - ELSEWHERE))  # type: ignore[attr-defined]
def test_every_command_has_help_of_one_screen(tmp_path: Path, command: str) -> None:
    found = answered(f"help {command}", app, tmp_path)
    assert not found.wrong
    assert 1 <= len(found.lines) <= 22


def test_the_ways_out_are_as_they_were(tmp_path: Path) -> None:
    before = sys.stdout, sys.stderr
    answered("state", app, tmp_path)
    assert (sys.stdout, sys.stderr) == before


@pytest.mark.process
def test_orders_are_those_of_the_command_line(oxo: EphemeralExchange) -> None:
    (ticket,) = answered("call 128 0388112233 --duration 7", app, oxo.folder).lines
    assert ticket == "2020-02-24 14:00:00  128 -> 0388112233  7 s  0.00 EUR  outgoing"
    assert '"dialled_number":"0388112233"' in answered("buffer --json", app, oxo.folder).lines[0]
    assert answered("cut --kind slice --slice-bytes 3", app, oxo.folder).lines == ["link disturbed"]
    assert answered("restore", app, oxo.folder).lines == ["link whole"]
    refused = answered("cut --port fax", app, oxo.folder)
    assert refused.wrong
    assert "port 'fax'; there are standard" in refused.lines[0]
    assert answered("appointment 106 07:00", app, oxo.folder).lines
    assert len(answered("profile", app, oxo.folder).lines) <= ANSWER_LINES_MAX
