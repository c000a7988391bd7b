"""The stand of one run: the exchange, the subject and the folders between them.

Two temporary folders that do not know each other: one holds the exchange's state with its
control token, the other what the subject is shown (the authority's certificate, a working
folder a play).
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec
from oxo_simulator.control.client import ControlError
from oxo_simulator.control.messages import ExchangeState, Installation

from oxo_scenarios.bench.applicable import Circumstances, not_applicable
from oxo_scenarios.bench.connect import Account, Target
from oxo_scenarios.bench.contract import contract_toml
from oxo_scenarios.bench.doors import Doors
from oxo_scenarios.bench.environment import Access, Place, ProxyAccess, environment
from oxo_scenarios.bench.exchange import Exchange, own_commands
from oxo_scenarios.bench.handout import Handout
from oxo_scenarios.bench.hands import Hands
from oxo_scenarios.bench.installing import (
    CALLED_AT,
    FIRST_FILE,
    calling,
    first_file,
    wire_overrides,
)
from oxo_scenarios.bench.names import naming, resolved_name
from oxo_scenarios.bench.offspring import Offspring, adopt_orphans
from oxo_scenarios.bench.operator import Operator
from oxo_scenarios.bench.program import one_line, run_command
from oxo_scenarios.bench.proxy import Proxy
from oxo_scenarios.bench.redaction import Redaction
from oxo_scenarios.bench.running import RunningSubject
from oxo_scenarios.bench.trouble import BenchBroken, SubjectFailed
from oxo_scenarios.catalogue import Planned
from oxo_scenarios.subject import Subject
from oxo_scenarios.wires import HOME, doors_of

REFUSED, BUSY = "reset.refused_seconds", "reset.busy_seconds"
CONNECT_SECONDS = 300.0
ELSEWHERE = ("127.0.0.3", "127.0.0.4", "127.0.0.5")
"""Loopback addresses to which a play may have the exchange move; behind the link it is on .2."""
VERSION_SECONDS_MAX = 20.0
VERSION_CHARACTERS_MAX = 200


class Conditions(NamedTuple):
    """What a run is played under.

    Attributes:
        profile: of the exchange; name or path.
        seed: of every random choice.
        name: for the connection by name; `None` takes the first of `names.NAMES` that resolves.
        listen: address where subjects reach the exchange; `None` is the loopback.
        ports: name (`standard`, `alternate`, `proxy`) -> number; one that is not named is free.
        keep: folder for the exchange's authority and password, `None` makes them for this run.
        operator: who is asked, with a remote subject.
        connect_seconds: how long a remote subject may take until it has opened a session.
    """

    profile: str
    seed: int
    name: str | None = None
    listen: str | None = None
    ports: Mapping[str, int] = {}
    keep: Path | None = None
    operator: Operator | None = None
    connect_seconds: float = CONNECT_SECONDS


class Stand:
    """Exchange and subject of one run; use it as a context manager."""

    def __init__(self, subject: Subject, conditions: Conditions) -> None:
        """Prepare nothing yet."""
        self.subject = subject
        self.conditions = conditions
        self._closing = ExitStack()
        self.exchange: Exchange
        self.doors: Doors
        self.state: ExchangeState
        self._told: dict[str, dict[str, str]] = {}
        self._left_running: RunningSubject | None = None
        self.host_name = ""
        self.ca_url: str | None = None
        self.hands: Hands | None = None
        if subject.settings.remote is not None:
            assert conditions.operator is not None
            self.hands = Hands(subject.settings.remote, conditions.operator)
        self._proxy_account: Account | None = None
        self._proxy_port = conditions.ports.get("proxy", 0)

    def __enter__(self) -> Self:
        """Start the exchange and find a name for it.

        Raises:
            BenchBroken: the exchange does not start, or this machine has no name for it.
            UsageWrong: the profile is unknown, or the name asked for does not lead to it.
        """
        adopt_orphans()
        with ExitStack() as closing:
            hidden = _folder(closing)
            self._shown = _folder(closing)
            self.exchange = closing.enter_context(self._exchange(hidden))
            self.state = self.exchange.state()
            self.first_address = self.address
            self._start = self.exchange.profile_value("start")
            usual = self.exchange.profile_value(FIRST_FILE)
            self._file_names_free = usual == first_file(0)
            self.remember(self.state)
            known_hosts = self._shown / "known_hosts"
            settings = self.subject.settings
            self.doors = Doors(self.exchange, settings, self.contract_file, known_hosts)
            self.host_name = self._name()
            self.tell(self.state)
            if self.hands is not None:
                handout = Handout(self.address, self.ca_file.read_bytes())
                self.ca_url = closing.enter_context(handout).url
            self._closing = closing.pop_all()
        return self

    def __exit__(self, *_exc: object) -> None:
        """End the exchange and a subject that was left running, and remove the folders."""
        with self._closing:
            self.take_over("")

    def _exchange(self, hidden: Path) -> Exchange:
        asked = self.conditions
        options = [*naming(asked.name)]
        if asked.listen is not None:
            options += ["--listen", asked.listen]
        # A port is held from the start, or no installation can open its wire.
        claimed = self.subject.settings.claim.wires
        free = {door: 0 for wire in claimed for door in doors_of(wire) if door != HOME}
        for name, number in {**free, **asked.ports}.items():
            if name != "proxy":
                options += ["--port", f"{name}={number}"]
        return Exchange(
            hidden,
            asked.profile,
            options,
            state_folder=asked.keep,
            asked=asked.listen is not None or bool(asked.ports) or asked.keep is not None,
        )

    def _name(self) -> str:
        """Return the name for the connection by name; blank where there is none to be told."""
        wanted = self.conditions.name
        if self.hands is not None and wanted is not None:
            # It has to lead there from the subject's machine, which the bench cannot see.
            return wanted
        try:
            return resolved_name(wanted, self.address)
        except BenchBroken:
            if self.conditions.listen is None:
                raise
            return ""

    @property
    def ca_file(self) -> Path:
        """Return the authority's certificate as subjects are shown it."""
        return self._shown / "ca.pem"

    @property
    def contract_file(self) -> Path:
        """Return the contract of the profile as subjects are shown it."""
        return self._shown / "contract.toml"

    @property
    def address(self) -> str:
        """Return the address at which subjects reach the exchange now."""
        return self.state.ports[0].address

    @property
    def ports(self) -> dict[str, int]:
        """Return the ports of the exchange by name."""
        return {port.name: port.port for port in self.state.ports}

    def not_applicable(self, planned: Planned) -> str | None:
        """Return why a case does not apply: by its mode, the subject's word, or the profile."""
        settings = self.subject.settings
        under = Circumstances(
            declared=settings.not_applicable,
            deletes_files=settings.nmc.after != "leave",
            profile=self.state.profile,
            choices=self._choices,
            closed_ports=[port.name for port in self.state.ports if not port.open],
            address=self.address,
            host_name=self.host_name,
        )
        return not_applicable(planned, under)

    @property
    def reset_seconds(self) -> float:
        """Return how long a warm reset takes: by the profile, or so that the subject may see it."""
        longer = self.overrides.get(REFUSED)
        refused = longer if longer is not None else self._choices.get(REFUSED, 0)
        return float(refused) + float(self._choices.get(BUSY, 0))

    @property
    def reset_keys(self) -> dict[str, float]:
        """Return the profile keys by which a reset takes so long, whatever release comes of it."""
        told = {key: float(self._choices.get(key, 0)) for key in (REFUSED, BUSY)}
        return {**told, **self.overrides}

    @property
    def overrides(self) -> Mapping[str, float]:
        """Return the profile keys that the subject asks to differ: a reset longer than its rest."""
        if self.hands is None:
            return {}
        return {REFUSED: float(self._choices.get(REFUSED, 0)) + 2 * self.hands.remote.poll_seconds}

    def overrides_on(self, wire: str, tag_set: str, target: Target) -> dict[str, Any]:
        """Return the profile keys of a play: its doors open, and called at `target` if it listens.

        Raises:
            WireUnknown: the bench has no such play.
        """
        transport = self.subject.settings.claim.transport
        told = {**self.overrides, **wire_overrides(wire, tag_set, self._choices, transport)}
        return told | (calling(target) if self.doors.listens_on(wire) else {})

    def of_day(self, wire: str, day: int) -> dict[str, Any]:
        """Return the profile keys that let nothing of a play be called as in another one.

        A file that bears the name of one that a subject has fetched already is the same to it.
        """
        if not self.keeps or "account" not in doors_of(wire) or not self._file_names_free:
            return {}
        return {FIRST_FILE: first_file(day)}

    def target(self, wire: str, host: str, port: str) -> Target:
        """Return where exchange and subject meet; `host` and `port` are of the taxation wire.

        Raises:
            BenchBroken: the exchange does not hold a port for the wire.
        """
        if wire == HOME:
            return Target(host, self.ports[port])
        return self.doors.target(wire, self.address, self.ports)

    def beside(self, wire: str) -> tuple[tuple[str, Target], ...]:
        """Return where the doors are that a play on this wire has besides its own."""
        return self.doors.beside(wire, self.address, self.ports)

    def proxy(self) -> Proxy:
        """Return a proxy for one play.

        A subject that is set up by hand finds it at the same place with the same login all along.
        """
        host = self.conditions.listen or "127.0.0.1"
        account = self._proxy_account or proxy_account()
        proxy = Proxy(account, self.proxy_targets(), host, self._proxy_port)
        if self.hands is not None:
            self._proxy_account = account
        return proxy

    def keep_proxy(self, proxy: Proxy) -> None:
        """Remember the port that a proxy has taken, for the plays to come."""
        if self.hands is not None:
            self._proxy_port = proxy.port

    def install(self, installation: Installation) -> None:
        """Put a fresh exchange behind the same ports.

        What outlives an installation is told: its certificate may be another one since a play had
        it changed.
        """
        state = self.exchange.control.install(installation)
        self.remember(state)
        self.tell(state)

    def come_home(self) -> None:
        """Let the exchange be where it was at first, if a play had it move."""
        if self.address != self.first_address:
            self.tell(self.exchange.control.move(self.first_address))

    def move(self) -> None:
        """Let the exchange be at another loopback address, with another certificate.

        Raises:
            ControlError: it cannot be at any that is tried; the text is of the last one.
        """
        elsewhere = [each for each in ELSEWHERE if each != self.address]
        for address in elsewhere[:-1]:
            with suppress(ControlError):
                self.tell(self.exchange.control.move(address))
                return
        self.tell(self.exchange.control.move(elsewhere[-1]))

    def tell(self, state: ExchangeState) -> None:
        """Let those who are started from now on be told of the exchange as it is now."""
        self.state = msgspec.structs.replace(
            self.state, ports=state.ports, fingerprint=state.fingerprint
        )
        shutil.copyfile(state.ca_file, self.ca_file)
        choices = {choice["key"]: choice["value"] for choice in state.profile_choices}
        self.contract_file.write_text(contract_toml(choices), "utf-8")

    @property
    def keeps(self) -> bool:
        """Tell whether the subject may be kept running from play to play."""
        start = self.subject.settings.start
        return start is not None and start.kept

    def leave_running(self, subject: RunningSubject) -> None:
        """Keep a running subject for the play that takes it over, as its handover says."""
        self._left_running = subject

    def take_over(self, play: str) -> RunningSubject | None:
        """Return the subject that was left running for this play; any other one is ended."""
        found, self._left_running = self._left_running, None
        if found is None or (found.handover is not None and found.handover.after == play):
            return found
        found.end()
        return None

    def begins_at(self, day: int, start: datetime | None) -> tuple[datetime | None, bool]:
        """Return when an exchange begins, and whether that is a day of the play's own.

        A subject that goes on running must not meet an exchange whose clock was put back. So each
        play has a day of its own, at the hour that the profile or the case (`start`) says; a case
        that needs a certain day says so by another one than the profile's.
        """
        usual = datetime.fromisoformat(self._start)
        if start is not None and start.date() != usual.date():
            return start, False
        if not self.keeps:
            return start, True
        return (start or usual) + timedelta(days=day), True

    def remember(self, state: ExchangeState) -> None:
        """Remember what is chosen: the exchange tells keys of a wire only while it is open.

        Where a play changes a key, the run's own value stands. The place where one play's subject
        listens is no choice.
        """
        for choice in state.profile_choices:
            if choice["key"] == FIRST_FILE and self._file_names_free:
                choice = {**choice, "value": first_file(0)}  # noqa: PLW2901 - the run's own
            if choice["key"] != CALLED_AT:
                self._told.setdefault(choice["key"], choice)

    @property
    def profile_choices(self) -> list[dict[str, str]]:
        """Return what is not documented but chosen, of every wire that was open in the run."""
        return list(self._told.values())

    @property
    def _choices(self) -> dict[str, str]:
        return {choice["key"]: choice["value"] for choice in self.state.profile_choices}

    def proxy_targets(self) -> set[Target]:
        """Return everything the proxy may connect to: the exchange, by address or by name."""
        return {
            Target(host, port)
            for host in (self.address, self.host_name)
            for port in self.ports.values()
        }

    def work_folder(self, play: str) -> Path:
        """Make the empty working folder of a play."""
        folder = self._shown / "work" / play
        folder.mkdir(parents=True)
        return folder

    def environment(
        self, wire: str, target: Target, work: Path, proxy: ProxyAccess | None = None
    ) -> dict[str, str]:
        """Return the environment of the subject's commands, in a play on this wire."""
        access = Access(
            door=self.doors.told(wire, target, self.ports),
            ca_file=str(self.ca_file),
            fingerprint=self.state.fingerprint,
            exchange=self.state.name,
            zone=self.state.zone,
        )
        place = Place(str(self.subject.folder), str(work), proxy)
        return environment(access, place, os.environ, str(own_commands()))

    def redaction(self, *accounts: Account) -> Redaction:
        """Return what takes the secrets of the run, and of these accounts, out of words."""
        known = (self.doors.taxation, *self.doors.accounts.values(), *accounts)
        return Redaction(known, (self.exchange.token,))

    def subject_version(self) -> str:
        """Ask the subject for its version; the first line of what it says.

        Raises:
            SubjectFailed: its version command does not work.
        """
        identity = self.subject.settings.subject
        if identity.version is not None:
            return identity.version
        assert identity.version_command is not None
        work = self.work_folder("version")
        wire = self.subject.settings.claim.wires[0]
        target = self.target(wire, self.address, "standard")
        offspring = Offspring(work)
        try:
            told = run_command(
                identity.version_command,
                self.subject.folder,
                self.environment(wire, target, work),
                VERSION_SECONDS_MAX,
            )
        except SubjectFailed as failure:
            raise SubjectFailed(self.redaction().text(str(failure))) from None
        finally:
            offspring.end()
        lines = self.redaction().of(told).strip().splitlines()
        if not lines:
            raise SubjectFailed("the subject's version command says nothing")
        # "name 1.2" is what most programs say; the report prints the name beside it already.
        first = one_line(lines[0]).removeprefix(f"{identity.name} ")
        return first[:VERSION_CHARACTERS_MAX]


def proxy_account() -> Account:
    """Make a login for the proxy, with a character that has to be escaped in an URL."""
    return Account("collector", f"{secrets.token_urlsafe(12)}@{secrets.randbelow(10)}")


def _folder(closing: ExitStack) -> Path:
    """Make a folder below one of its own: neither name nor parent tells what it is for."""
    parent = Path(closing.enter_context(tempfile.TemporaryDirectory()))
    folder = parent / secrets.token_hex(4)
    folder.mkdir(mode=0o700)
    return folder
