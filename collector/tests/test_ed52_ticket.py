"""What a record ED5.2 means as a ticket: every vector by hand."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from oxo_collector.decoders.ed52_record import ED52
from oxo_collector.decoders.ed52_ticket import RecordReader
from oxo_collector.decoders.outcome import Malformed, Recorded, record_digest
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    Service,
    Ticket,
    TrunkKind,
    from_json,
    to_json,
)

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
ZONE = "Europe/Paris"
CT = CommunicationType


def flags(*places: int) -> str:
    return "".join("1" if place in places else "0" for place in range(40))


def record(name: str) -> bytes:
    return (VECTORS / "oxe-record" / f"{name}.bin").read_bytes()


NAMES = sorted(path.stem for path in (VECTORS / "oxe-record").glob("*.bin"))


def put(raw: bytes, **values: str) -> bytes:
    """Write values into columns, on their side."""
    line = raw.decode("latin-1")
    for one in ED52.columns:
        if one.name in values:
            width = one.last - one.first + 1
            value = values.pop(one.name)
            text = value.rjust(width) if one.side == "R" else value.ljust(width)
            line = line[: one.first - 1] + text + line[one.last :]
    assert values == {}
    assert len(line) == 525
    return line.encode("latin-1")


def ticket_of(raw: bytes, reader: RecordReader | None = None) -> Ticket:
    piece = (reader or RecordReader(zone=ZONE)).piece(raw)
    assert isinstance(piece, Recorded), piece
    return piece.ticket


def reason_of(raw: bytes, reader: RecordReader | None = None) -> str:
    piece = (reader or RecordReader()).piece(raw)
    assert isinstance(piece, Malformed)
    assert piece.raw == raw
    return piece.reason


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


OUT = {
    "kind": Kind.CALL,
    "direction": Direction.OUTGOING,
    "communication_type": CT.OUTGOING,
    "zone": ZONE,
    "dialling_mode": DiallingMode.MANUAL,
    "service": Service.TELEPHONY,
    "ring_seconds": 0,
    "units": 0,
    "cost": Decimal("0.00"),
}
IN = {
    **OUT,
    "direction": Direction.INCOMING,
    "communication_type": CT.INCOMING,
    "dialling_mode": None,
}

EXPECTED = {
    "call-over-midnight": {
        **OUT,
        "local_time": at("2023-12-31T23:58:40"),
        "local_end": at("2024-01-01T00:03:15"),
        "charged_user": "2210",
        "dialled_number": "0353019982",
        "subscriber_name": "Isaura Pellworm",
        "trunk": "6",
        "trunk_kind": TrunkKind.ANALOGUE,
        "call_seconds": 275,
        "extras": {
            "CallType": "0",
            "ChargedPartyNode": "1",
            "TrunkGroupIdentity": "2",
            "PersonalOrBusiness": "0",
            "SpecificChargeInfo": "0001000",
            "BearerCapability": "0",
            "HighLevelComp": "0",
            "ExternalFacilities": flags(),
        },
    },
    "forwarded-incoming-redirected": {
        **IN,
        "local_time": at("2022-09-30T08:12:03"),
        "local_end": at("2022-09-30T08:15:44"),
        "charged_user": "6218",
        "initial_user": "6200",
        "dialled_number": "0639980256",
        "subscriber_name": "Ondine Kestrelmoor-V",
        "facilities": (Facility.FORWARDING,),
        "trunk": "45",
        "ring_seconds": 24,
        "call_seconds": 197,
        "extras": {
            "CallType": "5",
            "ChargedPartyNode": "102",
            "ChargedCostCenter": "FRONT DESK",
            "TrunkGroupIdentity": "211",
            "TrunkNode": "101",
            "ExternalFacilities": flags(0),
            "InternalFacilities": flags(7, 23),
            "RedirectedCallIndicator": "1",
            "NodeTimeOffset": "2",
        },
    },
    "masked-subscriber": {
        **OUT,
        "local_time": at("2021-03-09T10:20:40"),
        "local_end": at("2021-03-09T10:22:51"),
        "charged_user": "*" * 30,
        "dialled_number": "-" * 30,
        "masked": {"charged_user": 30, "dialled_number": 30},
        "trunk": "14",
        "call_seconds": 131,
        "extras": {
            "CallType": "0",
            "ChargedPartyNode": "102",
            "ChargedCostCenter": "*" * 10,
            "CallingNumber": "*" * 30,
            "TrunkGroupIdentity": "20",
            "ExternalFacilities": flags(),
            "InternalFacilities": flags(23, 36),
        },
    },
    "project-account-code": {
        **OUT,
        "local_time": at("2023-02-01T10:40:20"),
        "local_end": at("2023-02-01T11:05:30"),
        "charged_user": "7045",
        "dialled_number": "0199003321",
        "subscriber_name": "Brannoc Wyndlass",
        "dialling_mode": DiallingMode.COLLECTIVE_SPEED_DIAL,
        "facilities": (Facility.ONLINE_METERING, Facility.USER_TO_USER),
        "service": Service.DATA,
        "trunk": "8",
        "call_seconds": 1510,
        "units": 128,
        "cost": Decimal("153.60"),
        "account_code": "P2023-0815",
        "extras": {
            "CallType": "0",
            "ChargedPartyNode": "301",
            "ChargedCostCenter": "R+D",
            "Subaddress": "0042",
            "TrunkGroupIdentity": "10",
            "PersonalOrBusiness": "1",
            "SpecificChargeInfo": "0000010",
            "BearerCapability": "1",
            "HighLevelComp": "13",
            "DataVolume": "1843200",
            "UserToUserVolume": "96",
            "ExternalFacilities": flags(0, 10, 14, 22),
            "InternalFacilities": flags(23, 32, 36),
            "Carrier": "3",
            "InitialDialledNumber": "00199003321",
            "ActingExtensionNumber": "7046",
        },
    },
    "start-in-repeated-hour": {
        **IN,
        "local_time": at("2021-10-31T02:51:30"),
        "local_end": at("2021-10-31T02:07:10"),
        "charged_user": "3304",
        "initial_user": "3300",
        "dialled_number": "0465710077",
        "subscriber_name": "Night desk",
        "trunk": "19",
        "ring_seconds": 10,
        "call_seconds": 930,
        "extras": {
            "CallType": "4",
            "ChargedPartyNode": "102",
            "TrunkGroupIdentity": "211",
            "HighLevelComp": "1",
            "InternalFacilities": flags(23, 24),
            "RedirectedCallIndicator": "1",
        },
    },
    "transferred-outgoing": {
        **OUT,
        "communication_type": CT.OUTGOING_TRANSFER,
        "local_time": at("2022-06-14T16:40:26"),
        "local_end": at("2022-06-14T16:47:09"),
        "charged_user": "4127",
        "dialled_number": "0353010417",
        "subscriber_name": "Quillon Tarn",
        "facilities": (Facility.TRANSFER,),
        "trunk": "3061",
        "call_seconds": 403,
        "units": 7,
        "cost": Decimal("0.84"),
        "extras": {
            "CallType": "0",
            "ChargedPartyNode": "205",
            "ChargedCostCenter": "LOGISTICS",
            "CallingNumber": "4100",
            "TrunkGroupIdentity": "30",
            "TrunkNode": "206",
            "SpecificChargeInfo": "0010000",
            "ExternalFacilities": flags(0, 1),
            "InternalFacilities": flags(8, 20, 23),
        },
    },
    "tv-07-vendor-example": {
        **OUT,
        "local_time": at("2009-08-25T09:46:37"),
        "local_end": at("2009-08-25T09:46:43"),
        "charged_user": "300",
        "dialled_number": "305",
        "subscriber_name": "IP_300 IP touch",
        "trunk": "1",
        "call_seconds": 6,
        "extras": {
            "CallType": "0",
            "ChargedPartyNode": "3",
            "TrunkGroupIdentity": "0",
            "CallReference": "2",
            "InitialDialledNumber": "",
        },
    },
    "tv-08-outgoing-node-102": {
        **OUT,
        "local_time": at("2020-02-12T13:13:52"),
        "local_end": at("2020-02-12T13:14:04"),
        "charged_user": "2005",
        "dialled_number": "5031",
        "subscriber_name": "CL2005",
        "trunk": "97",
        "call_seconds": 12,
        "extras": {
            "CallType": "0",
            "ChargedPartyNode": "102",
            "TrunkGroupIdentity": "211",
            "InitialDialledNumber": "",
        },
    },
    "tv-09a-unanswered-incoming": {
        **IN,
        "local_time": at("2020-02-12T14:00:00"),
        "local_end": at("2020-02-12T14:00:18"),
        "charged_user": "5031",
        "initial_user": "5031",
        "dialled_number": "0388401234",
        "subscriber_name": "CL5031",
        "trunk": "12",
        "ring_seconds": 18,
        "call_seconds": 0,
        "extras": {"CallType": "4", "ChargedPartyNode": "102", "TrunkGroupIdentity": "211"},
    },
    "zero-duration-incoming": {
        **IN,
        "local_time": at("2020-02-13T09:31:07"),
        "local_end": at("2020-02-13T09:31:07"),
        "charged_user": "5900",
        "initial_user": "5900",
        "subscriber_name": "GROUP 5900",
        "trunk": "21",
        "call_seconds": 0,
        "extras": {"CallType": "4", "ChargedPartyNode": "102", "TrunkGroupIdentity": "211"},
    },
}


@pytest.mark.parametrize("name", NAMES)
def test_ticket(name: str) -> None:
    told = dict(EXPECTED[name])
    expected = Ticket(**{**told, "extras": {"ed52": told["extras"]}})  # type: ignore[arg-type]
    piece = RecordReader(zone=ZONE).piece(record(name))
    assert piece == Recorded(expected, record_digest(record(name)))


def test_every_ticket_survives_its_canonical_line() -> None:
    for name in NAMES:
        ticket = ticket_of(record(name))
        assert from_json(to_json(ticket)) == ticket


def local_call() -> bytes:
    lines = (VECTORS / "oxe-file" / "taxaaaaa-plain.txt").read_bytes().split(b"\n")
    return lines[2]


def test_local_call() -> None:
    assert ticket_of(local_call()) == Ticket(
        kind=Kind.LOCAL_CALL,
        direction=Direction.LOCAL,
        local_time=at("2020-02-12T13:40:05"),
        local_end=at("2020-02-12T13:41:20"),
        zone=ZONE,
        charged_user="2041",
        dialled_number="2077",
        service=Service.TELEPHONY,
        ring_seconds=0,
        call_seconds=75,
        units=0,
        cost=Decimal("0.00"),
        extras={
            "ed52": {
                "CallType": "14",
                "ChargedPartyNode": "102",
                "ChargedCostCenter": "WORKSHOP",
            }
        },
    )


def test_meanings_of_the_vectors_are_all_here() -> None:
    assert sorted(EXPECTED) == NAMES
    for name in NAMES:
        told = json.loads((VECTORS / "oxe-record" / f"{name}.json").read_text("utf-8"))
        assert told["meaning"]["fields"]["ChargedNumber"] == EXPECTED[name]["charged_user"]
