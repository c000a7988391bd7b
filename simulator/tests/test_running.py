"""What `oxo-sim run` makes of its options, before anything listens."""

import errno
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from oxo_simulator.held import Held, hold, numbers
from oxo_simulator.installation import profile_of
from oxo_simulator.link.door import PortOccupied
from oxo_simulator.profile import Profile, load_profile, packaged
from oxo_simulator.profile_section import ProfileError
from oxo_simulator.running import OptionWrong, Start, options
from oxo_simulator.wiring import BEHIND, WIRES, RunOptions


def reserve(ordered: RunOptions, profile: Profile) -> Held:
    """Hold the ports that an order asks for."""
    kinds = [kind.name for kind in WIRES]
    ports = numbers(profile, ordered.ports, ordered.control_port, kinds)
    return hold(ports, ordered.listen, BEHIND)


TYPED = Start(
    folder=Path("state"),
    profile="certify",
    overrides={"session.idle_seconds": "5"},
    tag_set="observed",
    seed=3,
    time="manual",
    listen="127.0.0.1",
    ports={"standard": "443"},
    names=("pbx",),
    control_port=0,
    password_file=None,
)


def test_what_was_typed_becomes_the_options() -> None:
    found = options(TYPED)
    assert found.folder.is_absolute()
    assert (found.ports, found.time_factor, found.password) == ({"standard": 443}, 0, None)
    profile = profile_of(found.installation)
    assert (profile.session.idle_seconds, profile.tag_set) == (5, "observed")
    assert options(replace(TYPED, time="real")).time_factor == 1
    assert options(replace(TYPED, time="60")).time_factor == 60


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tag_set": "all"}, "^--tag-set all: observed or extended is expected$"),
        (
            {"ports": {"fax": "1"}},
            "--port fax: there are standard, alternate, nmc, nmc-data-1 to nmc-data-32, v24",
        ),
        ({"ports": {"standard": "x"}}, "--port x: a number from 0 to 65535"),
        ({"ports": {"standard": "65536"}}, "--port 65536: a number from 0 to 65535"),
        ({"time": "fast"}, "--time fast: manual, real, or 1 to 100000 times as fast"),
        ({"time": "nan"}, "--time nan"),
        ({"password_file": Path("/nonexistent")}, "--password-file /nonexistent: .*No such file"),
    ],
)
def test_a_wrong_option_is_named(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionWrong, match=words):
        options(replace(TYPED, **wrong))


def test_a_password_file_must_hold_one(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\nbehind an empty line")
    with pytest.raises(OptionWrong, match="its first line is empty"):
        options(replace(TYPED, password_file=tmp_path / "secret"))
    (tmp_path / "secret").write_bytes(b"right\r\nwrong")
    found = options(replace(TYPED, password_file=tmp_path / "secret"))
    assert found.password == "right"
    assert "right" not in repr(found)


def test_a_wrong_profile_key_is_named() -> None:
    with pytest.raises(ProfileError, match=r"override session.idle: no such key"):
        profile_of(options(replace(TYPED, overrides={"session.idle": "1"})).installation)


@pytest.mark.parametrize("listen", ["127.0.0.2", "0.0.0.0", ""])  # noqa: S104 - refused
def test_an_address_that_cannot_serve_collectors_is_named(listen: str) -> None:
    with pytest.raises(OptionWrong, match=f"--listen {listen or '.empty.'}: one address of this"):
        options(replace(TYPED, listen=listen))


@pytest.mark.parametrize(
    ("listen", "words"),
    [
        ("203.0.113.7", "cannot listen at 203.0.113.7, port 443"),
        ("nonsense..", "cannot listen at nonsense.."),
    ],
)
def test_an_address_that_cannot_be_is_named(listen: str, words: str) -> None:
    with pytest.raises(PortOccupied, match=words):
        reserve(options(replace(TYPED, listen=listen)), load_profile("certify"))


def test_a_port_that_may_not_be_opened_is_named_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def denied(_self: socket.socket, _address: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", denied)
    profile = load_profile("documented")
    words = r"127.0.0.1, port 443: .*Permission denied; --port standard=NUMBER takes another"
    with pytest.raises(PortOccupied, match=words):
        reserve(options(replace(TYPED, ports={})), profile)


@pytest.mark.parametrize("name", packaged())
def test_the_real_ports_by_profile_and_free_ones_to_certify(name: str) -> None:
    ports = load_profile(name).ports
    expected = (10443, 30443) if name == "certify" else (443, 30443)
    assert (ports.standard.number, ports.alternate.number) == expected
