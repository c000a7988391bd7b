"""How fast `oxo-collect run` collects durably, beside bare fetching and the bare store, in one run.

    python benchmarks/collect_wire.py [--tickets 100000] [--batches 100 1000]
    python benchmarks/collect_wire.py --memory [--tickets 1000000]
    python benchmarks/collect_wire.py --exchange [--tickets 30000] [--batches 100 1000]

The collector is the real process with its real configuration: TLS, decoding, one durable commit an
answer, acknowledgement, in that order. It collects from a process that gives prepared answers, so
that the sender is not what is measured. `bare fetching` is a loop of requests for the same answers
by http.client, read and thrown away, and acknowledged; `bare store` an executemany of the same rows
with a commit per answer into the same kind of file. What counts are the ratios, and CPU time, which
other programs disturb less; rates by the clock belong to the machine.

With `--exchange` the sender is a simulated exchange (`oxo-sim run`), spoken to behind its link:
what both take together on this machine. Its buffer holds 30,000 tickets at most.

`--memory` prints the resident memory at a tenth of the tickets and at all of them. The bytes on
disk, the answers as they came included, stand beside the 1 kB that the documents of an incumbent
name. Each ticket of a batch of one brings an envelope of its own, which is kept too.
"""

import argparse
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import trustme
from oxo_collector.decoders.taxation_soap import TicketsAnswer, decode_answer
from oxo_collector.store import Reading, open_for_writing
from oxo_collector.taxation import encoder
from oxo_tickets import Ticket, to_json
from rounds import ANSWER, CALL

OXO_SIM = Path(sys.executable).with_name("oxo-sim")
EXCHANGE_TICKETS_MAX = 30_000
OXO_COLLECT = Path(sys.executable).with_name("oxo-collect")
INCUMBENT_BYTES = 1000
SENDERS_TRUST = 'ca_file = "ca.pem"\naddress = "127.0.0.1"'
START_LOOKS_MAX = 600
AIMS = {100: 7_000, 1000: 12_000}
ZONE = "Europe/Paris"
EPOCH = "20261122T204500Z-000001"
INSERT = "INSERT INTO ticket (source, epoch, sequence, answer, canonical) VALUES (?, ?, ?, ?, ?)"
END_SECONDS_MAX = 30
PASSWORD = "benchmark-only"  # noqa: S105 - of a sender that checks none


# The sending process. It knows the contract just well enough, and checks no password.

SOAP = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<{0}Response xmlns="urn:oxo-sim:taxation:1"><{0}Result>{1}</{0}Result></{0}Response>'
    "</s:Body></s:Envelope>"
)
NUMBER = re.compile(rb"<\w+:lastSequence>(\d+)<")
LENGTH = re.compile(rb"(?i)\r\nContent-Length: *(\d+)\r\n")
KINDS = 1000


class Buffer:
    """The buffer of an exchange that is full of like tickets."""

    def __init__(self, tickets: int, batch: int, marks: int) -> None:
        self._tickets, self._batch, self._marks = tickets, batch, marks
        self._acknowledged = self._told = 0
        calls = [CALL.format(user=100 + s % 50, sequence=s) for s in range(KINDS)]
        self._calls = "".join(calls[n % KINDS] for n in range(KINDS + batch)), len(calls[0])

    def answer(self, body: bytes) -> bytes:
        """Return the answer to a request."""
        if b"GetTickets>" in body:
            return self._offer()
        if b"AckTickets>" in body:
            found = NUMBER.search(body)
            return self._acknowledge(int(found[1]) if found else 0)
        if b"Login" in body:
            inner = f"<epoch>{EPOCH}</epoch><release>R3.2</release>"
            return soap("Login", inner + "<sessionSeconds>300</sessionSeconds>")
        return soap("Logout", "")

    def _offer(self) -> bytes:
        if self._acknowledged == 0 and self._told == 0:
            print(0, flush=True)
        first = self._acknowledged + 1
        count = min(self._batch, self._tickets - self._acknowledged)
        if count == 0:
            return ANSWER.format(first=0, last=0, calls="").encode()
        text, size = self._calls
        begin = self._acknowledged % KINDS
        calls = text[begin * size : (begin + count) * size]
        left = self._tickets - self._acknowledged - count
        whole = ANSWER.format(first=first, last=first + count - 1, calls=calls)
        return whole.replace("<remaining>0<", f"<remaining>{left}<", 1).encode()

    def _acknowledge(self, last: int) -> bytes:
        gone, self._acknowledged = last - self._acknowledged, last
        if self._acknowledged - self._told >= self._marks or last == self._tickets:
            self._told = self._acknowledged
            print(self._acknowledged, flush=True)
        return soap("AckTickets", f"<acknowledged>{gone}</acknowledged>")


