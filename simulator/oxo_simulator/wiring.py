"""Where everything is put together, and nowhere else.

collector --> link (--listen) --> a wire of `WIRES` (127.0.0.2) --> exchange --> ledger
operator  --> control port (127.0.0.1) --> simulation --> all of them
"""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure

from oxo_simulator.account import wire as account
from oxo_simulator.certificates import Authority
from oxo_simulator.control.limits import ControlSite
from oxo_simulator.control.messages import Installation, WireName
from oxo_simulator.control.server import ControlServer
from oxo_simulator.files import write_whole
from oxo_simulator.held import Held, hold, numbers
from oxo_simulator.identity import Identity
from oxo_simulator.installation import profile_of
from oxo_simulator.link.cable import Cable
from oxo_simulator.link.door import PortOccupied
from oxo_simulator.link.real import RealCable, real_cable
from oxo_simulator.link.relay import Link
from oxo_simulator.nmc import wire as nmc
from oxo_simulator.ohl import wire as ohl
from oxo_simulator.premises import Premises
from oxo_simulator.profile import Profile
from oxo_simulator.simulation import Simulation
from oxo_simulator.site import Site
from oxo_simulator.stream import wire as stream
from oxo_simulator.taxation import wire as taxation
from oxo_simulator.transcript import Transcript
from oxo_simulator.v24 import wire as v24
from oxo_simulator.wire import ChangesHostKey, Parts, Wire

BEHIND = "127.0.0.2"
"""Where the exchange itself listens, under the numbers of the link (facts: tech 5)."""
CONTROL_ADDRESS = "127.0.0.1"
CONTROL_BACKLOG = 512
"""Connections that may wait to be taken: with Twisted's 50 some of 200 at once were reset."""


class WireKind(NamedTuple):
    """A wire that there can be: its name, and what builds it."""

    name: WireName
    build: Callable[[Parts], Wire]


WIRES: tuple[WireKind, ...] = (
    WireKind("taxation", taxation.build),
    WireKind("nmc", nmc.build),
    WireKind("v24", v24.build),
    WireKind("ohl", ohl.build),
    WireKind("account", account.build),
    WireKind("stream", stream.build),
)
"""Every wire, in the order in which tickets come to them."""


class FolderOccupied(OSError):
    """Another exchange runs in the state folder, or it can be none (the operator's fault)."""


@dataclass(frozen=True)
class RunOptions:
    """What the operator says at the start.

    Attributes:
        folder: the state folder.
        installation: the first exchange.
        password: of the taxation wire; `None` keeps the folder's, or makes one at random.
        listen: address for collectors.
        ports: name -> number, in place of the profile's; 0 is a free one. The wires of these ports
            can be opened by later installations.
        names: further names for the certificate.
        time_factor: exchange seconds per real second, 0 is manual.
        control_port: 0 is a free one.
        real_link: have devices and a namespace for the link; `listen` is theirs then.
    """

    folder: Path
    installation: Installation
    password: str | None = field(default=None, repr=False)
    listen: str = "127.0.0.1"
    ports: Mapping[str, int] = field(default_factory=dict)
    names: Sequence[str] = ()
    time_factor: float = 0
    control_port: int = 0
    real_link: bool = False


class Running:
    """An exchange whose ports listen; `stop` ends it.

    Attributes:
        simulation: what runs.
        control_url: where its operator reaches it.
        wires: by name, those whose ports are held.
    """

    def __init__(
        self,
        simulation: Simulation,
        control_url: str,
        wires: Mapping[str, Wire],
        control: IListeningPort,
    ) -> None:
        self.simulation = simulation
        self.control_url = control_url
        self.wires = wires
        self._control = control
        self._last: list[Callable[[], None]] = []

    def at_the_end(self, *last: Callable[[], None]) -> None:
        """Do these when everything else has stopped."""
        self._last += last

    def stop(self) -> "Deferred[object]":
        """Close every port and the ledger, and take the description away."""
        folder = self.simulation.premises.folder
        for name in ("exchange.json", "control.token"):
            with contextlib.suppress(FileNotFoundError):
                (folder / name).unlink()
        self.simulation.stop()
        closing: list[Deferred[Any]] = [
            self.simulation.link.close(),
            maybeDeferred(self._control.stopListening),
            *(maybeDeferred(wire.stop) for wire in self.wires.values()),
        ]
        return gatherResults(closing).addBoth(self._let_go)

    def _let_go(self, result: object) -> object:
        for each in self._last:
            each()
        return result


