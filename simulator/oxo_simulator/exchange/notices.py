"""What the exchange reports besides tickets: changes of its configuration, ends of VoIP calls.

A notice is no ticket: it is charged to nobody, has no ledger id, and only a wire that has words for
it takes it (facts: oxe 4). At an outlet it stands in one order with the tickets.
"""

from typing import Literal, NamedTuple

from oxo_tickets import Ticket

from oxo_simulator.exchange.moment import Moment

NoticeKind = Literal["mao", "voip"]
"""A change of the management database, or the end of a call over a VoIP trunk."""


class Notice(NamedTuple):
    """One notice.

    Attributes:
        kind: what it reports.
        at: when.
        items: of `mao`: names and values, which are ours (facts: oxe 4.1, unknown).
        call: of `voip`: the ticket of the call that ended.
    """

    kind: NoticeKind
    at: Moment
    items: tuple[tuple[str, str], ...] = ()
    call: Ticket | None = None


class Noticed(NamedTuple):
    """A notice that waits at an outlet, behind the ticket of that sequence (0: before all)."""

    behind: int
    notice: Notice
