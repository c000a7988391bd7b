"""What is installed for a play: its wire open, every other one closed."""

import pytest
from oxo_scenarios.bench.connect import Target
from oxo_scenarios.bench.installing import (
    OPENINGS,
    TRANSFERS,
    Moment,
    WireUnknown,
    armed,
    calling,
    in_transfer,
    wire_overrides,
)
from oxo_scenarios.bench.ledger import Ledger
from oxo_scenarios.catalogue import load_catalogue
from oxo_scenarios.wires import WIRES, Claim, Wire, doors_of
from oxo_simulator.control.messages import Fault, LedgerLine
from oxo_simulator.profile import Profile

KEYS = {*(f"{wire}.open" for wire in WIRES[1:]), "session.idle_seconds"}
OTHERS = [wire for wire in WIRES if wire != "taxation"]


@pytest.mark.parametrize("columns", ["ten", "fifteen"])
def test_every_play_has_an_opening_that_opens_its_doors_and_no_other(columns: str) -> None:
    claim = Claim(WIRES, "ten" if columns == "ten" else "fifteen")
    for planned in load_catalogue().plays(claim):
        told = wire_overrides(planned.wire, planned.tag_set, KEYS)
        opened = [wire for wire in OTHERS if told[f"{wire}.open"]]
        assert opened == [wire for wire in OTHERS if wire in doors_of(planned.wire)]
        tags = OPENINGS[planned.wire, planned.tag_set].tags
        assert tags == ("observed" if planned.tag_set == "observed" else "extended")


def test_a_wire_that_the_exchange_has_not_is_not_closed_but_asked_for_it_is_opened() -> None:
    assert wire_overrides("taxation", "extended", set()) == {}
    assert wire_overrides("ohl", "smdr", set()) == {"ohl.open": True}


def test_without_a_licence_the_exchange_would_keep_nothing_for_the_nmc() -> None:
    assert wire_overrides("nmc", "alz", KEYS)["nmc.licence_tickets"] == 1000


def test_a_play_that_nobody_can_install_is_named_with_those_there_are() -> None:
    with pytest.raises(WireUnknown, match=r"for v24/block, only taxation/observed, .* stream/ed52"):
        wire_overrides("v24", "block", KEYS)


@pytest.mark.parametrize("row", sorted(OPENINGS))
def test_the_profile_takes_what_is_overridden(row: tuple[str, str]) -> None:
    told = wire_overrides(*row, KEYS)
    if row[0] == "v24":
        told |= calling(Target("127.0.0.1", 6970))
    tables: dict[str, dict[str, object]] = {}
    for key, value in told.items():
        table, _, name = key.partition(".")
        tables.setdefault(table, {})[name] = value
    assert Profile.model_fields.keys() >= tables.keys()
    for table, values in tables.items():
        Profile.model_fields[table].annotation.model_validate(values)  # type: ignore[union-attr]


def test_a_fault_is_armed_by_the_name_that_the_event_has_on_the_wire() -> None:
    cut = Fault(kind="cut")
    at_home = armed("taxation", "acknowledged", cut)
    assert (at_home.when, at_home.wire) == ("acknowledged", None)
    found = armed("ohl", "acknowledged", cut)
    assert (found.when, found.wire, found.fault) == ("consumed", "ohl", cut)
    assert armed("nmc", "offered", cut).when == "offered"
    assert armed("account", "acknowledged", cut).when == "fetched"
    assert {armed("stream", moment, cut).when for moment in MOMENTS} == {"sent"}


MOMENTS: tuple[Moment, ...] = ("offered", "acknowledged")


def test_the_account_files_are_open_beside_the_stream_by_the_subjects_own_transfer() -> None:
    told = wire_overrides("stream", "ed52", KEYS, "ftp")
    assert (told["stream.open"], told["account.open"]) == (True, True)
    assert told["account.transfer"] == "ftp"
    assert wire_overrides("account", "ed52", KEYS)["account.transfer"] == "sftp"
    assert not wire_overrides("account", "ed52", KEYS)["stream.open"]
    assert "account.transfer" not in wire_overrides("ohl", "smdr", KEYS)


@pytest.mark.parametrize("wire", TRANSFERS)
def test_the_middle_of_a_transfer_is_counted_at_the_ports_of_the_wire(wire: Wire) -> None:
    fault = in_transfer(wire, "carry then cut")
    assert (fault.towards, fault.kind) == ("collector", "carry then cut")
    assert fault.carry_bytes > 0
    assert {name.partition("-")[0] for name in fault.ports} == {wire}


class Told:
    """A ledger of three lines."""

    def ledger(self, since: int, wait_seconds: float) -> list[LedgerLine]:
        del wait_seconds
        common = {"at": "", "exchange_time": ""}
        lines = [
            LedgerLine(n=1, event="made", detail={}, **common),
            LedgerLine(n=2, event="session opened", detail={}, **common),
            LedgerLine(n=3, event="session opened", detail={"wire": "nmc"}, **common),
        ]
        return lines[since:]


@pytest.mark.parametrize(("wire", "seen"), [("taxation", [1, 2]), ("nmc", [1, 3]), ("ohl", [1])])
def test_waits_look_at_the_wire_and_the_evidence_is_whole(wire: str, seen: list[int]) -> None:
    ledger = Ledger(Told(), wire)
    assert ledger.wait(lambda lines: [line.n for line in lines] == seen, 0)
    assert len(ledger.lines) == 3
