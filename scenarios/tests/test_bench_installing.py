"""What is installed for a play: its wire open, every other one closed."""

import pytest
from oxo_scenarios.bench.connect import Target
from oxo_scenarios.bench.installing import OPENINGS, WireUnknown, armed, calling, wire_overrides
from oxo_scenarios.bench.ledger import Ledger
from oxo_scenarios.catalogue import load_catalogue
from oxo_scenarios.wires import WIRES, Claim
from oxo_simulator.control.messages import Fault, LedgerLine
from oxo_simulator.profile import Profile

KEYS = {"nmc.open", "v24.open", "ohl.open", "session.idle_seconds"}
OTHERS = [wire for wire in WIRES if wire != "taxation"]


@pytest.mark.parametrize("columns", ["ten", "fifteen"])
def test_every_play_has_an_opening_that_opens_its_wire_and_no_other(columns: str) -> None:
    claim = Claim(WIRES, "ten" if columns == "ten" else "fifteen")
    for planned in load_catalogue().plays(claim):
        told = wire_overrides(planned.wire, planned.tag_set, KEYS)
        opened = [wire for wire in OTHERS if told[f"{wire}.open"]]
        assert opened == [wire for wire in OTHERS if wire == planned.wire]
        tags = OPENINGS[planned.wire, planned.tag_set].tags
        assert tags == ("observed" if planned.tag_set == "observed" else "extended")


def test_a_wire_that_the_exchange_has_not_is_not_closed_but_asked_for_it_is_opened() -> None:
    assert wire_overrides("taxation", "extended", set()) == {}
    assert wire_overrides("ohl", "smdr", set()) == {"ohl.open": True}


def test_without_a_licence_the_exchange_would_keep_nothing_for_the_nmc() -> None:
    assert wire_overrides("nmc", "alz", KEYS)["nmc.licence_tickets"] == 1000


def test_a_play_that_nobody_can_install_is_named_with_those_there_are() -> None:
    with pytest.raises(WireUnknown, match=r"for v24/block, only taxation/observed, .* ohl/smdr"):
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
