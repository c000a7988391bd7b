"""An exchange to look at, as plain data."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import pytest
from oxo_simulator.control.messages import (
    AppointmentState,
    ArmedFault,
    CarriedConnection,
    ExchangeState,
    Fault,
    FaultInForce,
    LedgerLine,
    LinkState,
    PortState,
    SetState,
    TrunkState,
    WireState,
)
from oxo_simulator.screen.view import View
from oxo_tickets import TrunkKind

AT = datetime(2020, 2, 24, 14, 1, 43)  # noqa: DTZ001 - wall clock
PORTS: Any = (
    ("standard", "taxation"), ("nmc", "nmc"), ("nmc-data-1", "nmc"), ("v24", "v24"), ("ohl", "ohl"),
)  # fmt: skip


def state(**changed: Any) -> ExchangeState:
    found = ExchangeState(
        name="oxo-connect",
        release="R3.2 (034.001)",
        profile="certify",
        tag_set="extended",
        mode="hotel",
        zone="Europe/Berlin",
        epoch="1-4aeb2cba",
        seed=1,
        exchange_time=AT,
        phase="serving",
        licence=True,
        link="whole",
        buffered=712,
        capacity=1000,
        alarm=True,
        sessions=1,
        tickets_made=2,
        ledger_last=9,
        ports=[
            PortState(name=name, address="127.0.0.1", port=10443, open=True, wire=wire)
            for name, wire in PORTS
        ],
        user="collector",
        ca_file="ca.pem",
        fingerprint="0" * 64,
        profile_choices=[],
    )
    return msgspec.structs.replace(found, **changed)


def wires() -> list[WireState]:
    def wire(name: Any, waiting: int = 0, **more: Any) -> WireState:
        told: dict[str, Any] = {"open": True, "capacity": 1000, "alarm": False, "sessions": 0}
        return WireState(
            name=name, port=10443, waiting=waiting, alarm_percent=70, **{**told, **more}
        )

    return [
        wire("taxation", 712, alarm=True, sessions=1),
        wire("nmc", 1, capacity=4000, files=3, file_bytes=366),
        wire("v24", 50, capacity=200),
        wire("ohl", 0, capacity=400, sessions=1),
        wire("account", 0, capacity=0, open=False),
        wire("stream", 12, capacity=200, main="stream-a"),
    ]


def made(number: int, **ticket: Any) -> LedgerLine:
    plain = {"kind": "call", "local_time": "2020-02-24T14:00:51", "charged_user": "128"}
    detail = {"id": number, "source": "call", "ticket": {**plain, **ticket}}
    return LedgerLine(n=number, at="", exchange_time="", event="made", detail=detail)


def view(**changed: Any) -> View:
    sets = [
        SetState(number=str(n), name="x", kind="business", state="free") for n in range(100, 130)
    ]
    special: dict[int, dict[str, Any]] = {
        0: {"talking": True}, 28: {"talking": True}, 7: {"state": "do not disturb"},
        20: {"state": "out of service"}, 21: {"state": "busy"}, 8: {"diverted_to": "0388112233"},
    }  # fmt: skip
    for place, told in special.items():
        sets[place] = msgspec.structs.replace(sets[place], **told)
    appointment = AppointmentState(
        user="106", time="07:00", kind="permanent", by="operator", answered_at=None,
        state="ringing", attempt=2, rings_at=AT,
    )  # fmt: skip
    waiting = msgspec.structs.replace(appointment, user="110", state="waiting", time="07:30")
    fault = Fault(kind="delay", latency_ms=200, jitter_ms=50, ports=["v24"])
    found = View(
        state=state(),
        wires=wires(),
        sets=sets,
        trunks=[
            TrunkState(name="P01", kind=TrunkKind.T2, channels=30, occupied=3),
            TrunkState(name="L01", kind=TrunkKind.ANALOGUE, channels=1, occupied=1),
        ],
        appointments=[appointment, waiting],
        link=LinkState(
            state="disturbed",
            faults=[fault],
            in_force=[FaultInForce(id="f1", fault=fault, heals_in_seconds=12.4)],
            armed=[ArmedFault(when="offered", fault=Fault(kind="cut"))],
            connections=[
                CarriedConnection(name="c1", port="standard", peer="127.0.0.1:5000"),
                CarriedConnection(name="c2", port="nmc", peer="127.0.0.1:5001"),
                CarriedConnection(name="c3", port="nmc-data-1", peer="127.0.0.1:5002"),
            ],
        ),
        tickets=[
            made(1, direction="outgoing", communication_type="outgoing", currency="EUR",
                 dialled_number="0388112233", call_seconds=50, cost="0.60"),
            made(2, kind="reminder", charged_user="106", reminder_time="07:00:00",
                 reminder_state="activation"),
        ],
    )  # fmt: skip
    return found._replace(**changed)


@pytest.fixture
def make_view() -> Callable[..., View]:
    """Return what makes views of a busy exchange."""
    return view


@pytest.fixture
def make_state() -> Callable[..., ExchangeState]:
    """Return what makes states of an exchange."""
    return state


@pytest.fixture
def make_made() -> Callable[..., LedgerLine]:
    """Return what makes lines of tickets."""
    return made
