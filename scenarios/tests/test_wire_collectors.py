"""The foreign collectors of the other wires read known bytes rightly, else they prove nothing."""

import json
import runpy
import sys
from decimal import Decimal
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
    for shared in ("kept", "ed52"):
        sys.modules.pop(shared, None)
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


# --- Account files and the stream ---


def read_rightly(ticket: dict[str, Any], fields: dict[str, Any]) -> None:
    """Hold a ticket against the meaning of its record."""
    incoming = ticket.get("direction") == "incoming"
    assert ticket["local_time"] == fields["StartDateTime"]
    assert ticket["local_end"] == fields["EndDateTime"]
    assert ticket.get("charged_user", "") == fields["ChargedNumber"]
    assert ticket.get("dialled_number", "") == fields["CalledNumber"]
    assert ticket["units"] == fields["ChargeUnits"]
    seconds = fields["EffectiveCallDuration" if incoming else "Duration"]
    assert ticket["call_seconds"] == seconds
    assert ticket.get("ring_seconds") == (fields["WaitingDuration"] if incoming else None)
    assert ticket.get("account_code", "") == fields["AccessCode"]
    assert Decimal(ticket["cost"]) * 100 == fields["CostInfo"]
    word = fields["CallType"]["word"]
    assert ticket["direction"] == next(
        told for told in ("outgoing", "incoming", "local") if told in word
    )
    flags = {one["code"] for one in fields["InternalFacilities"]["set"]}
    assert ("transfer" in ticket.get("facilities", [])) == (8 in flags)
    assert ("forwarding" in ticket.get("facilities", [])) == bool(flags & {5, 6, 7})
    trunk = fields["TrunkIdentity"]
    assert ticket.get("trunk") == (None if trunk == NO_TRUNK else str(trunk))


NO_TRUNK = 65535
RECORDS = sorted(path.stem for path in (VECTORS / "oxe-record").glob("*.bin"))


@pytest.mark.parametrize("collector", ["account"], indirect=True)
@pytest.mark.parametrize("vector", RECORDS)
def test_records_of_ed52(collector: dict[str, Any], vector: str) -> None:
    record = (VECTORS / "oxe-record" / f"{vector}.bin").read_bytes().decode("latin-1")
    read_rightly(collector["read_record"](record), meaning(f"oxe-record/{vector}")["fields"])


@pytest.mark.parametrize("collector", ["account"], indirect=True)
@pytest.mark.parametrize(
    "vector", ["taxaaaaa", "older-layout", "tv-11-two-records", "tv-15-thirteen-identical"]
)
def test_files_are_read_by_their_header(collector: dict[str, Any], vector: str) -> None:
    content = (VECTORS / "oxe-file" / f"{vector}.dat").read_bytes()
    records, columns = collector["records_of"](content)
    told = meaning(f"oxe-file/{vector}")["records"]
    assert len(records) == len(told)
    for record, wanted in zip(records, told, strict=True):
        ticket = collector["read_record"](record, columns)
        assert ticket["local_time"] == wanted["fields"]["StartDateTime"]
        assert ticket.get("charged_user", "") == wanted["fields"]["ChargedNumber"]


@pytest.mark.parametrize("collector", ["account"], indirect=True)
def test_a_file_that_is_cut_is_not_taken(collector: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="ends within a line"):
        collector["records_of"]((VECTORS / "oxe-file" / "truncated.dat").read_bytes())
