# ruff: noqa: PLC0415 - imports stand in the command that needs them, as in `cli`
"""The commands that show what was collected: appointments, rooms, and the last tickets."""

from typing import TYPE_CHECKING, Annotated

import typer

from oxo_collector.command import (
    ConfigOption,
    ExchangeOption,
    WireOption,
    check_exchange,
    configuration_of,
    output_to,
    reading,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oxo_tickets import Kind

    from oxo_collector.told import Told

LAST_COUNT_MAX = 10_000

JsonOption = Annotated[bool, typer.Option("--json", help="For programs: one JSON object a line.")]
AllOption = Annotated[
    bool, typer.Option("--all", help="Every change as it came, not only how things stand.")
]


def appointments(
    config: ConfigOption,
    exchange: ExchangeOption = None,
    *,
    as_json: JsonOption = False,
    everything: AllOption = False,
) -> None:
    """Show appointments (wake-ups) as the exchange told them: programmed, failed, complete.

    With --json each line of --all is a canonical ticket.
    """
    from oxo_tickets import Kind

    from oxo_collector import told

    configuration = configuration_of(config)
    check_exchange(exchange, configuration)
    with reading(configuration) as store:
        changes = told.told_of(Kind.REMINDER, store, exchange)
        _show(Kind.REMINDER, changes, as_json=as_json, everything=everything)


def rooms(
    config: ConfigOption,
    exchange: ExchangeOption = None,
    *,
    as_json: JsonOption = False,
    everything: AllOption = False,
) -> None:
    """Show the rooms' status as housekeeping told it, by ticket or over the hotel link.

    With --json each line of --all is a canonical ticket.
    """
    from itertools import chain

    from oxo_tickets import Kind

    from oxo_collector import told

    configuration = configuration_of(config)
    check_exchange(exchange, configuration)
    zones = {one.name: one.zone for one in configuration.exchange}
    with reading(configuration) as store:
        link = told.rooms_of_the_link(store.events(exchange), zones)
        changes = chain(told.told_of(Kind.ROOM_STATUS, store, exchange), link)
        _show(Kind.ROOM_STATUS, changes, as_json=as_json, everything=everything)


def _show(kind: "Kind", changes: "Iterable[Told]", *, as_json: bool, everything: bool) -> None:
    """Show changes of reminders or of rooms' status, or how things stand by them."""
    from oxo_tickets import Kind

    from oxo_collector import delivery, told

    reminders = kind is Kind.REMINDER
    stand = told.appointments if reminders else told.rooms
    with output_to("-") as file:
        found = list(changes) if everything else stand(changes)
        if as_json and everything:
            delivery.write_told(found, file)
        elif as_json:
            fields = delivery.APPOINTMENT if reminders else delivery.ROOM
            delivery.write_states(found, fields, file)
        else:
            from oxo_collector import tables

            (tables.appointments if reminders else tables.rooms)(found)


def tickets(
    config: ConfigOption,
    last: Annotated[
        int, typer.Option("--last", "-n", min=1, max=LAST_COUNT_MAX, help="So many.")
    ] = 20,
    exchange: ExchangeOption = None,
    wire: WireOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show the tickets that came last, with the exchange's own cost and currency.

    Each as its wire told it: a call that came over two wires stands here twice.
    """
    from oxo_collector import delivery

    configuration = configuration_of(config)
    check_exchange(exchange, configuration)
    with reading(configuration) as store, output_to("-") as file:
        rows = store.last_tickets(last, exchange=exchange, wire=wire)
        if as_json:
            delivery.write_ndjson(rows, file)
        else:
            from oxo_collector import tables

            tables.tickets(rows)
