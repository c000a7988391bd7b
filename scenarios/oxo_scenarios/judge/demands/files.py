"""Demands on the collection of ticket files: who logs in, and what is fetched."""

from oxo_tickets import Standing

from oxo_scenarios.judge.demands.demand import (
    LEDGER,
    Answer,
    Demand,
    counted,
    nok,
    ok,
    undecided,
)
from oxo_scenarios.judge.sight import Sight
from oxo_scenarios.wires import TELLINGS


def nmc_account(sight: Sight, _argument: str) -> Answer:
    """The subject logs in with the account of the NMC, and no login of its is refused.

    Decided by the ledger: a `session opened` on the nmc wire, and no `refused` there.
    """
    refused = [x for x in sight.chronicle.events("refused") if x.get("wire") == sight.case.wire]
    opened = sight.chronicle.events("session opened")
    if refused:
        reasons = ", ".join(sorted({str(line["reason"]) for line in refused}))
        return nok(f"{counted(len(refused), 'request')} refused ({reasons})")
    if not opened:
        return nok("no session was opened with the account of the NMC")
    return ok("logged in with the account of the NMC")


def file_whole(sight: Sight, _argument: str) -> Answer:
    """Every ticket leaves the exchange in a file that was carried whole, in one session.

    Decided by the ledger: each ticket that was taken had been offered in the session in which it
    was taken. Without any it is undecided.
    """
    given = TELLINGS[sight.case.wire].given
    offered: set[tuple[str, int]] = set()
    taken = 0
    for line in sight.chronicle.events("offered", given):
        for sequence in range(line["first"], line["last"] + 1):
            if line["event"] == "offered":
                offered.add((str(line["session"]), sequence))
            elif (str(line["session"]), sequence) not in offered:
                return nok(f"sequence {sequence} was removed by a session that had not fetched it")
            else:
                taken += 1
    return ok("file fetched whole", tickets=taken) if taken else undecided("no file was fetched")


def file_deleted(sight: Sight, _argument: str) -> Answer:
    """The subject's deletion of a file took its tickets out of the exchange.

    Decided by the ledger: a `consumed` line with `how` `deleted`. Else undecided.
    """
    deleted = [x for x in sight.chronicle.events("consumed") if x.get("how") == "deleted"]
    return ok() if deleted else undecided("no file was deleted")


DEMANDS = (
    Demand("nmc account", nmc_account, (LEDGER,), Standing.DOCUMENTED),
    Demand("file deleted", file_deleted, (LEDGER,), Standing.OURS),
    Demand("file whole", file_whole, (LEDGER,), Standing.OURS),
)