def start(options: RunOptions, reactor: Any, broken: Callable[[Failure], None]) -> Running:
    """Put an exchange together and let it listen.

    Args:
        options: what the operator says.
        reactor: network and real time.
        broken: told when the exchange cannot go on (the bench's fault); it is to be ended then.

    Raises:
        ProfileError, StartUnknown, PortTwice, PortUnknown, PortOccupied, FolderOccupied,
            AuthorityUnreadable, PasswordUnusable, OSError: the operator's to correct; the process
            is to be ended then.
    """
    profile = profile_of(options.installation)
    kinds = [kind.name for kind in WIRES]
    ports = numbers(profile, options.ports, options.control_port, kinds)
    with contextlib.ExitStack() as undo:
        lock = _occupy(options.folder)
        undo.callback(os.close, lock)
        cable = real_cable(undo) if options.real_link else Cable()
        if isinstance(cable, RealCable):
            options = replace(options, listen=cable.address)
        held = hold(ports, options.listen, BEHIND, cable)
        undo.callback(held.close)
        running = _put_together(options, profile, held, reactor, broken)
        running.at_the_end(undo.pop_all().close)
    return running


@dataclass(frozen=True)
class _Ground:
    """What is there before any wire."""

    options: RunOptions
    profile: Profile
    held: Held
    reactor: Any
    link: Link
    transcript: Transcript
    identity: Identity


def _put_together(
    options: RunOptions,
    profile: Profile,
    held: Held,
    reactor: Any,
    broken: Callable[[Failure], None],
) -> Running:
    token = secrets.token_urlsafe(32)
    if options.password is not None:
        write_whole(options.folder / taxation.PASSWORD_FILE, f"{options.password}\n".encode())
    link = Link(
        reactor=reactor,
        behind=BEHIND,
        reserved=held.towards_collectors,
        record=lambda _event, _detail: None,
        outward=held.outward,
        wires=held.wires,
        half_closing=held.half_closing,
        cable=held.cable,
    )
    transcript = Transcript(now=_utc_now, folder=options.folder)
    identity = _identity(options, profile)
    ground = _Ground(options, profile, held, reactor, link, transcript, identity)
    # From now on they may listen behind.
    wires: dict[str, Wire] = {
        kind.name: kind.build(_parts(ground, kind.name, lambda: simulation.premises.address))
        for kind in WIRES
        if held.of(kind.name)
    }
    simulation = _simulation(ground, wires, broken, lambda premises: _describe(premises, url))
    simulation.install(options.installation)
    simulation.pacer.start()
    control, url = _control_port(simulation, token, options.control_port, reactor)
    write_whole(options.folder / "control.token", f"{token}\n".encode())
    _describe(simulation.premises, url)
    return Running(simulation, url, wires, control)


def _parts(ground: _Ground, wire: str, address: Callable[[], str]) -> Parts:
    link, held = ground.link, ground.held
    return Parts(
        reactor=ground.reactor,
        first=ground.profile,
        address=address,
        behind=BEHIND,
        ports={name: link.doors[name].port for name in held.of(wire)},
        reserved={name: held.behind[name] for name in held.of(wire)},
        connection_name=link.connection_name,
        led=link.led,
        delivered=link.delivered,
        taken_bytes=link.taken_bytes,
        door=link.door,
        prove=link.prove,
        said=ground.transcript.said,
        transcript=ground.transcript,
        tls=ground.identity,
        folder=ground.options.folder,
        new_password=lambda: secrets.token_urlsafe(12),
        utc_now=_utc_now,
    )


