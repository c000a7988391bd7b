"""A real link: the words said to `ip`, what is refused, and where possible the thing itself."""

import os
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
from oxo_simulator.control.client import OrderRefused
from oxo_simulator.control.messages import ArmedFault, Fault, Installation, LedgerLine
from oxo_simulator.ephemeral import EphemeralExchange
from oxo_simulator.link.cable import Cable
from oxo_simulator.link.faults import FaultUnknown
from oxo_simulator.link.real import (
    DEVICES,
    NAMESPACES,
    Names,
    RealCable,
    RealLinkImpossible,
    check,
    real_cable,
    run_ip,
)
from oxo_simulator.running import OptionWrong, Start, options

SECONDS_MAX = 20
SILENCE_SECONDS = 0.3


class Ip:
    """Notes what `ip` is asked; refuses what it is told to refuse."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refuses = ""

    def __call__(self, words: Sequence[str]) -> None:
        self.asked.append(" ".join(words))
        if self.refuses and self.refuses in self.asked[-1]:
            raise RealLinkImpossible(f"--real-link: ip {self.asked[-1]}: refused")

    def new(self) -> list[str]:
        found, self.asked = self.asked, []
        return found


@pytest.fixture
def ip() -> Ip:
    return Ip()


@pytest.fixture
def cable(ip: Ip) -> RealCable:
    return RealCable(Names(17), ip, nullcontext)


def test_a_link_is_made_of_two_devices_and_a_namespace(ip: Ip, cable: RealCable) -> None:
    cable.make()
    assert ip.new() == [
        "netns add oxo-17",
        "link add oxo-h17 type veth peer name oxo-e17 netns oxo-17",
        "address add 198.18.0.69/30 dev oxo-h17",
        "-n oxo-17 address add 198.18.0.70/30 dev oxo-e17",
        "-n oxo-17 link set lo up",
        "-n oxo-17 link set oxo-e17 up",
        "link set oxo-h17 up",
    ]
    assert cable.address == "198.18.0.70"
    cable.remove()
    assert ip.new() == ["link delete oxo-h17", "netns delete oxo-17"]


def test_names_fit_devices_and_no_two_links_share_addresses() -> None:
    named = [Names(number) for number in range(64)]
    assert max(len(each.here) for each in named) < 16
    addresses = [each.address(place) for each in named for place in (1, 2)]
    assert len(set(addresses)) == 128
    assert addresses[-1] == "198.18.0.254"


def test_the_exchanges_end_is_down_until_nobody_cuts_it(ip: Ip, cable: RealCable) -> None:
    cable.cut("f1")
    cable.cut("f2")
    assert ip.new() == ["-n oxo-17 link set oxo-e17 down"]
    cable.mend("f1")
    assert ip.new() == []
    cable.mend("f2")
    assert ip.new() == ["-n oxo-17 link set oxo-e17 up"]
    cable.mend()
    assert ip.new() == []
    cable.cut("f3")
    cable.cut("f4")
    cable.mend()
    assert ip.new() == ["-n oxo-17 link set oxo-e17 down", "-n oxo-17 link set oxo-e17 up"]


def test_what_is_gone_already_needs_no_removal(ip: Ip, cable: RealCable) -> None:
    ip.refuses = "delete"
    cable.remove()
    assert len(ip.new()) == 2
    ip.refuses = "netns add"
    with pytest.raises(RealLinkImpossible, match="--real-link: ip netns add oxo-17: refused"):
        cable.make()


@pytest.mark.parametrize(
    ("platform", "user", "program", "why"),
    [
        ("darwin", 0, "/sbin/ip", "network namespaces are Linux's; this is darwin"),
        ("linux", 1000, "/sbin/ip", r"root is needed for a network namespace.*\(sudo\)"),
        ("linux", 0, None, r"`ip` is not installed \(package iproute2\)"),
    ],
)
def test_where_there_cannot_be_one_it_is_refused(
    platform: str, user: int, program: str | None, why: str
) -> None:
    with pytest.raises(RealLinkImpossible, match=f"--real-link: .*{why}"):
        check(platform, user, program)


def test_where_there_can_be_one_it_is_not() -> None:
    check("linux", 0, "/sbin/ip")


def test_it_has_its_own_address(tmp_path: Path) -> None:
    typed: dict[str, Any] = {
        "folder": tmp_path, "profile": "certify", "overrides": {}, "tag_set": None, "seed": 1,
        "time": "manual", "ports": {}, "names": (), "control_port": 0, "password_file": None,
    }  # fmt: skip
    assert options(Start(**typed, listen="127.0.0.1", real_link=True)).real_link
    with pytest.raises(OptionWrong, match=r"--listen 127\.0\.0\.9: with --real-link"):
        options(Start(**typed, listen="127.0.0.9", real_link=True))


class PaperCable(Cable):
    """Notes whether it is plugged in."""

    is_real = True

    def __init__(self) -> None:
        self.keys: set[object] = set()
        self.mended = 0

    def cut(self, key: object) -> None:
        self.keys.add(key)

    def mend(self, key: object | None = None) -> None:
        self.keys = self.keys - {key} if key is not None else set()
        self.mended += 1


def test_a_cut_of_the_whole_link_pulls_the_cable_and_no_other_fault_does(paper: Any) -> None:
    paper.link.cable = cable = PaperCable()
    pair = paper.connect()
    for fault in ({"towards": "collector"}, {"ports": ["standard"]}):
        paper.strike("cut", **fault)
        assert not cable.keys
    pair.exchange.say(b"held")
    assert len(paper.told("held")) == 1
    paper.restore()
    assert pair.collector.text == b"held"
    paper.strike("cut")
    assert len(cable.keys) == 1
    pair.exchange.say(b"given to the system, which keeps it")
    assert len(paper.told("held")) == 1
    paper.restore()
    assert not cable.keys
    assert paper.told("restored")[-1]["faults"] == [{"id": "f3", "real": True}]
    assert paper.link.state().real


def test_a_pulled_cable_heals_and_a_new_exchange_finds_it_plugged_in(paper: Any) -> None:
    paper.link.cable = cable = PaperCable()
    paper.strike("cut", heal_after_seconds=2)
    paper.strike("cut", heal_after_seconds=3)
    paper.advance(2)
    assert len(cable.keys) == 1
    paper.advance(1)
    assert not cable.keys
    paper.strike("cut")
    paper.link.renew(lambda _event, _detail: None, 1)
    assert not cable.keys


class LostCable(PaperCable):
    """Somebody took its devices away."""

    def cut(self, key: object) -> None:  # noqa: ARG002 - Cable
        raise RealLinkImpossible("--real-link: ip link set oxo-e1 down: no such namespace")


def test_a_cable_that_cannot_be_pulled_is_not_said_to_be(paper: Any) -> None:
    paper.link.cable = LostCable()
    with pytest.raises(FaultUnknown, match="no such namespace"):
        paper.strike("cut", heal_after_seconds=5)
    assert not paper.link.disturbed
    assert paper.reactor.getDelayedCalls() == []
    spent = {"id": "f1", "kind": "cut", "ports": []}
    assert [paper.told(event) for event in ("spent", "restored")] == [[spent], []]


def test_an_event_goes_on_where_its_armed_cut_cannot_be(paper: Any) -> None:
    paper.link.cable = LostCable()
    paper.link.arm(ArmedFault(fault=Fault(kind="cut"), when="offered"))
    line = LedgerLine(n=17, at="", exchange_time="", event="offered", detail={})
    paper.link.ledger_line(line)
    assert [each["id"] for each in paper.told("spent")] == ["f1"]
    assert not paper.link.disturbed


class TornCable(PaperCable):
    """Somebody took its namespace away while it was unplugged."""

    torn = True

    def mend(self, key: object | None = None) -> None:
        if self.torn and self.keys:
            raise RealLinkImpossible("--real-link: ip -n oxo-0 link set oxo-e0 up: no namespace")
        super().mend(key)


def test_a_cable_that_was_not_plugged_in_is_out_still(ip: Ip, cable: RealCable) -> None:
    cable.cut("f1")
    ip.refuses = "up"
    for _ in range(2):
        with pytest.raises(RealLinkImpossible, match="oxo-e17 up: refused"):
            cable.mend("f1")
    ip.refuses = ""
    cable.mend()
    assert ip.new()[-1] == "-n oxo-17 link set oxo-e17 up"


def test_who_restores_a_torn_cable_is_told_so_as_often_as_he_asks(paper: Any) -> None:
    paper.link.cable = cable = TornCable()
    paper.strike("cut")
    for _ in range(2):
        with pytest.raises(FaultUnknown, match=r"cannot be plugged in.*: no namespace; end the"):
            paper.restore()
        assert paper.link.disturbed
    assert paper.told("restored") == []
    cable.torn = False
    paper.restore()
    assert not paper.link.disturbed


def test_a_torn_cable_does_not_heal(paper: Any) -> None:
    paper.link.cable = TornCable()
    paper.strike("cut", heal_after_seconds=2)
    paper.advance(2)
    assert paper.told("healed") == []
    (still,) = paper.link.state().in_force
    assert still.heals_in_seconds is None


def test_nothing_is_installed_behind_a_torn_cable_and_its_process_ends_in_order(
    paper: Any,
) -> None:
    paper.link.cable = TornCable()
    paper.strike("cut")
    with pytest.raises(FaultUnknown, match="cannot be plugged in"):
        paper.link.plug_in()
    assert paper.link.disturbed
    paper.link.close()
    assert not paper.link.disturbed


# The thing itself.


@pytest.fixture
def possible() -> None:
    """Expect the failure by name where nobody may make namespaces; `ip` itself is to be there."""
    with ExitStack() as undo:
        try:
            real_cable(undo)
        except RealLinkImpossible as error:
            pytest.xfail(f"this machine lets us make no real link: {error}")


def left() -> list[Path]:
    """Return what there is of real links on this machine."""
    names = [Names(number) for number in range(64)]
    places = [(NAMESPACES / each.namespace, DEVICES / each.here) for each in names]
    return [place for pair in places for place in pair if place.exists()]


@pytest.fixture
def oxo_behind_a_cable(possible: None) -> Iterator[EphemeralExchange]:
    del possible
    with EphemeralExchange("--real-link", "--set", "v24.open=true") as found:
        yield found


def printed_until_silence(printer: socket.socket) -> bytes:
    """Return what comes until nothing comes for a while."""
    printer.settimeout(SILENCE_SECONDS)
    found = b""
    with suppress(TimeoutError):
        while data := printer.recv(4096):
            found += data
    return found


@pytest.mark.process
@pytest.mark.needs("ip")
def test_a_real_cable_is_pulled_and_plugged_in_again(
    oxo_behind_a_cable: EphemeralExchange,
) -> None:
    oxo = oxo_behind_a_cable
    (address,) = {port.address for port in oxo.control.state().ports}
    place = (address, oxo.ports["v24"])
    assert address.startswith("198.18.0.")
    with socket.create_connection(place, SECONDS_MAX) as printer:
        oxo.wait_for("connection opened")
        printed_until_silence(printer)
        oxo.control.strike(Fault(kind="cut"))
        with pytest.raises(OSError, match=r"timed out|No route|unreachable"):
            socket.create_connection(place, SILENCE_SECONDS)
        oxo.call("128", "0388112233")
        assert printed_until_silence(printer) == b""
        oxo.control.restore()
        printer.settimeout(SECONDS_MAX)
        assert printer.recv(4096), "the system has sent it again"
        socket.create_connection(place, SECONDS_MAX).close()
    assert oxo.ledger("held") == []


@pytest.mark.process
@pytest.mark.needs("ip")
def test_a_cable_whose_namespace_is_gone_is_told_of_in_a_sentence(
    oxo_behind_a_cable: EphemeralExchange,
) -> None:
    control = oxo_behind_a_cable.control
    (address,) = {port.address for port in control.state().ports}
    (names,) = [each for each in map(Names, range(64)) if each.address(2) == address]
    control.strike(Fault(kind="cut"))
    epoch = control.state().epoch
    run_ip(["netns", "delete", names.namespace])
    refused = pytest.raises(OrderRefused, match=r"cannot be plugged in.*namespace")
    with refused:
        control.restore()
    with refused:
        control.install(Installation())
    with refused:
        control.restore()
    state = control.state()
    assert (state.link, state.epoch) == ("disturbed", epoch)


@pytest.mark.process
@pytest.mark.needs("ip")
def test_what_a_killed_exchange_left_is_taken_away_by_the_next(possible: None) -> None:
    del possible
    before = left()
    killed = EphemeralExchange("--real-link")
    try:
        mine = [place for place in left() if place not in before]
        assert len(mine) == 2
        os.kill(killed._process.pid, signal.SIGKILL)
        killed._process.wait(SECONDS_MAX)
        assert [place for place in mine if not place.exists()] == [], "nobody could take it away"
    finally:
        killed.close()
    with ExitStack() as undo:
        made = real_cable(undo)
        made.cut("f1")
        with made.within():
            socket.create_server((made.address, 0)).close()
    assert [place for place in mine if place.exists()] == []


@pytest.mark.needs("ip")
def test_what_ip_complains_of_is_said() -> None:
    with pytest.raises(RealLinkImpossible, match=r"--real-link: ip link show nobody0: .*exist"):
        run_ip(["link", "show", "nobody0"])
