"""What stands behind the desk of the NMC wire: its words, and the shelf of a fresh exchange."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from oxo_simulator.exchange.outlet import Outlet
from oxo_simulator.exchange.port import Buffered
from oxo_simulator.ftp import STORING
from oxo_simulator.ftp.desk import Installed, Occasion, Words
from oxo_simulator.nmc.codec import RECORD_BYTES, encode, header_bytes
from oxo_simulator.nmc.content import Content
from oxo_simulator.nmc.mapping import alz_record
from oxo_simulator.nmc.settings import NmcSettings, file_name
from oxo_simulator.nmc.shelf import Rendered, Shelf
from oxo_simulator.nmc.terms import WIRE

_WRITES = "502 Files are only fetched and deleted here; nothing can be stored or changed."

WORDS: Final = Words(
    wire=WIRE,
    port=WIRE,
    session="n",
    banner="OXO Connect NMC FTP service ready.",
    owner="nmc",
    refused=dict.fromkeys(STORING, _WRITES),
)


def stand(
    settings: NmcSettings,
    outlet: Outlet,
    release: str,
    now: Callable[[], datetime],
    counter: int = 0,
) -> Installed:
    """Return what stands behind the desk of an exchange that shows no file yet.

    Args:
        settings: what the profile chose.
        outlet: what waits.
        release: of the exchange, for the header.
        now: wall clock of the exchange.
        counter: of the last file that there was; kept over resets (facts: oxo 7.3, ours).
    """
    shelf = new_shelf(settings, outlet, release, now, counter)

    def appear(occasion: Occasion) -> None:
        if settings.file_appears == occasion:
            shelf.appear()

    return Installed(settings, outlet, shelf, appear)


def new_shelf(
    settings: NmcSettings,
    outlet: Outlet,
    release: str,
    now: Callable[[], datetime],
    counter: int = 0,
) -> Shelf:
    """Return the empty shelf of an exchange.

    Args:
        settings: what the profile chose.
        outlet: what waits.
        release: of the exchange, for the header.
        now: wall clock of the exchange.
        counter: of the last file that there was.
    """
    head, form, manner = settings.head(release), settings.form, settings.manner

    def render(counter: int, tickets: Sequence[Buffered]) -> Rendered:
        def write(first: int, end: int) -> bytes:
            return b"".join(
                encode(alz_record(each.ticket, manner), form) for each in tickets[first:end]
            )

        at, count = now(), len(tickets)
        begin = b"" if head is None else header_bytes(head, count)
        content = Content(begin, count, RECORD_BYTES, write)
        return Rendered(file_name(settings.file_name, counter, at), content, at)

    return Shelf(
        outlet,
        render,
        emptied_by="transfer" if settings.after_transfer == "delete" else "deletion",
        empty_file=settings.empty_file,
        counter=counter,
    )
