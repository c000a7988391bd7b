"""A plain call ticket collector on the standard library alone, with defects to switch on.

Without `--defect` it is right: it logs in, fetches a batch, writes it down durably, then
acknowledges; after a crash it knows by (epoch, sequence) what it has. Each defect is one wrong
habit of real collectors and stands where that habit would stand.
"""

import argparse
import base64
import http.client
import json
import os
import signal
import socket
import ssl
import sys
import threading
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

Entry = dict[str, Any]
NAMESPACE = "urn:oxo-sim:taxation:1"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
BATCH_TICKETS = 10
REQUEST_SECONDS_MAX = 2.0
POLL_SECONDS = 0.1
DEFECTS = (
    "none",
    "acknowledges-before-storing",
    "drops-last-of-batch",
    "ignores-proxy",
    "knows-one-port",
    "no-basic",
    "connects-by-address",
    "ignores-cookies",
    "ignores-appointments",
    "starts-at-now",
    "drops-identical-neighbours",
    "loses-currency",
    "redial-reads-manual",
    "speed-dial-reads-manual",
    "gives-up-when-cut",
    "stores-twice",
    "gives-up-when-refused",
    "drops-equal-tickets",
    "stops-at-unreadable",
    "takes-local-time-for-utc",
    "ignores-epochs",
    "leaves-without-logout",
    "reads-every-reminder-as-activation",
    "loses-facilities",
    "reads-every-trunk-as-analogue",
    "charges-the-set-that-called",
    "ignores-room-status",
    "reads-every-room-as-cleaned",
    "takes-incoming-for-outgoing",
    "reads-no-hours",
    "knows-one-room",
    "knows-one-currency",
)
"""One wrong habit each; `none` has none of them."""
TEXTS = {
    "ChargedUserID": "charged_user",
    "InitialUserID": "initial_user",
    "SubscriberName": "subscriber_name",
    "DialledNumber": "dialled_number",
    "BusinessCode": "account_code",
    "Cost": "cost",
    "Currency": "currency",
}
DURATIONS = {"RingingDuration": "ring_seconds", "CallDuration": "call_seconds"}
WORDS = {
    "TicketType": "kind",
    "CommunicationType": "communication_type",
    "DialMode": "dialling_mode",
    "Service": "service",
    "ReminderState": "reminder_state",
}
NUMBERS = {"Units": "units", "RoomProblem": "room_problem"}
TRUNKS = {"L": "analogue", "N": "T0", "P": "T2", "V": "VoIP"}
ROOM_STATUSES = {"0": "cleaned", "1": "not cleaned"}
FACILITIES = {"OnlineMetering": "online metering", "UserToUser": "user-to-user signalling"}


class Busy(Exception):
    """The exchange does not serve just now."""


class SessionLost(Exception):
    """The exchange does not know the session."""


def tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def words(camel: str) -> str:
    """Return `IndividualSpeedDial` as `individual speed dial`."""
    spaced = "".join(f" {c.lower()}" if c.isupper() else c for c in camel).strip()
    return {"break in": "break-in", "break out": "break-out"}.get(spaced, spaced)


def seconds(clock: str) -> int:
    """Return the seconds of `HH:MM:SS`."""
    hours, minutes, rest = (int(part) for part in clock.split(":"))
    return hours * 3600 + minutes * 60 + rest


def read_ticket(element: ET.Element) -> Entry:  # noqa: C901 - one branch per kind of tag
    """Return one CallAccounting element as a canonical ticket."""
    tags = {child.tag.rpartition("}")[2]: child.text or "" for child in element}
    ticket: Entry = {"local_time": f"{tags.pop('Date')}T{tags.pop('Time')}"}
    extras = {}
    for tag, text in tags.items():
        if tag in TEXTS:
            ticket[TEXTS[tag]] = text
        elif tag in DURATIONS:
            ticket[DURATIONS[tag]] = seconds(text)
        elif tag in WORDS:
            ticket[WORDS[tag]] = words(text)
        elif tag == "TrunkID":
            ticket |= {"trunk_kind": TRUNKS[text[0]], "trunk": text[1:]}
        elif tag == "ReminderTime":
            ticket["reminder_time"] = f"{text}:00"
        elif tag == "RoomStatus":
            ticket["room_status"] = ROOM_STATUSES[text]
        elif tag in NUMBERS:
            ticket[NUMBERS[tag]] = int(text)
        elif tag == "Facilities":
            ticket["facilities"] = sorted(FACILITIES.get(f, words(f)) for f in text.split())
        else:
            extras[tag] = text
    kind = ticket.get("communication_type")
    ticket.setdefault("kind", "facility" if kind == "facility request" else "call")
    if kind is not None:
        incoming = "incoming" in kind or kind == "break-in"
        ticket["direction"] = "incoming" if incoming else "outgoing"
    return ticket | ({"extras": {"taxation": extras}} if extras else {})


