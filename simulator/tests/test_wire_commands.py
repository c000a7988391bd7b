"""`oxo-sim wires`, `nmc-password`, `hotel`, `sessions` and `transcript` on wires that are open."""

import ftplib
import io
import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from oxo_simulator.cli import main
from oxo_simulator.control.messages import WireName
from oxo_simulator.ephemeral import EphemeralExchange

OPEN = {
    "nmc.open": True,
    "nmc.licence_tickets": 1000,
    "nmc.login_delay_seconds": 0,
    "v24.open": True,
    "ohl.open": True,
    "stream.open": True,
    "account.open": True,
    "reset.refused_seconds": 0,
    "reset.busy_seconds": 0,
}
pytestmark = [pytest.mark.process, pytest.mark.oxo(overrides=OPEN)]

SECONDS_MAX = 20.0
SECRET = "another secret"
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def oxo_sim(
    oxo: EphemeralExchange, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Return what runs the command line in this process: status, output, error."""

    def run(*words: str, given: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["oxo-sim", *words, "--state", str(oxo.folder)])
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given)))
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        return status, *capsys.readouterr()

    return run


def let_in(oxo: EphemeralExchange, password: str) -> bool:
    """Tell whether the NMC account is let in with this password."""
    with ftplib.FTP(timeout=SECONDS_MAX) as client:  # noqa: S321 - what the exchange speaks
        client.connect("127.0.0.1", oxo.ports["nmc"])
        try:
            client.login("ftp_nmc", password)
        except ftplib.error_perm:
            return False
        return True


def read_to_the_end(end: socket.socket) -> None:
    while end.recv(1024):
        pass


def test_every_wire_is_shown_with_what_waits_there(
    oxo: EphemeralExchange, oxo_sim: Command
) -> None:
    oxo.call()
    status, out, _ = oxo_sim("wires", "--json")
    found = {one["name"]: one for one in json.loads(out)}
    assert (status, list(found)) == (0, list(get_args(WireName)))
    assert [one["open"] for one in found.values()] == [True] * 6
    assert [one["waiting"] for one in found.values()] == [1] * 6
    assert (found["stream"]["main"], found["account"]["files"]) == ("stream-a", 0)
    assert found["nmc"]["port"] == oxo.ports["nmc"]
    assert found["nmc"]["capacity"] == 1000
    _, shown, _ = oxo_sim("wires")
    assert f"{oxo.ports['v24']}" in shown
    assert {"main", "files,", "none"} <= set(shown.split())
    for name in ("standard", "account-sftp", "account-data-1", "stream-a", "stream-b"):
        assert f"{name} {oxo.ports[name]} " in shown
    oxo.renew()
    _, shown, _ = oxo_sim("wires")
    assert f"{oxo.ports['v24']} (closed)" in shown
    assert f"stream-b {oxo.ports['stream-b']} (closed)" in shown


def test_a_new_nmc_password_comes_from_a_file_or_standard_input_and_is_valid_by_profile(
    oxo: EphemeralExchange, oxo_sim: Command, tmp_path: Path
) -> None:
    old = (oxo.folder / "nmc.password").read_text("utf-8").strip()
    file = tmp_path / "new"
    file.write_text(f"{SECRET}\n", "utf-8")
    status, out, _ = oxo_sim("nmc-password", str(file))
    assert (status, SECRET in out) == (0, False)
    assert (let_in(oxo, old), let_in(oxo, SECRET)) == (True, False)
    assert oxo_sim("reset", "--wait")[0] == 0
    assert (let_in(oxo, old), let_in(oxo, SECRET)) == (False, True)
    status, out, error = oxo_sim("nmc-password", "--json", given=b"\n")
    assert (status, out) == (2, "")
    assert "standard input" in json.loads(error)["error"]
    assert oxo_sim("nmc-password", "-", given=f"{old}\n".encode())[0] == 0
    assert oxo_sim("reset", "--wait")[0] == 0
    assert let_in(oxo, old)
    everything = f"{oxo.ledger()} {oxo.control.transcript()}"
    assert SECRET not in everything
    assert old not in everything


def test_a_hotel_event_is_said_in_the_frame_of_its_letter(
    oxo: EphemeralExchange, oxo_sim: Command, tmp_path: Path
) -> None:
    file = tmp_path / "room"
    file.write_text("4178\n", "utf-8")
    words = ("--guest-name", "MEIER", "--password-file", str(file), "--do-not-disturb")
    assert oxo_sim("hotel", "check-in", "217", *words)[0] == 0
    (event,) = oxo.ledger("hotel event")
    assert (event.detail["wire"], event.detail["room"]) == ("ohl", "217")
    with socket.create_connection(("127.0.0.1", oxo.ports["ohl"]), SECONDS_MAX) as client:
        heard = b""
        while b"A217     " not in heard:
            data = client.recv(1024)
            assert data, heard
            heard += data
            client.sendall(b"\x06")
        assert b"MEIER" in heard
        oxo.wait_for("hotel event told")
        _, out, _ = oxo_sim("sessions", "--json")
        (session,) = json.loads(out)
        assert (session["wire"], session["name"], session["port"]) == ("ohl", "o1", "ohl")
        assert oxo_sim("sessions", "--end", "o1")[0] == 0
    oxo.wait_for("session closed", session="o1")
    said: list[dict[str, Any]] = [
        line for line in oxo.control.transcript() if line.get("wire") == "ohl"
    ]
    assert {line["sender"] for line in said} == {"exchange", "collector"}
    _, shown, _ = oxo_sim("transcript")
    assert "<STX>A217" in shown


def test_an_account_file_is_closed_on_demand(oxo: EphemeralExchange, oxo_sim: Command) -> None:
    assert oxo_sim("account-close")[:2] == (0, "no ticket waits for a file\n")
    oxo.call()
    status, out, _ = oxo_sim("account-close", "--json")
    closed = json.loads(out)
    assert (status, closed["first"], closed["last"]) == (0, 1, 1)
    (filed,) = oxo.ledger("filed")
    assert filed.detail == {"wire": "account", **closed}
    oxo.call()
    _, out, _ = oxo_sim("account-close")
    assert re.fullmatch(r"TAX[A-Z]{5}\.DAT is closed, sequences 2 to 2\n", out)


def test_a_new_account_password_and_host_key(oxo: EphemeralExchange, oxo_sim: Command) -> None:
    status, out, _ = oxo_sim("account-password", given=f"{SECRET}\n".encode())
    assert (status, SECRET in out) == (0, False)
    _, before, _ = oxo_sim("account-host-key", "--json")
    _, renewed, _ = oxo_sim("account-host-key", "--renew", "--json")
    _, now, _ = oxo_sim("account-host-key")
    fingerprint = json.loads(renewed)["fingerprint"]
    assert fingerprint.startswith("SHA256:")
    assert json.loads(before)["fingerprint"] != fingerprint
    assert now == f"{json.loads(renewed)['kind']} {fingerprint}\n"
    assert json.loads((oxo.folder / "exchange.json").read_text())["host_key"] == fingerprint
    (line,) = oxo.ledger("host key")
    assert line.detail == {"wire": "account", "fingerprint": fingerprint}
    assert SECRET not in f"{oxo.ledger()} {oxo.control.transcript()}"


def test_a_switch_over_and_notices_on_the_stream(oxo: EphemeralExchange, oxo_sim: Command) -> None:
    assert oxo_sim("stream-say", "mao", "--item", "OBJECT=USER")[0] == 0
    status, out, _ = oxo_sim(
        "stream-say", "voip", "--user", "128", "--number", "0390", "--seconds", "7", "--json"
    )
    assert (status, json.loads(out)["phase"]) == (0, "serving")
    assert oxo_sim("switch-over")[:2] == (0, "stream-b is main\n")
    status, out, _ = oxo_sim("switch-over", "--hard", "--json")
    assert (status, json.loads(out)["main"]) == (0, "stream-a")
    told = [(line.event, line.detail.get("ordered")) for line in oxo.ledger()[-8:]]
    assert ("switch-over", True) in told
    assert ("switch-over", False) in told
    lost = oxo.ledger("notice dropped")
    assert [line.detail["kind"] for line in lost] == ["mao", "voip", "mao"]


@pytest.mark.parametrize(
    ("words", "status", "error"),
    [
        (("hotel", "party", "217"), 2, "event: 'party' is none; allowed: check-in, "),
        (
            ("hotel", "room status", "1", "--room-status", "wet"),
            2,
            "room_status: 'wet' is none; allowed: cleaned, not cleaned",
        ),
        (("hotel", "check-in", "217", "--deposit", "much"), 2, "deposit: Invalid decimal string"),
        (("hotel", "check-in", "a room without end"), 1, "room"),
        (("stream-say", "fax"), 2, "kind: 'fax' is none; allowed: mao, voip"),
        (("stream-say", "mao", "--item", "OBJECT"), 2, "--item OBJECT"),
        (("stream-say", "mao", "--item", "A=;"), 1, "mao: 'A'"),
        (("stream-say", "voip", "--user", "1" * 40), 1, "voip: local directory number"),
        (("cut", "--wire", "nmc"), 2, "--wire nmc: it belongs to --when"),
        (
            ("cut", "--when", "consumed", "--wire", "fax"),
            2,
            "'fax' is none; allowed: account, nmc, ohl, stream, taxation, v24",
        ),
        (("cut", "--port", "fax"), 1, "there are standard, alternate, nmc, nmc-data, nmc-data-1"),
    ],
)
def test_what_cannot_be_ordered_is_one_line(
    oxo_sim: Command, words: tuple[str, ...], status: int, error: str
) -> None:
    found, out, said = oxo_sim(*words)
    assert (found, out) == (status, "")
    assert error in said
    assert len(said.splitlines()) == 1


def test_an_armed_fault_of_a_wire_strikes_at_that_wires_event(
    oxo: EphemeralExchange, oxo_sim: Command
) -> None:
    order = ("--when", "consumed", "--wire", "v24", "--kind", "reset", "--port", "v24")
    assert oxo_sim("cut", *order)[0] == 0
    assert oxo.control.link().armed[0].wire == "v24"
    with socket.create_connection(("127.0.0.1", oxo.ports["v24"]), SECONDS_MAX) as printer:
        printer.sendall(b"\x11")
        oxo.call()
        printed = oxo.wait_for("consumed", wire="v24")
        struck = oxo.wait_for("fault")
        assert struck.n == printed.n + 1
        with pytest.raises(ConnectionResetError):
            read_to_the_end(printer)
