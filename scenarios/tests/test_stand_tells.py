"""What a stand tells of an exchange that has changed since the run began."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from oxo_scenarios.bench.stand import ELSEWHERE, Conditions, Stand
from oxo_simulator.control.client import ControlError

FIRST = "127.0.0.1"


class Port(msgspec.Struct):
    name: str
    address: str
    port: int


class State(msgspec.Struct):
    """As much of the exchange's state as is told."""

    ports: list[Port]
    fingerprint: str
    ca_file: str
    profile_choices: list[dict[str, str]]


class Control:
    """An exchange that can be at any address but the occupied ones."""

    def __init__(self, ca_file: Path) -> None:
        self.occupied: set[str] = set()
        self.state = State([Port("standard", FIRST, 40443)], "f0", str(ca_file), [])
        self.moves: list[str] = []

    def move(self, address: str) -> State:
        if address in self.occupied:
            raise ControlError(f"standard: {address}:40443 is occupied")
        self.moves.append(address)
        self.state = msgspec.structs.replace(
            self.state,
            ports=[Port("standard", address, 40443)],
            fingerprint=f"f{len(self.moves)}",
        )
        return self.state

    def install(self, _installation: object) -> State:
        return self.state


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    (tmp_path / "authority.pem").write_text("first", "ascii")
    subject: Any = SimpleNamespace(settings=SimpleNamespace(remote=None))
    found = Stand(subject, Conditions("mine.toml", 1))
    control: Any = Control(tmp_path / "authority.pem")
    found.exchange = SimpleNamespace(control=control)  # type: ignore[assignment]
    found.state = control.state
    found.first_address = FIRST
    found._file_names_free = True
    found._shown = tmp_path / "shown"
    found._shown.mkdir()
    return found


def test_a_moved_exchange_is_told_and_comes_home(stand: Stand) -> None:
    control: Any = stand.exchange.control
    stand.come_home()
    assert control.moves == [], "it is there"
    stand.move()
    assert (stand.address, stand.state.fingerprint) == (ELSEWHERE[0], "f1")
    stand.move()
    assert stand.address == ELSEWHERE[1]
    stand.come_home()
    assert (stand.address, stand.state.fingerprint) == (FIRST, "f3")


def test_an_address_whose_ports_are_taken_is_passed_over(stand: Stand) -> None:
    control: Any = stand.exchange.control
    control.occupied = set(ELSEWHERE[:2])
    stand.move()
    assert stand.address == ELSEWHERE[2]
    stand.come_home()
    control.occupied = set(ELSEWHERE)
    with pytest.raises(ControlError, match=f"{ELSEWHERE[2]}:40443 is occupied"):
        stand.move()
    assert stand.address == FIRST


def test_authority_certificate_and_contract_are_told_as_they_are_now(stand: Stand) -> None:
    control: Any = stand.exchange.control
    choice = {"key": "contract.acknowledgement", "value": "on-read", "standing": "ours"}
    Path(control.state.ca_file).write_text("another", "ascii")
    control.state = msgspec.structs.replace(
        control.state, fingerprint="f9", profile_choices=[choice]
    )
    installation: Any = None
    stand.install(installation)
    assert stand.ca_file.read_text("ascii") == "another"
    assert stand.state.fingerprint == "f9"
    assert 'acknowledgement = "on-read"' in stand.contract_file.read_text("utf-8")
    assert stand.state.profile_choices == [], "the choices of the run are those of its begin"