class Session:
    """One session with the exchange."""

    def __init__(self, defect: str, work: Path) -> None:
        self.defect = defect
        self.cookie = ""
        host, port = os.environ["OXO_HOST"], os.environ["OXO_PORT"]
        if defect == "knows-one-port":
            known = work / "port"
            if not known.exists():
                known.write_text(port)
            port = known.read_text()
        if defect == "connects-by-address":
            host = socket.gethostbyname(host)
        context = ssl.create_default_context(cafile=os.environ["OXO_CA_FILE"])
        proxy = os.environ.get("OXO_PROXY_HOST")
        if proxy and defect != "ignores-proxy":
            via = (proxy, int(os.environ["OXO_PROXY_PORT"]))
            login = self.basic(os.environ["OXO_PROXY_USER"], os.environ["OXO_PROXY_PASSWORD"])
            self.http = http.client.HTTPSConnection(
                *via, timeout=REQUEST_SECONDS_MAX, context=context
            )
            self.http.set_tunnel(host, int(port), {"Proxy-Authorization": login})
        else:
            self.http = http.client.HTTPSConnection(
                host, int(port), timeout=REQUEST_SECONDS_MAX, context=context
            )

    @staticmethod
    def basic(user: str, password: str) -> str:
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def ask(self, operation: str, **values: int) -> ET.Element:
        """Send one operation, return its answer."""
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
        body = (
            f'<s:Envelope xmlns:s="{SOAP}"><s:Body>'
            f'<{operation} xmlns="{NAMESPACE}">{inner}</{operation}></s:Body></s:Envelope>'
        )
        login = self.basic(os.environ["OXO_USER"], os.environ["OXO_PASSWORD"])
        if self.defect == "no-basic":
            login = login.replace("Basic", "Bearer")
        headers = {"Content-Type": "text/xml; charset=utf-8", "Authorization": login}
        if self.cookie and self.defect != "ignores-cookies":
            headers["Cookie"] = self.cookie
        self.http.request("POST", "/services/taxation", body.encode(), headers)
        answer = self.http.getresponse()
        content = answer.read()
        if answer.status == http.HTTPStatus.SERVICE_UNAVAILABLE:
            raise Busy("the exchange is busy (503)")
        if answer.status != http.HTTPStatus.OK:
            raise SessionLost(f"{operation} answered with {answer.status}")
        self.cookie = (answer.headers["Set-Cookie"] or self.cookie).partition(";")[0]
        return ET.fromstring(content)  # noqa: S314 - reads the bench's own exchange


def value(answer: ET.Element, name: str) -> str:
    return next(e.text or "" for e in answer.iter() if e.tag.rpartition("}")[2] == name)


class Store:
    """Tickets with their identity, one JSON line each; a torn last line is cut away."""

    def __init__(self, work: Path) -> None:
        self.path = work / "kept.ndjson"
        content = self.path.read_bytes() if self.path.exists() else b""
        self.path.write_bytes(content[: content.rfind(b"\n") + 1])
        self.kept = [json.loads(line) for line in self.path.read_bytes().splitlines()]
        self.known = {(entry["epoch"], entry["sequence"]) for entry in self.kept}

    def keep(self, entries: list[Entry]) -> None:
        """Write entries down; when this returns they are on the disk."""
        with self.path.open("ab") as file:
            file.write(b"".join(json.dumps(entry).encode() + b"\n" for entry in entries))
            file.flush()
            os.fsync(file.fileno())
        self.kept += entries
        self.known |= {(entry["epoch"], entry["sequence"]) for entry in entries}


def wanted(entries: list[Entry], store: Store, defect: str) -> list[Entry]:
    """Return what of a batch is to be kept; most defects are here."""
    if defect != "stores-twice":
        entries = [e for e in entries if (e["epoch"], e["sequence"]) not in store.known]
    if defect == "drops-last-of-batch":
        entries = entries[:-1]
    if defect == "ignores-appointments":
        entries = [e for e in entries if e["ticket"]["kind"] != "reminder"]
    if defect == "drops-identical-neighbours":
        before = [entry["ticket"] for entry in [*store.kept[-1:], *entries]]
        shifted = [None, *before] if len(before) == len(entries) else before
        entries = [
            e for e, neighbour in zip(entries, shifted, strict=False) if e["ticket"] != neighbour
        ]
    if defect == "drops-equal-tickets":
        seen = [entry["ticket"] for entry in store.kept]
        entries = [
            entry
            for place, entry in enumerate(entries)
            if entry["ticket"] not in [*seen, *(each["ticket"] for each in entries[:place])]
        ]
    if defect == "ignores-room-status":
        entries = [e for e in entries if e["ticket"]["kind"] != "room status"]
    if defect == "knows-one-room":
        rooms = [e["ticket"] for e in [*store.kept, *entries] if "room_status" in e["ticket"]]
        for ticket in rooms:
            ticket["charged_user"] = rooms[0]["charged_user"]
    for entry in entries:
        misread(entry["ticket"], defect)
    return entries


