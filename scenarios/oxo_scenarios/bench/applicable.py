"""Whether a case can be asked of a subject at all. Pure.

Three have a say, in this order: the catalogue, of the mode; the subject's folder, of the subject;
and the profile, of the exchange. Where the profile makes it impossible for any collector to do what
a case demands, nobody is asked.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from oxo_scenarios.catalogue import Case, Planned
from oxo_scenarios.declared import Reasons, why_not
from oxo_scenarios.wires import HOME

ACKNOWLEDGEMENT, ON_READ, NEXT_REQUEST = "contract.acknowledgement", "on-read", "next-request"
SECOND_LOGIN, REFUSE = "session.second_login", "refuse"
IDLE = "session.idle_seconds"
DELETION = "file deleted"
ON_READ_REASON = (
    "by the contract of the profile {} a ticket is gone once it was answered (acknowledgement "
    "on-read): not even a perfect collector survives being killed in the middle of a batch"
)
LEAVES_REASON = "the subject leaves its files to the exchange, and deletes none"
CLOSED_REASON = "the profile {} closes the exchange's {} port"
NAMELESS_REASON = "this machine knows no name for {}; --name gives one"
REFUSED_LOGIN_REASON = (
    "by the profile {} a login is refused beside a session that lives (second_login refuse), and "
    "the one that was lost lives for {:g} s, beyond the case's limit of {:g} s"
)


class Circumstances(NamedTuple):
    """What a case would be played under.

    Attributes:
        declared: what does not apply by the subject's own word: case -> reason.
        deletes_files: whether the subject deletes what it has fetched of NMC files.
        profile: name of the exchange's profile.
        choices: its keys that are chosen and not documented, with their values.
        closed_ports: names of the exchange's ports that it closes.
        address: at which subjects reach the exchange.
        host_name: name that leads there; blank where there is none.
    """

    declared: Mapping[str, Reasons]
    deletes_files: bool
    profile: str
    choices: Mapping[str, str]
    closed_ports: Collection[str]
    address: str
    host_name: str


def not_applicable(planned: Planned, under: Circumstances) -> str | None:
    """Return why a case does not apply; `None` where it does."""
    case = planned.case
    declared = planned.not_applicable or why_not(under.declared, case.id, planned.mode)
    if declared is None and DELETION in case.demands and not under.deletes_files:
        return LEAVES_REASON
    # The rest is about ports and contract of the taxation service.
    if declared is not None or case.wire != HOME:
        return declared
    return _no_way_in(case, under) or _no_way_back(case, under)


def _no_way_in(case: Case, under: Circumstances) -> str | None:
    for port in under.closed_ports:
        if f"on port {port}" in case.demands:
            return CLOSED_REASON.format(under.profile, port)
    if "by name" in case.demands and not under.host_name:
        return NAMELESS_REASON.format(under.address)
    return None


def _no_way_back(case: Case, under: Circumstances) -> str | None:
    """Return why nobody who was killed, or cut off, could be back with everything in time."""
    acknowledged = under.choices.get(ACKNOWLEDGEMENT)
    if any(demand.startswith("restarted ") for demand in case.demands):
        if acknowledged == ON_READ:
            return ON_READ_REASON.format(under.profile)
        return _kept_out(case, under)
    if "link cut" in case.demands and acknowledged == NEXT_REQUEST:
        return _kept_out(case, under)  # to leave the old session would acknowledge what it owes
    return None


def _kept_out(case: Case, under: Circumstances) -> str | None:
    """Return why nobody whose session was lost could open another one in time."""
    idle_seconds = float(under.choices.get(IDLE, 0))
    if under.choices.get(SECOND_LOGIN) == REFUSE and idle_seconds >= case.limit_seconds:
        return REFUSED_LOGIN_REASON.format(under.profile, idle_seconds, case.limit_seconds)
    return None
