# ruff: noqa: PLC0415 - imports stand in the command that needs them, see below
"""The command `oxo-collect`.

Everything heavy is imported inside the command that needs it: an export must not pay for TLS.
"""

import os
import signal
import sys
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, NoReturn

import typer

from oxo_collector.receipt import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oxo_collector.configuration import Configuration
    from oxo_collector.store import Reading

EXIT_MALFORMED = 1
EXIT_CONFIGURATION = 2
EXIT_STORE = 3

ID_MAX = 2**63 - 1
"""The store's numbers end there."""

DECODE_BYTES_MAX = 256 * 1024 * 1024

app = typer.Typer(
    help="Collects call tickets from OXO Connect exchanges and keeps them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they would print local variables, hence passwords
)
quarantine = typer.Typer(
    help="What the exchanges sent and no reader understood.", no_args_is_help=True
)
app.add_typer(quarantine, name="quarantine")


class Format(StrEnum):
    """How tickets are exported."""

    NDJSON = "ndjson"
    CSV = "csv"


ConfigOption = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="OXO_COLLECT_CONFIG", help="Configuration file (TOML)."),
]
WireOption = Annotated[
    Wire | None, typer.Option("--wire", "-w", help="Everything that came over this wire.")
]
SinceOption = Annotated[
    int, typer.Option(min=0, max=ID_MAX, help="Only what was received after the one with this id.")
]
OutputOption = Annotated[str, typer.Option("--output", "-o", help="File, or - for stdout.")]
ExchangeOption = Annotated[str | None, typer.Option("--exchange", "-e", help="Only this exchange.")]


def main() -> None:
    """Run the command; a reader that goes away (`| head`) ends it quietly, as it ends others."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    app()


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature
    if wanted:
        from importlib.metadata import version

        typer.echo(f"oxo-collect {version('oxo-interop')}")
        raise typer.Exit


@app.callback()
def _common(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    pass


@app.command()
def run(config: ConfigOption) -> None:
    """Collect until SIGTERM, SIGINT or SIGHUP; ends after the batch in hand.

    Exit status: 0 ended as asked, 2 configuration refused, 3 store in use or unusable.
    """
    from oxo_collector import journal
    from oxo_collector.collection import collect
    from oxo_collector.configuration import ConfigurationRefused
    from oxo_collector.ending import stop_on_signals
    from oxo_collector.store import StoreUnusable

    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # an exchange that hangs up is no end
    configuration = _configuration(config)
    log = journal.start(configuration.log.format)
    try:
        collect(configuration, stop_on_signals(log), log)
    except ConfigurationRefused as error:
        _refuse(f"{config}: {error}", EXIT_CONFIGURATION)
    except StoreUnusable as error:
        _refuse(str(error), EXIT_STORE)


@app.command()
def status(
    config: ConfigOption,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show what the store knows about each exchange and wire."""
    from oxo_collector import tables

    configuration = _configuration(config)
    with _reading(configuration) as store, _output("-"):
        tables.status(store, configuration.sources, configuration.spools, as_json=as_json)


@app.command()
def export(  # noqa: PLR0913, PLR0917 - each is an option of the command
    config: ConfigOption,
    form: Annotated[Format, typer.Option("--format", "-f")] = Format.NDJSON,
    exchange: ExchangeOption = None,
    since: SinceOption = 0,
    wire: WireOption = None,
    output: OutputOption = "-",
) -> None:
    """Write the tickets in order of receipt; the id of the last is told on standard error.

    What came over several wires of an exchange is written once; `--wire` writes all of one wire.
    """
    from oxo_collector import delivery
    from oxo_collector.wording import counted

    configuration = _configuration(config)
    _check_exchange(exchange, configuration)
    _check_output(output, config, configuration.store)
    with _reading(configuration) as store:
        rows = (
            store.tickets_once(exchange=exchange, since=since)
            if wire is None
            else store.tickets(exchange=exchange, wire=wire, since=since)
        )
        write = delivery.write_csv if form is Format.CSV else delivery.write_ndjson
        with _output(output) as file:
            count, last = write(rows, file)
    typer.echo(f"{counted(count, 'ticket')}, last id {last or since}", err=True)


