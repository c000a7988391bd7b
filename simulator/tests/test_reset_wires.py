"""Resets through every open wire of one process: conversations, files, sequences, epochs."""

import ftplib
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
import requests
from oxo_simulator.control.messages import Reset
from oxo_simulator.ephemeral import EphemeralExchange
from oxo_tickets import CommunicationType, Direction, Kind, Ticket

WIRES = ("taxation", "nmc", "v24", "ohl", "account", "stream")
OPEN = {f"{wire}.open": True for wire in WIRES[1:]}
QUICK = {
    "reset.refused_seconds": 0.1,
    "reset.busy_seconds": 0.1,
    "nmc.licence_tickets": 1000,
    **OPEN,
}
pytestmark = [pytest.mark.process, pytest.mark.oxo(overrides=QUICK)]

SECONDS_MAX = 20
CALL = Ticket(
    kind=Kind.CALL,
    direction=Direction.OUTGOING,
    communication_type=CommunicationType.OUTGOING,
    local_time=datetime(2020, 2, 24, 14),  # noqa: DTZ001 - wall clock
    charged_user="128",
    dialled_number="0390670000",
    trunk="7",
    call_seconds=3,
)
LOGIN = "<Login/>"
Ask = Callable[[Any, str], requests.Response]


@contextmanager
def visitor(oxo: EphemeralExchange) -> Iterator[ftplib.FTP]:
    """Log in on the NMC wire."""
    with ftplib.FTP() as ftp:  # noqa: S321 - what the wire is
        ftp.connect("127.0.0.1", oxo.ports["nmc"], SECONDS_MAX)
        ftp.login("ftp_nmc", (oxo.folder / "nmc.password").read_text("utf-8").strip())
        yield ftp


def reset(oxo: EphemeralExchange, kind: Any) -> list[Any]:
    """Reset the exchange, wait until it serves, and return the ledger from the reset on."""
    last = oxo.control.state().ledger_last
    oxo.control.reset(Reset(kind=kind))
    oxo.wait_for("phase", phase="serving")
    return oxo.control.ledger(last)


def of(lines: list[Any], event: str) -> list[tuple[str, Any]]:
    return [
        (line.detail.get("wire", "taxation"), line.detail) for line in lines if line.event == event
    ]


def waiting(oxo: EphemeralExchange) -> dict[str, int]:
    return {wire.name: wire.waiting for wire in oxo.control.wires()}


def test_a_cold_reset_leaves_nothing_on_any_wire_and_begins_an_epoch(
    oxo: EphemeralExchange, ask_exchange: Ask
) -> None:
    oxo.load([CALL])
    assert oxo.control.close_account_file().file == "TAXAAAAA.DAT"
    oxo.load([CALL])
    before = ask_exchange(oxo, LOGIN).text
    with visitor(oxo) as ftp, socket.create_connection(("127.0.0.1", oxo.ports["v24"]), 5) as v24:
        assert ftp.nlst() == ["ALZ0001.ALZ"]
        oxo.wait_for("session opened", wire="v24")
        lines = reset(oxo, "cold")
        v24.recv(4096)
        with pytest.raises(ConnectionResetError):
            v24.recv(1)
    assert [line.event for line in lines if line.event in ("reset", "epoch", "phase")] == [
        "reset", "phase", "epoch", "phase", "phase",
    ]  # fmt: skip
    assert {
        wire: detail["reason"] for wire, detail in of(lines, "session closed")
    } == dict.fromkeys(("taxation", "nmc", "v24"), "reset")
    dropped = [(wire, detail["id"], detail["reason"]) for wire, detail in of(lines, "dropped")]
    assert sorted(dropped) == sorted(
        (wire, number, "cold reset")
        for wire in WIRES
        for number in (1, 2)
        if (wire, number) not in [("account", 1), ("v24", 1), ("v24", 2)]
    )
    assert [detail["file"] for _, detail in of(lines, "expired")] == ["TAXAAAAA.DAT"]
    assert waiting(oxo) == dict.fromkeys(WIRES, 0)
    after = ask_exchange(oxo, LOGIN).text
    assert f"<epoch>{oxo.control.state().epoch}</epoch>" in after
    assert before != after
    oxo.load([CALL])
    kept = [line.detail for line in oxo.ledger("buffered") if line.detail["id"] == 3]
    assert [detail["sequence"] for detail in kept] == [1] * len(WIRES)
    assert oxo.control.close_account_file().file == "TAXAAAAB.DAT", "the count goes on"
    with visitor(oxo) as ftp:
        assert ftp.nlst() == ["ALZ0002.ALZ"], "so does that of the NMC files"
    opened = [line.detail["session"] for line in oxo.ledger("session opened")]
    assert len(set(opened)) == len(opened), "no session has another one's name"


@pytest.mark.oxo(overrides={**QUICK, "reset.power_cut_connections": "silent"})
def test_a_silent_power_cut_is_told_to_nobody_who_says_nothing(oxo: EphemeralExchange) -> None:
    place = ("127.0.0.1", oxo.ports["nmc"])
    with socket.create_connection(place, 5) as asking, socket.create_connection(place, 5) as silent:
        for each in (asking, silent):
            assert each.recv(100).startswith(b"220 ")
        oxo.control.reset(Reset(kind="power cut"))
        asking.sendall(b"NOOP\r\n")
        oxo.wait_for("phase", phase="serving")
        with pytest.raises(ConnectionResetError):
            asking.recv(1)
        silent.settimeout(0.05)
        with pytest.raises(TimeoutError):
            silent.recv(1)
        silent.settimeout(5)
        silent.sendall(b"NOOP\r\n")
        with pytest.raises(ConnectionResetError):
            silent.recv(1)


def test_a_power_cut_keeps_what_waits_on_every_wire_and_the_count(
    oxo: EphemeralExchange, ask_exchange: Ask
) -> None:
    oxo.load([CALL])
    oxo.control.close_account_file()
    oxo.load([CALL])
    ask_exchange(oxo, LOGIN)
    epoch, before = oxo.control.state().epoch, waiting(oxo)
    lines = reset(oxo, "power cut")
    assert (oxo.control.state().epoch, waiting(oxo)) == (epoch, before)
    assert not of(lines, "dropped")
    assert not of(lines, "expired")
    assert of(lines, "reset") == [("taxation", {"kind": "power cut"})]
    assert oxo.control.wires()[4].files == 1
