# ruff: noqa: PLC0415 - imports stand in the command that needs them, see below
"""The command `oxo-collect`.

Everything heavy is imported inside the command that needs it: an export must not pay for TLS.
"""

import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from oxo_collector.command import (
    EXIT_CONFIGURATION,
    EXIT_MALFORMED,
    EXIT_STORE,
    ID_MAX,
    ConfigOption,
    ExchangeOption,
    OutputOption,
    SinceOption,
    WireOption,
    check_exchange,
    check_output,
    configuration_of,
    output_to,
    reading,
    refuse,
)
from oxo_collector.commands_shown import appointments, rooms, tickets

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
for _command in (appointments, rooms, tickets):
    app.command()(_command)


class Format(StrEnum):
    """How tickets are exported."""

    NDJSON = "ndjson"
    CSV = "csv"


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
    configuration = configuration_of(config)
    log = journal.start(configuration.log.format)
    try:
        collect(configuration, stop_on_signals(log), log)
    except ConfigurationRefused as error:
        refuse(f"{config}: {error}", EXIT_CONFIGURATION)
    except StoreUnusable as error:
        refuse(str(error), EXIT_STORE)


@app.command()
def status(
    config: ConfigOption,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show what the store knows about each exchange and wire."""
    from oxo_collector import tables

    configuration = configuration_of(config)
    with reading(configuration) as store, output_to("-"):
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

    configuration = configuration_of(config)
    check_exchange(exchange, configuration)
    check_output(output, config, configuration.store)
    with reading(configuration) as store:
        rows = (
            store.tickets_once(exchange=exchange, since=since)
            if wire is None
            else store.tickets(exchange=exchange, wire=wire, since=since)
        )
        write = delivery.write_csv if form is Format.CSV else delivery.write_ndjson
        with output_to(output) as file:
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

    configuration = configuration_of(config)
    check_exchange(exchange, configuration)
    check_output(output, config, configuration.store)
    with reading(configuration) as store:
        names = store.exchanges() if exchange is None else [exchange]
        if differences:
            with output_to(output) as file:
                delivery.write_differences(store, names, file)
            return
        found = balances(store.seen(names), store.surplus())
    with output_to("-"):
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

    configuration = configuration_of(config)
    check_exchange(exchange, configuration)
    with reading(configuration) as store, output_to("-") as file:
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

    configuration = configuration_of(config)
    check_exchange(exchange, configuration)
    owner = next(one for one in configuration.exchange if one.name == exchange)
    try:
        with (
            Ownership(configuration.store),
            closing(open_for_writing(configuration.store)) as store,
            output_to("-"),
        ):
            door = Intake(store, lambda: datetime.now(UTC))
            whole = tables.imported(import_files(files, owner, door), len(files), as_json=as_json)
    except StoreUnusable as error:
        refuse(f"{error}; files that were told before are stored", EXIT_STORE)
    if not whole:
        raise typer.Exit(EXIT_MALFORMED)


@app.command()
def answer(
    config: ConfigOption, ticket: Annotated[int, typer.Argument(max=ID_MAX, help="Id of a ticket.")]
) -> None:
    """Write the answer in which a ticket came to standard output, as it came."""
    with reading(configuration_of(config)) as store:
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

    configuration = configuration_of(config)
    check_exchange(exchange, configuration)
    with reading(configuration) as store, output_to("-"):
        tables.quarantine(store, exchange, as_json=as_json)


@quarantine.command("show")
def quarantine_show(
    config: ConfigOption,
    entry: Annotated[int, typer.Argument(max=ID_MAX, help="Id from the list.")],
) -> None:
    """Write the bytes of one entry to standard output, as they came."""
    with reading(configuration_of(config)) as store:
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
        with output_to("-") as out:
            malformed = delivery.write_decoded(pieces, file, out)
    except (ConfigurationRefused, LayoutInvalid, ValueError) as error:
        refuse(str(error), EXIT_CONFIGURATION)
    if malformed:
        raise typer.Exit(EXIT_MALFORMED)


def _write_kept(raw: bytes | None, otherwise: str) -> None:
    if raw is None:
        refuse(otherwise, EXIT_CONFIGURATION)
    with output_to("-") as file:
        file.write(raw)


def _read(file: str) -> bytes:
    try:
        if file == "-":
            data = sys.stdin.buffer.read(DECODE_BYTES_MAX + 1)
        else:
            with Path(file).open("rb") as source:
                data = source.read(DECODE_BYTES_MAX + 1)
    except OSError as error:
        refuse(f"{file}: cannot be read: {error.strerror}", EXIT_CONFIGURATION)
    if len(data) > DECODE_BYTES_MAX:
        refuse(f"{file}: longer than {DECODE_BYTES_MAX} bytes", EXIT_CONFIGURATION)
    return data
