"""Before the first case with a remote subject: say where everything is, and wait until it connects.

What keeps a new site from connecting is an address, a firewall, a certificate or a password, and
that is better found here than in the first case.
"""

import time

from oxo_simulator.control.messages import LedgerLine, PortState
from rich.console import Console

from oxo_scenarios.bench.hands import Hands, Setting
from oxo_scenarios.bench.ledger import POLL_SECONDS_MAX, Ledger
from oxo_scenarios.bench.stand import Stand
from oxo_scenarios.bench.trouble import NotDone
from oxo_scenarios.judge import Confirmation
from oxo_scenarios.wires import doors_of

HTTPS_PORTS = ("standard", "alternate")
NAMES = {"nmc": "NMC", "account": "files"}
"""How the accounts of the wires besides taxation are called on the terminal."""
SAID_MAX = 20
"""So many different things that happen at the exchange are told while the bench waits."""


class NoConnection(RuntimeError):
    """The remote subject opened no session; the text says what was seen of it."""


def announce(stand: Stand, console: Console, *, tell_password: bool) -> None:
    """Say where the exchange is, and the account; the password once, and on a terminal alone."""
    state = stand.state
    rows = [("exchange", f"{state.name} ({state.release}, profile {state.profile})")]
    rows += [(port.name, _place(port)) for port in state.ports if port.open]
    if stand.host_name:
        rows.append(("name", stand.host_name))
    kept = stand.conditions.keep
    rows.append(("authority", str(kept / "ca.pem" if kept else stand.ca_file)))
    if stand.ca_url is not None:
        rows.append(("fetch it at", stand.ca_url))
    rows.append(("fingerprint", f"{state.fingerprint} (SHA-256 of the server certificate)"))
    rows.append(("account", stand.doors.taxation.user))
    if tell_password:
        rows.append(("password", stand.doors.taxation.password))
    elif kept is not None:
        rows.append(("password", f"in {kept / 'taxation.password'}"))
    claimed = stand.subject.settings.claim.wires
    for wire in {door: None for each in claimed for door in doors_of(each)}:
        if (account := stand.doors.accounts.get(wire)) is not None:
            rows.append((f"{NAMES[wire]} account", account.user))
            if tell_password:
                rows.append((f"{NAMES[wire]} password", account.password))
        if wire == "account" and stand.subject.settings.claim.transport == "sftp":
            rows.append(("host key", stand.exchange.host_key().fingerprint))
    for name, told in rows:
        console.print(f"  {name:<12} {told}", soft_wrap=True)


def _place(port: PortState) -> str:
    """Word the place of a port as the collectors of its wire are told it."""
    place = f"{port.address}:{port.port}"
    return f"https://{place}/services/taxation" if port.name in HTTPS_PORTS else place


def meet(stand: Stand, hands: Hands, console: Console) -> None:
    """Have the subject started, and wait for its first session.

    Raises:
        NoConnection: none was opened in time, or the operator could not start it.
    """
    claim = stand.subject.settings.claim
    wire = claim.wires[0]
    ledger = Ledger(stand.exchange.control, wire)
    target = stand.target(wire, stand.address, "standard")
    setting = Setting(target, None, wire, claim.is_called(wire), stand.beside(wire))
    try:
        hands.start("", setting, None, _forget)
    except NotDone as left:
        raise NoConnection(str(left)) from left
    seconds = stand.conditions.connect_seconds
    console.print(f"waiting up to {seconds:g} s for its first session", soft_wrap=True)
    deadline = time.monotonic() + seconds
    said: dict[str, None] = {}
    told = 0
    while True:
        left_seconds = deadline - time.monotonic()
        ledger.refresh(max(0.0, min(left_seconds, POLL_SECONDS_MAX)))
        for line in ledger.lines[told:]:
            if line.event == "session opened":
                console.print("connected")
                return
            words = seen(line)
            if words and words not in said and len(said) < SAID_MAX:
                said[words] = None
                console.print(f"  seen: {words}", soft_wrap=True)
        told = len(ledger.lines)
        if left_seconds <= 0:
            shown = "; ".join(said) or "no connection at all: address, port or a firewall"
            raise NoConnection(f"no session was opened within {seconds:g} s. Seen: {shown}")


def seen(line: LedgerLine) -> str | None:
    """Return in words what a ledger line tells of a subject that tries to connect."""
    detail = line.detail
    if line.event == "connection opened":
        host = str(detail.get("peer", "")).rpartition(":")[0]
        return f"a connection from {host} to the {detail.get('port')} port"
    if line.event == "refused":
        return f"a request refused: {detail.get('reason')}"
    return None


def _forget(_confirmation: Confirmation) -> None:
    """The first start belongs to no play."""
