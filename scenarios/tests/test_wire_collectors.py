"""The foreign collectors of the other wires read known bytes rightly, else they prove nothing."""

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

COLLECTORS = Path(__file__).resolve().parent / "subjects" / "wires"
VECTORS = Path(__file__).resolve().parents[2] / "vectors"


@pytest.fixture
def collector(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what stands in a collector's file, without starting it."""
    monkeypatch.syspath_prepend(str(COLLECTORS))
    found = runpy.run_path(str(COLLECTORS / f"{request.param}_collector.py"))
    sys.modules.pop("kept")
    return found


def meaning(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))["meaning"]


@pytest.mark.parametrize("collector", ["nmc"], indirect=True)
@pytest.mark.parametrize("vector", ["call-types", "every-field", "manual-file", "without-header"])
def test_records_of_the_ticket_file(collector: dict[str, Any], vector: str) -> None:
    found = collector["read_file"]((VECTORS / "oxo-alz" / f"{vector}.alz").read_bytes())
    told = meaning(f"oxo-alz/{vector}")["tickets"]
    assert len(found) == len(told)
    for ticket, record in zip(found, told, strict=True):
        assert ticket.get("charged_user") == record["charged_user"]
        assert ticket.get("dialled_number") == (record["dialled_number"] or None)
        assert ticket["call_seconds"] == record["duration_s"]
        assert ticket["local_time"] == record["date_time"]
        assert ticket["units"] == record["units"]
        assert ticket["cost"] == record["cost"]
        assert ticket.get("account_code") == record["account_code"]


@pytest.mark.parametrize("collector", ["v24"], indirect=True)
@pytest.mark.parametrize("vector", ["default-79", "three-lines-132", "page", "wake-up-english"])
def test_lines_of_the_statement(collector: dict[str, Any], vector: str) -> None:
    lines = (VECTORS / "oxo-v24" / f"{vector}.txt").read_text("iso-8859-1").splitlines()
    found = [ticket for ticket in map(collector["read_line"], lines) if ticket]
    events = meaning(f"oxo-v24/{vector}")["events"]
    told = [event for event in events if event["event"] == "statement"]
    assert len(found) == len(told)
    for ticket, statement in zip(found, told, strict=True):
        assert ticket["charged_user"] == statement["charged_user"]["number"]
        assert ticket["local_time"] == f"{statement['date_time']}:00"
        assert (ticket["kind"] == "reminder") == (statement["kind"] == "wake-up")
        if ticket["kind"] == "call":
            assert ticket["dialled_number"] == statement["dialled_number"]
            assert ticket["call_seconds"] == statement["duration_s"]


@pytest.mark.parametrize("collector", ["ohl"], indirect=True)
@pytest.mark.parametrize("vector", ["smdr-outgoing", "smdr-incoming", "wake-up"])
def test_frames_of_the_hotel_link(collector: dict[str, Any], vector: str) -> None:
    for event in meaning(f"ohl/{vector}")["events"]:
        letter, fields = event["type"]["code"], event["fields"]
        ticket = collector["read_frame"]((letter + event["body"]).encode("iso-8859-1"))
        assert ticket["local_time"][: len(fields["date_time"])] == fields["date_time"]
        assert ticket["charged_user"] == (
            fields["charged_user"] if letter == "J" else fields["room"]
        )
        for name in ("dialled_number", "cost", "units") if letter == "J" else ():
            assert ticket[name] == fields[name]
        if letter == "P":
            assert ticket["reminder_state"] == fields["wake_up_event"]["word"]
            assert ticket["reminder_time"][:5] == fields["reminder_time"]