def misread(ticket: Entry, defect: str) -> None:  # noqa: C901 - one branch per defect
    """Change what a collector with this defect reads otherwise."""
    mode = ticket.get("dialling_mode", "")
    if defect == "loses-currency":
        ticket.pop("currency", None)
    elif (defect, mode) == ("redial-reads-manual", "redial") or (
        defect == "speed-dial-reads-manual" and mode.endswith("speed dial")
    ):
        ticket["dialling_mode"] = "manual"
    elif defect == "takes-local-time-for-utc":
        told = datetime.fromisoformat(ticket["local_time"]).replace(tzinfo=UTC)
        here = told.astimezone(ZoneInfo("Europe/Berlin")).replace(tzinfo=None)
        ticket["local_time"] = here.isoformat()
    elif defect == "reads-every-reminder-as-activation" and "reminder_state" in ticket:
        ticket["reminder_state"] = "activation"
    elif defect == "reads-no-hours" and "call_seconds" in ticket:
        ticket["call_seconds"] %= 3600
    elif defect == "knows-one-currency" and "currency" in ticket:
        ticket["currency"] = "EUR"
    elif defect == "loses-facilities":
        ticket.pop("facilities", None)
    elif defect == "reads-every-trunk-as-analogue" and "trunk_kind" in ticket:
        ticket["trunk_kind"] = "analogue"
    elif defect == "charges-the-set-that-called" and "transfer" in ticket.get("facilities", []):
        ticket["charged_user"] = ticket.get("initial_user") or "120"
    elif defect == "reads-every-room-as-cleaned" and "room_status" in ticket:
        ticket["room_status"] = "cleaned"
    elif defect == "takes-incoming-for-outgoing" and ticket.get("direction") == "incoming":
        ticket["direction"] = ticket["communication_type"] = "outgoing"


def stop_at_unreadable(entries: list[Entry], stop: threading.Event) -> None:
    """Wait for the end at a charged user that is no number, as a reader does that has thrown."""
    for ticket in (entry["ticket"] for entry in entries):
        if not ticket.get("charged_user", "0").isdigit():
            tell(f"failed: invalid literal for int(): {ticket['charged_user']!r}")
            stop.wait()


def collect(session: Session, store: Store, defect: str, stop: threading.Event) -> None:
    """Log in and collect until stopped."""
    epoch = value(session.ask("Login"), "epoch")
    if defect == "ignores-epochs":
        epoch = ""
    skipping = defect == "starts-at-now" and not store.kept
    while not stop.is_set():
        answer = session.ask("GetTickets", maxTickets=BATCH_TICKETS, waitSeconds=0)
        first, last = int(value(answer, "firstSequence")), int(value(answer, "lastSequence"))
        if last == 0:
            skipping = False
            stop.wait(POLL_SECONDS)
            continue
        found = [e for e in answer.iter() if e.tag.rpartition("}")[2] == "CallAccounting"]
        batch = [
            {"epoch": epoch, "sequence": first + place, "ticket": read_ticket(element)}
            for place, element in enumerate(found)
        ]
        if defect == "acknowledges-before-storing":
            session.ask("AckTickets", lastSequence=last)
        if defect == "stops-at-unreadable":
            stop_at_unreadable(batch, stop)
        store.keep([] if skipping else wanted(batch, store, defect))
        if defect != "acknowledges-before-storing":
            session.ask("AckTickets", lastSequence=last)
    if defect != "leaves-without-logout":
        session.ask("Logout")


def gives_up(defect: str, error: Exception) -> bool:
    """Tell whether this defect ends all collecting at such an error."""
    refused = isinstance(error, ConnectionRefusedError | Busy)
    cut = isinstance(error, OSError) and not refused
    return (defect == "gives-up-when-cut" and cut) or (
        defect == "gives-up-when-refused" and refused
    )


def run(defect: str, work: Path) -> None:
    """Collect over as many sessions as it takes, until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    store = Store(work)
    tell(f"collecting from {os.environ['OXO_URL']}")
    while not stop.is_set():
        session = Session(defect, work)
        try:
            collect(session, store, defect, stop)
        except (OSError, http.client.HTTPException, Busy, SessionLost) as error:
            tell(f"failed: {error!r}")
            if gives_up(defect, error):
                stop.wait()
        finally:
            session.http.close()
        stop.wait(POLL_SECONDS)


def main() -> None:
    """Collect, or with `--deliver` print what was kept as canonical tickets."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--defect", choices=DEFECTS, default="none")
    parser.add_argument("--deliver", action="store_true")
    arguments = parser.parse_args()
    work = Path(os.environ["OXO_WORK"])
    if arguments.deliver:
        path = work / "kept.ndjson"
        for line in path.read_bytes().splitlines() if path.exists() else []:
            sys.stdout.write(json.dumps(json.loads(line)["ticket"]) + "\n")
    else:
        run(arguments.defect, work)


main()