@app.command()
def reconcile(
    config: ConfigOption,
    exchange: ExchangeOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    differences: Annotated[
        bool,
        typer.Option("--differences", help="Write each ticket that a wire missed, as NDJSON."),
    ] = False,
    output: OutputOption = "-",
) -> None:
    """Compare the wires of each exchange: what only one of them had, and what each missed."""
    from oxo_collector import delivery, tables
    from oxo_collector.reconciliation import balances

    configuration = _configuration(config)
    _check_exchange(exchange, configuration)
    _check_output(output, config, configuration.store)
    with _reading(configuration) as store:
        names = store.exchanges() if exchange is None else [exchange]
        if differences:
            with _output(output) as file:
                delivery.write_differences(store, names, file)
            return
        found = balances(store.seen(names), store.surplus())
    with _output("-"):
        tables.reconciliation(found, as_json=as_json)


@app.command()
def events(
    config: ConfigOption,
    exchange: ExchangeOption = None,
    since: SinceOption = 0,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: one JSON object a line.")
    ] = False,
) -> None:
    """Show what wires told that is no ticket.

    Check-in, check-out and room status of a hotel link; MAO and VoIP tickets of the stream.
    """
    from oxo_collector import delivery, tables

    configuration = _configuration(config)
    _check_exchange(exchange, configuration)
    with _reading(configuration) as store, _output("-") as file:
        rows = store.events(exchange, since)
        if as_json:
            delivery.write_events(rows, file)
        else:
            tables.events(list(rows))


