"""Which account files are due: order of a listing, markers, whose files they are."""

import pytest
from oxo_collector.account.choice import account_files, by_number, choose, server_of
from oxo_collector.decoders.account_index import NAMES_COUNT, parts_of


def name(number: int, suffix: str = "") -> str:
    letters = ""
    for _ in range(5):
        number, letter = divmod(number, 26)
        letters = chr(65 + letter) + letters
    return f"TAX{letters}{suffix}.DAT"


def test_names_of_the_test_are_those_of_the_exchange() -> None:
    for number in (0, 25, 26, 17_575, NAMES_COUNT - 1):
        parts = parts_of(name(number))
        assert parts is not None
        assert parts.number == number


@pytest.mark.parametrize("first", [0, 5, 700_000, NAMES_COUNT - 1, NAMES_COUNT - 400])
@pytest.mark.parametrize("count", [1, 2, 3, 744])
def test_a_listing_begins_at_the_oldest_wherever_the_counter_stands(first: int, count: int) -> None:
    names = [name((first + step) % NAMES_COUNT) for step in range(count)]
    assert by_number(sorted(names), "") == tuple(names)


def test_a_listing_with_holes_keeps_its_order() -> None:
    names = [name(n % NAMES_COUNT) for n in (NAMES_COUNT - 90, NAMES_COUNT - 2, NAMES_COUNT + 80)]
    assert by_number(reversed(names), "") == tuple(names)


def test_of_a_listing_only_the_own_files_are_taken() -> None:
    own, pcs = name(1), name(7, "_AC199E64")
    names = ["tax.tmp", "IP0001.DAT", "ACCOUNT.LIS", "../" + own, pcs, own, "SIP1.DAT", own + ".Z"]
    assert by_number(names, "") == (own,)
    assert by_number(names, "AC199E64") == (pcs,)
    assert by_number(names, "00000000") == ()
    assert account_files([*names, own]) == (pcs, own)


@pytest.mark.parametrize(
    ("index", "server"),
    [
        ("ACCOUNT.LIS", ""),
        ("ACCOUNT_AC199E64.LIS", "AC199E64"),
        ("account_ac199e64.lis", "AC199E64"),
        ("MY_INDEX.LIS", ""),
        ("INDEX", ""),
    ],
)
def test_whose_index_it_is(index: str, server: str) -> None:
    assert server_of(index) == server


def test_what_is_due_by_the_marker() -> None:
    names = [name(n) for n in range(6)]
    chosen = choose(names, names[3], set(names[1:4]), {}, ())
    assert chosen.due == (names[0], names[4], names[5])
    assert (chosen.marker_at, chosen.gone) == (3, False)
    stored = {names[1], names[3]}
    assert choose(names, names[3], stored, {}, [names[1]]).due == (names[2], names[4], names[5])
    assert choose(names, names[3], stored, {}, [names[3]]).due == (names[4], names[5])
    assert choose(names, names[5], set(names), {names[2]: 0}, ()).due == (names[2],)
    assert choose(names, name(9), set(names), {}, [names[3]]).due == tuple(names)
    assert choose(names, name(9), set(names), {}, ()).gone
    assert not choose([], name(9), set(), {}, ()).gone
    assert choose(names, None, set(), {}, ()).due == tuple(names)
