"""Sets, trunks, facilities and every way of calling, through the command line and the API."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from oxo_simulator.cli import main
from oxo_simulator.control.client import OrderRefused
from oxo_simulator.control.messages import (
    CallOrder,
    FacilityOrder,
    Installation,
    SetOrder,
    TrunkState,
)
from oxo_simulator.ephemeral import EphemeralExchange
from oxo_tickets import Facility, TrunkKind

pytestmark = pytest.mark.process

Say = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def say(
    oxo: EphemeralExchange, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Say:
    """Return what runs the command line on the exchange of this test: status, JSON, errors."""

    def run(*words: str) -> tuple[int, Any, str]:
        line = ["oxo-sim", *words, "--json", "--state", str(oxo.folder)]
        monkeypatch.setattr("sys.argv", line)
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        out, error = capsys.readouterr()
        return status, json.loads(out) if out else None, error

    return run


def charged(answer: Any) -> list[tuple[str, str]]:
    return [
        (ticket["charged_user"], ticket.get("communication_type", ticket["kind"]))
        for ticket in answer["tickets"]
    ]


def test_a_set_is_diverted_called_and_made_free_again(oxo: EphemeralExchange, say: Say) -> None:
    status, found, _ = say("set", "128", "--divert", "0388551122")
    assert (status, found["diverted_to"], found["state"]) == (0, "0388551122", "free")
    _, called, _ = say("call", "128", "0390", "--direction", "incoming")
    assert charged(called) == [("128", "incoming"), ("128", "outgoing")]
    assert called["outcomes"] == ["answered"]
    # What no option names stays.
    assert say("set", "128", "--condition", "busy")[1]["diverted_to"] == "0388551122"
    assert say("set", "128", "--no-divert")[1]["state"] == "busy"
    assert say("call", "128", "0390", "--direction", "incoming")[1]["outcomes"] == ["busy"]
    changes = [line.detail for line in oxo.ledger() if line.event == "set"]
    assert [change["state"] for change in changes] == ["free", "busy", "busy"]


def test_every_way_of_calling_has_its_option(say: Say) -> None:
    transfer = say("call", "120", "0390", "--transfer-to", "106", "--transfer-after", "20")
    assert charged(transfer[1]) == [("120", "outgoing"), ("106", "outgoing transfer")]
    conference = say("call", "128", "0390", "--conference-with", "0199", "--conference-with", "101")
    assert len(conference[1]["tickets"]) == 4
    internal = say("call", "101", "128", "--direction", "internal")
    assert charged(internal[1]) == [("101", "local call"), ("128", "local call")]
    through = say("call", "N01", "0390", "--break-in", "--trunk", "L01")
    assert charged(through[1]) == [("01", "break-in"), ("01", "break-out")]
    private = say("call", "128", "0390", "--network", "--service", "online metering")
    assert charged(private[1]) == [("128", "outgoing private")]
    assert private[1]["tickets"][0]["facilities"] == ["online metering"]


def test_a_facility_is_asked_for_and_cancelled(oxo: EphemeralExchange, say: Say) -> None:
    asked = say("facility", "128", "external forwarding")
    assert charged(asked[1]) == [("128", "facility request")]
    order = FacilityOrder(user="128", facility=Facility.EXTERNAL_FORWARDING, cancelled=True)
    assert oxo.control.request_facility(order).ids == [2]
    assert oxo.waiting == 2


def test_sets_and_trunks_are_shown_as_they_are(oxo: EphemeralExchange, say: Say) -> None:
    busy = CallOrder(direction="outgoing", user="128", number="0390", trunk="N01")
    oxo.control.place_calls(busy, advance=False)
    assert oxo.control.trunks()[1] == TrunkState("N01", TrunkKind.T0, 2, 1)
    sets = {each.number: each for each in oxo.control.sets()}
    assert (sets["128"].talking, sets["101"].talking) == (True, False)
    assert (sets["120"].kind, sets["140"].kind) == ("booth", "data device")
    assert sets["500"].members == ["130", "131", "132", "133"]
    assert [each["name"] for each in say("trunks")[1]][:2] == ["P01", "N01"]
    assert len(say("sets")[1]) == 52


def test_people_read_tables_and_sentences(
    oxo: EphemeralExchange, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for words in (
        ("set", "500", "--divert", "0199"),
        ("sets",),
        ("trunks",),
        ("call", "140", "0390", "--direction", "incoming"),
    ):
        monkeypatch.setattr("sys.argv", ["oxo-sim", *words, "--state", str(oxo.folder)])
        with pytest.raises(SystemExit, match="0"):
            main()
        told.append("".join(capsys.readouterr()))
    assert told[0] == "500 is free, diverted to 0199\n"
    assert "130 131 132 133" in told[1]
    assert "analogue" in told[2]
    assert told[3].startswith("1 call: refused: data device\n")


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (("set", "777", "--condition", "busy"), 1, "user '777' is no set or group"),
        (("set", "128", "--condition", "up"), 2, "allowed: busy, do not disturb, free"),
        (("set", "128", "--divert", "1", "--no-divert"), 2, "exclude each other"),
        (("facility", "777", "transfer"), 1, "user '777' is no set"),
        (("call", "128", "1", "--transfer-to", "106"), 1, "transfer_after_seconds 0; 1 to less"),
    ],
)
def test_a_wrong_order_is_one_line(
    say: Say, words: tuple[str, ...], status: int, text: str
) -> None:
    found, out, error = say(*words)
    assert (found, out) == (status, None)
    assert text in json.loads(error)["error"]


def test_an_own_installation_is_installed(oxo: EphemeralExchange, tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('[[set]]\nnumber = "20001234"\n[[trunk]]\nname = "V07"\n', "utf-8")
    oxo.control.install(Installation(overrides={"installation": str(plan)}))
    order = CallOrder(direction="outgoing", user="20001234", number="0390")
    assert oxo.control.place_calls(order).ids == [1]
    with pytest.raises(OrderRefused, match="there are 20001234 to 20001234"):
        oxo.control.set_up("128", SetOrder())
    with pytest.raises(OrderRefused, match=r"nowhere\.toml: No such file"):
        oxo.control.install(Installation(overrides={"installation": "nowhere.toml"}))