def soap(operation: str, inner: str) -> bytes:
    """Wrap an answer."""
    return SOAP.format(operation, inner).encode()


def converse(buffer: Buffer, stream: Any) -> None:
    """Answer the requests of one connection until it ends."""
    while True:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline(65536)
            if not line:
                return
            head += line
        found = LENGTH.search(head)
        body = buffer.answer(stream.read(int(found[1]) if found else 0))
        cookie = b"Set-Cookie: SESSIONID=1; Path=/services\r\n" if b"LoginResp" in body else b""
        kind = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"
        stream.write(kind + cookie + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        stream.flush()


def serve(certificate: str, tickets: int, batch: int, marks: int) -> None:
    """Serve one connection after the other until the process is ended."""
    buffer = Buffer(tickets, batch, marks)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with context.wrap_socket(client, server_side=True) as secure:
                converse(buffer, secure.makefile("rwb"))


# The measuring process.


class Figures(NamedTuple):
    """What one run of the collector took."""

    seconds: float
    cpu_seconds: float
    disk_bytes: int
    resident_bytes: list[int]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tickets", type=int)
    parser.add_argument("--batches", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--memory", action="store_true", help="memory, over a million tickets")
    parser.add_argument("--exchange", action="store_true", help="from a simulated exchange")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--marks", type=int, default=1, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.serve:
        serve(wanted.serve, wanted.tickets, wanted.batches[0], wanted.marks)
    if wanted.exchange:
        for batch in wanted.batches:
            from_exchange(wanted.tickets or EXCHANGE_TICKETS_MAX, batch)
        return
    tickets = wanted.tickets or (1_000_000 if wanted.memory else 100_000)
    if wanted.memory:
        memory(tickets)
        return
    for batch in wanted.batches:
        compare(tickets, batch)
    for batch in (1, 10):
        figures = collected(2000, batch)
        print(f"batch {batch:5}: {disk(figures, 2000)}")


def compare(tickets: int, batch: int) -> None:
    """Print the rates at one size of the answer."""
    figures = collected(tickets, batch)
    rate = tickets / figures.seconds
    fetching, storing = tickets / fetched(tickets, batch), tickets / stored(tickets, batch)
    cpu = figures.cpu_seconds / tickets * 1e6
    aim = f" (aim {AIMS[batch]:,})" if batch in AIMS else ""
    print(
        f"batch {batch:5}: {rate / fetching:4.0%} of bare fetching ({fetching:,.0f} tickets/s),"
        f" {rate / storing:4.0%} of the bare store ({storing:,.0f}/s);"
        f" {cpu:5.1f} us of CPU a ticket; collected durably {rate:,.0f}/s{aim};"
        f" {disk(figures, tickets)}"
    )


def disk(figures: Figures, tickets: int) -> str:
    """Say how many bytes a ticket takes."""
    each = figures.disk_bytes / tickets
    return f"{each:,.0f} bytes a ticket on disk ({each / INCUMBENT_BYTES:.2f} of the incumbent's)"


def memory(tickets: int) -> None:
    """Print how resident memory grows."""
    figures = collected(tickets, 1000, milestones=(tickets // 10, tickets))
    early, late = figures.resident_bytes
    print(
        f"resident memory {early / 1e6:.1f} MB at {tickets // 10:,} tickets,"
        f" {late / 1e6:.1f} MB at {tickets:,}: {late / early - 1:+.1%}"
    )


def collected(tickets: int, batch: int, milestones: tuple[int, ...] = ()) -> Figures:
    """Run the collector against the sender until everything is acknowledged."""
    with tempfile.TemporaryDirectory() as name, sending(Path(name), tickets, batch) as sender:
        folder = Path(name)
        config = configure(folder, sender.port, batch)
        environment = {**os.environ, "OXO_PASSWORD": PASSWORD}
        with subprocess.Popen(
            (str(OXO_COLLECT), "run", "--config", str(config)),
            env=environment, stderr=subprocess.DEVNULL,
        ) as collector:  # fmt: skip
            resident = []
            sender.wait_for(0)
            begin, cpu = time.perf_counter(), cpu_seconds(collector.pid)
            for count in milestones or (tickets,):
                sender.wait_for(count)
                resident.append(resident_bytes(collector.pid))
            seconds, cpu = time.perf_counter() - begin, cpu_seconds(collector.pid) - cpu
            collector.send_signal(signal.SIGTERM)
            collector.wait(END_SECONDS_MAX)
        with Reading(folder / "tickets.db") as store:
            (status,) = store.status()
            if (status.tickets, status.quarantined, status.missing) != (tickets, 0, 0):
                raise SystemExit(f"not collected as sent: {status}")
            return Figures(seconds, cpu, store.size_bytes(), resident)


class Sender(NamedTuple):
    """The process that gives the answers, and its words."""

    port: int
    ca_file: Path
    words: IO[str]

    def wait_for(self, count: int) -> None:
        """Wait until so many tickets are acknowledged; 0: until the first are asked for."""
        for line in self.words:
            if int(line) >= count:
                return
        raise SystemExit("the sender ended")


@contextmanager
def sending(folder: Path, tickets: int, batch: int) -> Iterator[Sender]:
    """Run a sender on a free port."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        str(folder / "server.pem")
    )
    words = [sys.executable, __file__, "--serve", str(folder / "server.pem")]
    words += ["--tickets", str(tickets), "--batches", str(batch), "--marks", str(tickets // 10)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Sender(int(process.stdout.readline()), folder / "ca.pem", process.stdout)
        finally:
            process.kill()


def from_exchange(tickets: int, batch: int) -> None:
    """Print what collector and exchange do together."""
    with tempfile.TemporaryDirectory() as name, exchanging(Path(name), tickets, batch) as told:
        folder, begin, cpu, cpu_exchange = Path(name), 0.0, 0.0, 0.0
        trust = f'fingerprint = "{told["fingerprint"]}"\naddress = "127.0.0.2"'
        config = configure(folder, told["ports"][0]["port"], batch, told["user"], trust)
        password = (folder / "exchange" / "taxation.password").read_text("utf-8").rstrip("\n")
        with subprocess.Popen(
            (str(OXO_COLLECT), "run", "--config", str(config)),
            env={**os.environ, "OXO_PASSWORD": password}, stderr=subprocess.PIPE, text=True,
        ) as collector:  # fmt: skip
            assert collector.stderr is not None
            for line in map(json.loads, collector.stderr):
                if line["event"].startswith("collecting from"):
                    begin, cpu = time.perf_counter(), cpu_seconds(collector.pid)
                    cpu_exchange = cpu_seconds(told["pid"])
                if line.get("remaining") == 0:
                    break
            seconds, cpu = time.perf_counter() - begin, cpu_seconds(collector.pid) - cpu
            cpu_exchange = cpu_seconds(told["pid"]) - cpu_exchange
            collector.send_signal(signal.SIGTERM)
            collector.communicate(timeout=END_SECONDS_MAX)
    print(
        f"batch {batch:5} from an exchange: {cpu / tickets * 1e6:5.1f} us of CPU a ticket in the"
        f" collector, {cpu_exchange / tickets * 1e6:5.1f} us in the exchange;"
        f" collected durably {tickets / seconds:,.0f}/s"
    )


@contextmanager
def exchanging(folder: Path, tickets: int, batch: int) -> Iterator[dict[str, Any]]:
    """Run an exchange full of tickets; give what it tells of itself."""
    state = folder / "exchange"
    (folder / "load.ndjson").write_bytes((canonical() + b"\n") * tickets)
    words = [str(OXO_SIM), "run", "--state", str(state), "--port", "standard=0"]
    words += ["--port", "alternate=0", "--set", f"buffer.capacity={tickets}"]
    words += ["--set", f"batch_tickets_max={batch}"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, stdout=quiet, stderr=quiet) as exchange:
        try:
            file, waited = state / "exchange.json", 0
            while not file.exists() and exchange.poll() is None and waited < START_LOOKS_MAX:
                waited += 1
                threading.Event().wait(0.05)
            load = (str(OXO_SIM), "load", "--state", str(state), str(folder / "load.ndjson"))
            subprocess.run(load, check=True, stdout=quiet, stderr=quiet)
            yield json.loads(file.read_bytes())
        finally:
            exchange.terminate()


def configure(
    folder: Path, port: int, batch: int, user: str = "bench", trust: str = SENDERS_TRUST
) -> Path:
    """Write the collector's configuration."""
    path = folder / "collector.toml"
    path.write_text(
        f"""
        store = "tickets.db"
        log.format = "json"
        [[exchange]]
        name = "bench"
        port = {port}
        user = "{user}"
        password_env = "OXO_PASSWORD"
        {trust}
        zone = "Europe/Paris"
        batch_tickets_max = {batch}
        poll_seconds = 1
        """,
        "utf-8",
    )
    return path


def fetched(tickets: int, batch: int) -> float:
    """Return the seconds of fetching and acknowledging alone."""
    with tempfile.TemporaryDirectory() as name, sending(Path(name), tickets, batch) as sender:
        context = ssl.create_default_context(cafile=str(sender.ca_file))
        with closing(
            http.client.HTTPSConnection("127.0.0.1", sender.port, context=context)
        ) as connection:
            begin = time.perf_counter()
            for last in range(batch, tickets + batch, batch):
                post(connection, encoder.get_tickets(batch))
                post(connection, encoder.acknowledge(min(last, tickets)))
            return time.perf_counter() - begin


def post(connection: http.client.HTTPSConnection, request: encoder.Request) -> None:
    """Send a request and throw the answer away."""
    connection.request("POST", encoder.PATH, request.body, {**request.headers})
    connection.getresponse().read()


def stored(tickets: int, batch: int) -> float:
    """Return the seconds of storing the same rows alone, one commit an answer."""
    row = canonical()
    with (
        tempfile.TemporaryDirectory() as name,
        closing(open_for_writing(Path(name) / "bare.db")) as connection,
    ):
        connection.execute("INSERT INTO source (exchange, wire) VALUES ('bare', 'taxation')")
        connection.execute("INSERT INTO answer VALUES (1, 1, '', 0, x'')")
        begin = time.perf_counter()
        for first in range(1, tickets + 1, batch):
            connection.execute("BEGIN IMMEDIATE")
            rows = ((1, EPOCH, sequence, 1, row) for sequence in range(first, first + batch))
            connection.executemany(INSERT, rows)
            connection.execute("COMMIT")
        return time.perf_counter() - begin


def canonical() -> bytes:
    """Return one ticket as the store keeps it."""
    calls = CALL.format(user=100, sequence=1)
    batch = decode_answer(ANSWER.format(first=1, last=1, calls=calls).encode(), ZONE)
    if not isinstance(batch, TicketsAnswer) or not isinstance(batch.tickets[0], Ticket):
        raise SystemExit(f"the benchmark's own answer cannot be read: {batch}")
    return to_json(batch.tickets[0])


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