@app.command("import")
def import_(
    config: ConfigOption,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Account files, in any of their forms.")
    ],
    exchange: Annotated[str, typer.Option("--exchange", "-e", help="Whose files they are.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Put account files that lie here into the store, as if they had been fetched.

    A second import adds nothing. No other oxo-collect may collect into the store meanwhile. Exit
    status: 0 all is stored, 1 a file was refused or a line set aside, 2 and 3 as of `run`.
    """
    from contextlib import closing
    from datetime import UTC, datetime

    from oxo_collector import tables
    from oxo_collector.importing import import_files
    from oxo_collector.intake import Intake
    from oxo_collector.store import Ownership, StoreUnusable, open_for_writing

    configuration = _configuration(config)
    _check_exchange(exchange, configuration)
    owner = next(one for one in configuration.exchange if one.name == exchange)
    try:
        with (
            Ownership(configuration.store),
            closing(open_for_writing(configuration.store)) as store,
            _output("-"),
        ):
            door = Intake(store, lambda: datetime.now(UTC))
            whole = tables.imported(import_files(files, owner, door), len(files), as_json=as_json)
    except StoreUnusable as error:
        _refuse(f"{error}; files that were told before are stored", EXIT_STORE)
    if not whole:
        raise typer.Exit(EXIT_MALFORMED)


@app.command()
def answer(
    config: ConfigOption, ticket: Annotated[int, typer.Argument(max=ID_MAX, help="Id of a ticket.")]
) -> None:
    """Write the answer in which a ticket came to standard output, as it came."""
    with _reading(_configuration(config)) as store:
        raw = store.answer_bytes(ticket)
    _write_kept(raw, f"the store has no ticket {ticket}")


@quarantine.command("list")
def quarantine_list(
    config: ConfigOption,
    exchange: ExchangeOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List what was set aside, and why."""
    from oxo_collector import tables

    configuration = _configuration(config)
    _check_exchange(exchange, configuration)
    with _reading(configuration) as store, _output("-"):
        tables.quarantine(store, exchange, as_json=as_json)


@quarantine.command("show")
def quarantine_show(
    config: ConfigOption,
    entry: Annotated[int, typer.Argument(max=ID_MAX, help="Id from the list.")],
) -> None:
    """Write the bytes of one entry to standard output, as they came."""
    with _reading(_configuration(config)) as store:
        raw = store.quarantined_bytes(entry)
    _write_kept(raw, f"the quarantine has no entry {entry}")


@app.command()
def decode(
    file: Annotated[str, typer.Argument(help="File to read, or - for standard input.")],
    layout: Annotated[
        str | None,
        typer.Option(help="V24 columns: 79, 132 or a .toml/.json table; else the content tells."),
    ] = None,
    zone: Annotated[str | None, typer.Option(help="IANA time zone given to the tickets.")] = None,
    contract: Annotated[
        Path | None, typer.Option(help="TOML file with the table [contract], for SOAP answers.")
    ] = None,
) -> None:
    """Decode a file into canonical tickets (NDJSON on standard output).

    What cannot be read is named with its place on standard error; the exit status is then 1.
    """
    from oxo_collector import delivery
    from oxo_collector.configuration import ConfigurationRefused, known_zone, load_contract
    from oxo_collector.decoders.files import decode_file
    from oxo_collector.decoders.v24 import LayoutInvalid
    from oxo_collector.taxation.contract import OWN
    from oxo_collector.v24.settings import layout_of

    try:
        known = None if zone is None else known_zone(zone)
        columns = None if layout is None else layout_of(layout, Path())
        names = OWN if contract is None else load_contract(contract)
        pieces = decode_file(_read(file), layout=columns, zone=known, contract=names)
        with _output("-") as out:
            malformed = delivery.write_decoded(pieces, file, out)
    except (ConfigurationRefused, LayoutInvalid, ValueError) as error:
        _refuse(str(error), EXIT_CONFIGURATION)
    if malformed:
        raise typer.Exit(EXIT_MALFORMED)


def _write_kept(raw: bytes | None, otherwise: str) -> None:
    if raw is None:
        _refuse(otherwise, EXIT_CONFIGURATION)
    with _output("-") as file:
        file.write(raw)


def _configuration(path: Path) -> "Configuration":
    from oxo_collector.configuration import ConfigurationRefused, load

    try:
        return load(path)
    except ConfigurationRefused as error:
        _refuse(str(error), EXIT_CONFIGURATION)


@contextmanager
def _reading(configuration: "Configuration") -> "Iterator[Reading]":
    """Open the store; whatever is wrong with it, now or in the middle, ends the command."""
    from oxo_collector.store import Reading, StoreUnusable

    try:
        with Reading(configuration.store) as store:
            yield store
    except StoreUnusable as error:
        _refuse(str(error), EXIT_STORE)


def _check_exchange(name: str | None, configuration: "Configuration") -> None:
    names = [one.name for one in configuration.exchange]
    if name is not None and name not in names:
        _refuse(f"no exchange {name!r}; configured: {', '.join(names)}", EXIT_CONFIGURATION)


def _check_output(output: str, config: Path, store: Path) -> None:
    """Refuse to write tickets over what they come from: opening the file would empty it."""
    files = [config, *(store.with_name(store.name + end) for end in ("", "-wal", "-shm", ".lock"))]
    for file in files:
        if output != "-" and file.exists() and Path(output).exists() and file.samefile(output):
            _refuse(
                f"{output}: in use by the collection itself; not overwritten", EXIT_CONFIGURATION
            )


def _read(file: str) -> bytes:
    try:
        if file == "-":
            data = sys.stdin.buffer.read(DECODE_BYTES_MAX + 1)
        else:
            with Path(file).open("rb") as source:
                data = source.read(DECODE_BYTES_MAX + 1)
    except OSError as error:
        _refuse(f"{file}: cannot be read: {error.strerror}", EXIT_CONFIGURATION)
    if len(data) > DECODE_BYTES_MAX:
        _refuse(f"{file}: longer than {DECODE_BYTES_MAX} bytes", EXIT_CONFIGURATION)
    return data


@contextmanager
def _output(name: str) -> "Iterator[IO[bytes]]":
    """Open a file, or `-` for standard output; a full disk is told as plainly as a wrong path."""
    try:
        if name == "-":
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        else:
            with Path(name).open("wb") as file:
                yield file
    except OSError as error:
        if name == "-":  # what is still buffered would be tried again, and fail, at the exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        told = "standard output" if name == "-" else name
        _refuse(f"{told}: cannot be written: {error.strerror}", EXIT_CONFIGURATION)


def _refuse(text: str, status: int) -> NoReturn:
    typer.echo(f"oxo-collect: {text}", err=True)
    raise typer.Exit(status)