def _simulation(
    ground: _Ground,
    wires: Mapping[str, Wire],
    broken: Callable[[Failure], None],
    describe: Callable[[Premises], None],
) -> Simulation:
    reactor = ground.reactor
    site = Site(
        _premises(ground, wires),
        behind=BEHIND,
        link=ground.link,
        wires=wires,
        identity=ground.identity,
        exchange=lambda: simulation.exchange,
        utc_now=_utc_now,
        describe=describe,
        in_thread=lambda work: deferToThreadPool(reactor, reactor.getThreadPool(), work),
    )
    simulation = Simulation(
        site=site,
        real=reactor,
        link=ground.link,
        wires=wires,
        transcript=ground.transcript,
        utc_now=_utc_now,
        factor=ground.options.time_factor,
        broken=broken,
        new_token=lambda: secrets.token_hex(4),
    )
    return simulation


def _premises(ground: _Ground, wires: Mapping[str, Wire]) -> Premises:
    shown = ground.identity.state()
    return Premises(
        folder=ground.options.folder,
        address=ground.options.listen,
        ports={name: door.port for name, door in ground.link.doors.items()},
        wires=ground.held.wires,
        name=ground.profile.name,
        user=ground.profile.user,
        ca_file=Path(shown.ca_file),
        fingerprint=shown.fingerprint,
        host_key=_host_key(wires),
    )


def _host_key(wires: Mapping[str, Wire]) -> str | None:
    keyed = (wire for wire in wires.values() if isinstance(wire, ChangesHostKey))
    return next((wire.host_key().fingerprint for wire in keyed), None)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _control_port(
    simulation: Simulation, token: str, number: int, reactor: Any
) -> tuple[IListeningPort, str]:
    site = ControlSite(ControlServer(simulation, token, reactor).resource(), reactor)
    try:
        listening: IListeningPort = reactor.listenTCP(
            number, site, CONTROL_BACKLOG, interface=CONTROL_ADDRESS
        )
    except CannotListenError as error:
        raise PortOccupied(f"control port: {error}") from error
    return listening, f"http://{CONTROL_ADDRESS}:{_number(listening)}"


def _number(listening: Any) -> int:
    number: int = listening.getHost().port
    return number


def _identity(options: RunOptions, profile: Profile) -> Identity:
    authority = Authority.load_or_create(options.folder)
    also = ["localhost", *options.names, "127.0.0.1", BEHIND, options.listen]
    return Identity(authority, authority.server_certificate(profile.name, also))


def _occupy(folder: Path) -> int:
    """Take the folder for this process alone; the system lets go of it whatever happens."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise FolderOccupied(
            f"--state {folder}: {error.strerror} ({error.filename}); "
            "a folder of your own is expected, or the name of one that can be made"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise FolderOccupied(
            f"another exchange runs in {folder}; give --state another folder"
        ) from None
    # What a killed exchange left behind would lead the operator to a dead address.
    (folder / "exchange.json").unlink(missing_ok=True)
    return lock


def _describe(premises: Premises, url: str) -> None:
    """Write the file by which others find the exchange, once everything else is there."""
    described = {
        "control_url": url,
        "pid": os.getpid(),
        "ports": [
            {
                "name": name,
                "address": premises.address,
                "port": number,
                "wire": premises.wires[name],
            }
            for name, number in premises.ports.items()
        ],
        "ca_file": str(premises.ca_file),
        "fingerprint": premises.fingerprint,
        "user": premises.user,
        **({} if premises.host_key is None else {"host_key": premises.host_key}),
    }
    write_whole(premises.folder / "exchange.json", f"{json.dumps(described, indent=2)}\n".encode())
