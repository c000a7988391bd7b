"""Every wire tells of a ticket exactly what the carriage table says: no less, and no more.

Two tickets that differ in one field are rendered alike on a wire if, and only if, the table says
that they look alike there. So a field that a mapping forgets is found, as is one that it tells
although the table says that it is not carried. Whatever a wire cannot say it refuses with a reason.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from oxo_simulator.ed52 import mapping as ed52
from oxo_simulator.ed52.codec import render as ed52_record
from oxo_simulator.nmc.codec import encode
from oxo_simulator.nmc.mapping import alz_record
from oxo_simulator.nmc.settings import NmcSettings
from oxo_simulator.nmc.terms import terms as nmc_terms
from oxo_simulator.ohl.mapping import FrameWriter
from oxo_simulator.ohl.reception import outlet_terms as ohl_terms
from oxo_simulator.ohl.settings import OhlSettings
from oxo_simulator.profile import load_profile
from oxo_simulator.taxation.codec import ticket_bytes
from oxo_simulator.taxation.mapping import TagSet, wire_ticket
from oxo_simulator.taxation.terms import outlet_terms as taxation_terms
from oxo_simulator.v24.mapping import statement
from oxo_simulator.v24.page import sheet
from oxo_simulator.v24.settings import V24Settings
from oxo_simulator.v24.wire import outlet_terms as v24_terms
from oxo_tickets import (
    CommunicationType,
    DiallingMode,
    Direction,
    Facility,
    Kind,
    ReminderState,
    RoomStatus,
    Service,
    Ticket,
    TrunkKind,
    UserKind,
    carriage,
    carriages,
    project,
)

FIFTEEN = ("SUB", "TYP", "TRK", "DAT", "TIM", "DUR", "TAX", "SER", "FAC", "DNU", "DMO", "RIN",
           "CST", "ACC", "SUN")  # fmt: skip
Refuses = Callable[[Ticket], str | None]


@dataclass(frozen=True)
class Rendering:
    """One row of the carriage table: why the wire refuses a ticket, and the bytes of one."""

    refuses: Refuses
    render: Callable[[Ticket], bytes]


def _taxation(tag_set: TagSet) -> Rendering:
    terms = taxation_terms(load_profile("certify", {"tag_set": tag_set}))
    return Rendering(
        terms.accepts,
        lambda ticket: ticket_bytes(wire_ticket(ticket, tag_set)),
    )


def _v24(**keys: Any) -> Rendering:
    chosen = V24Settings(**keys)
    page, terms = sheet(chosen), v24_terms(chosen)
    print_ = page.block if chosen.mode == "ticket" else page.statement
    return Rendering(
        terms.accepts,
        lambda ticket: print_(statement(ticket, chosen)),
    )


def _nmc() -> Rendering:
    chosen = NmcSettings(open=True, licence_tickets=1000, reminders=True)
    terms = nmc_terms(chosen)
    assert terms is not None
    return Rendering(
        terms.accepts,
        lambda ticket: encode(alz_record(ticket, chosen.manner), chosen.form),
    )


def _ohl() -> Rendering:
    terms, writer = ohl_terms(OhlSettings()), FrameWriter()
    return Rendering(terms.accepts, writer.ticket)


RECORD = Rendering(ed52.accepts, ed52_record)
ROWS: Mapping[str, Rendering] = {
    "taxation.observed": _taxation("observed"),
    "taxation.extended": _taxation("extended"),
    "nmc.alz": _nmc(),
    "v24.ten": _v24(),
    "v24.fifteen": _v24(fields=FIFTEEN),
    "v24.block": _v24(fields=FIFTEEN, mode="ticket"),
    "ohl.smdr": _ohl(),
    "account.ed52": RECORD,
    "stream.ed52": RECORD,
}


REASONS = {"cannot be rendered", "not carried by this wire", "no statement for a local call"}


def test_every_row_of_the_table_is_rendered() -> None:
    assert set(ROWS) == {".".join(key) for key in carriages()}


# Tickets as an exchange makes them: type and direction belong together, as do begin and end.

_T, _D = CommunicationType, Direction
_IN, _OUT = _D.INCOMING, _D.OUTGOING
SORTS: list[Mapping[str, Any]] = [
    *(
        {"kind": Kind.CALL, "communication_type": kind, "direction": direction}
        for kind, direction in [
            (_T.OUTGOING, _OUT), (_T.INCOMING, _IN), (_T.OUTGOING_TRANSFER, _OUT),
            (_T.INCOMING_TRANSFER, _IN), (_T.OUTGOING_TRANSIT, _OUT), (_T.INCOMING_TRANSIT, _IN),
            (_T.OUTGOING_PRIVATE, _OUT), (_T.INCOMING_PRIVATE, _IN),
            (_T.OUTGOING_TRANSFER_PRIVATE, _OUT), (_T.INCOMING_TRANSFER_PRIVATE, _IN),
            (_T.OUTGOING_TRANSFER_TRANSIT, _OUT), (_T.INCOMING_TRANSFER_TRANSIT, _IN),
            (_T.BREAK_IN, _IN), (_T.BREAK_OUT, _OUT),
        ]
    ),
    *(
        {"kind": Kind.FACILITY, "communication_type": kind, "direction": _OUT}
        for kind in (_T.FACILITY_REQUEST, _T.FACILITY_CANCELLED)
    ),
    {"kind": Kind.LOCAL_CALL, "communication_type": None, "direction": _D.LOCAL},
    {"kind": Kind.REMINDER, "communication_type": None, "direction": None},
    {"kind": Kind.ROOM_STATUS, "communication_type": None, "direction": None},
]  # fmt: skip

digits = st.text("0123456789*#", max_size=6)
users = st.none() | st.text("123456789", max_size=8)
FIELDS: Mapping[str, st.SearchStrategy[Any]] = {
    "local_time": st.datetimes(datetime(2000, 1, 1), datetime(2069, 1, 1)).map(  # noqa: DTZ001
        lambda at: at.replace(microsecond=0)
    ),
    "charged_user": users,
    "charged_user_kind": st.none() | st.sampled_from(UserKind),
    "initial_user": users,
    "initial_user_kind": st.none() | st.sampled_from(UserKind),
    "dialled_number": st.none() | digits | digits.map(lambda number: number + "****"),
    "masked": st.dictionaries(
        st.sampled_from(["charged_user", "initial_user", "dialled_number"]), st.integers(1, 4)
    ),
    "dialling_mode": st.none() | st.sampled_from(DiallingMode),
    "facilities": st.lists(st.sampled_from(Facility), unique=True, max_size=5).map(
        lambda taken: tuple(sorted(taken))
    ),
    "service": st.none() | st.sampled_from(Service),
    "trunk": st.none() | st.text("0123456789", min_size=1, max_size=2),
    "trunk_kind": st.none() | st.sampled_from(TrunkKind),
    "ring_seconds": st.none() | st.integers(0, 3599),
    "call_seconds": st.none() | st.integers(0, 86_399),
    "units": st.none() | st.integers(0, 65_535),
    "cost": st.none() | st.decimals(0, 65_535, places=5),
    "currency": st.none() | st.sampled_from(["EUR", "GBP"]),
    "account_code": st.none() | st.text("0123456789", max_size=16),
    "subscriber_name": st.none() | st.text("AZ \u00e9Z\u0141", max_size=22),
    "reminder_time": st.none() | st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    "reminder_state": st.none() | st.sampled_from(ReminderState),
    "room_status": st.none() | st.sampled_from(RoomStatus),
    "room_problem": st.none() | st.integers(0, 999),
}
NO_FIELD_OF_THEIR_OWN = {"kind", "communication_type", "direction"}
"""They are drawn together."""
NOT_DRAWN = {
    "local_end",  # follows from begin and length
    "resolution", "zone", "fold",  # no wire has a place for them
    "extras",
}  # fmt: skip


def test_every_field_of_the_model_is_drawn() -> None:
    assert {*FIELDS, *NO_FIELD_OF_THEIR_OWN, *NOT_DRAWN} == set(Ticket.__struct_fields__)


def made(sort: Mapping[str, Any], fields: Mapping[str, Any]) -> Ticket:
    """Make a ticket; there is one attendant group, 9.

    A local call that rang has its end told, of one that did not the length says it.
    """
    attendants = {
        name: "9"
        for name in ("charged_user", "initial_user")
        if fields[name] and fields[f"{name}_kind"] is UserKind.ATTENDANT_GROUP
    }
    told = Ticket(**{**sort, **fields, **attendants})
    if told.kind is not Kind.LOCAL_CALL:
        return told
    if told.ring_seconds is None:
        return told
    seconds = told.call_seconds or 0
    end = told.local_time + timedelta(seconds=told.ring_seconds + seconds)
    return replace(told, call_seconds=seconds, local_end=end)


fields = st.fixed_dictionaries(dict(FIELDS))


@pytest.mark.parametrize("row", ROWS)
@given(sort=st.sampled_from(SORTS), one=fields, other=fields)
@settings(max_examples=60, deadline=None)
def test_two_tickets_look_alike_if_and_only_if_the_table_says_so(
    row: str, sort: Mapping[str, Any], one: dict[str, Any], other: dict[str, Any]
) -> None:
    wire, _, tag_set = row.partition(".")
    through, rendering = carriage(wire, tag_set), ROWS[row]
    ticket = made(sort, one)
    others = {name: made(sort, {**one, name: other[name]}) for name in FIELDS}
    others |= {f"sort {number}": made(sort, one) for number, sort in enumerate(SORTS)}
    if refused := rendering.refuses(ticket):
        assert refused in REASONS
        return
    written, seen = rendering.render(ticket), project(ticket, through)
    for name, changed in others.items():
        if rendering.refuses(changed) is None:
            alike = rendering.render(changed) == written
            assert alike == (project(changed, through) == seen), name
