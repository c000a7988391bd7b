"""The index of account files: names in order, what is new, what is missing."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oxo_collector.decoders.account_index import (
    NAMES_COUNT,
    AccountName,
    Gap,
    after,
    apart,
    gap_between,
    gaps,
    parts_of,
    read_index,
)

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "oxe-file"
INDEX = (VECTORS / "account-lis.lis").read_bytes()
MEANING = json.loads((VECTORS / "account-lis.json").read_text("utf-8"))["meaning"]
NAMES = tuple(entry["name"] for entry in MEANING["entries"])

moderate = settings(settings.get_profile("collector"))


def test_the_vector() -> None:
    assert tuple(read_index(INDEX)) == NAMES
    assert "\n".join(read_index(INDEX).values()).split() == INDEX.decode().split()
    assert after(NAMES, MEANING["last_polled"]) == tuple(MEANING["to_fetch"])
    assert gaps(NAMES) == ()


@pytest.mark.parametrize(
    "text",
    [
        INDEX.replace(b"\n", b"\r\n"),
        INDEX.replace(b"\n", b"\n\n"),
        INDEX.replace(b" ", b"\t"),
        INDEX.removesuffix(b"\n"),
        b"\n".join(name.encode() for name in NAMES),
        b"".join(b"  " + line for line in INDEX.splitlines(keepends=True)),
        INDEX + INDEX,
        INDEX + b"TAXAAAB",
        INDEX + b"TAXAAABD.DA",
        INDEX + b"../../etc/passwd\n/usr4/account/TAXAAABD.DAT\n\0\0\n.\n..\n-x\n#\n\xe9\n",
        INDEX.decode(),
    ],
)
def test_other_spellings_of_the_same_index(text: bytes | str) -> None:
    assert tuple(read_index(text)) == NAMES


def test_an_empty_index() -> None:
    assert read_index(b"") == read_index("\n") == {}


def test_a_name_that_never_was_or_is_gone() -> None:
    assert after(NAMES, None) == NAMES
    assert after(NAMES, "TAXAAAAA.DAT") is None
    assert after(NAMES, NAMES[-1]) == ()
    assert after((), "TAXAAAAA.DAT") is None


def test_names_of_survivable_servers_are_kept_apart() -> None:
    names = ("TAXAAAAA.DAT", "TAXAAAAA_AC199E64.DAT", "IPAAAA.DAT", "tax.tmp", "TAXAAAAB.DAT")
    assert apart(names) == {
        "": ("TAXAAAAA.DAT", "TAXAAAAB.DAT"),
        "AC199E64": ("TAXAAAAA_AC199E64.DAT",),
    }
    assert gaps(names) == ()
    assert gap_between("TAXAAAAA.DAT", "TAXAAAAC_AC199E64.DAT") is None


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("TAXAAAAA.DAT", AccountName(0, "")),
        ("TAXAAABA.DAT", AccountName(26, "")),
        ("TAXAXBGU", AccountName(23 * 26**3 + 26**2 + 6 * 26 + 20, "")),
        ("taxzzzzz.dat", AccountName(NAMES_COUNT - 1, "")),
        ("TAXAAAAB_ac199e64.DAT", AccountName(1, "AC199E64")),
        ("TAXAAAA.DAT", None),
        ("TAXAAAAAA.DAT", None),
        ("TAXAAAA1.DAT", None),
        ("TAXAAAAA.DAI", None),
        ("TAXAAAAA_AC199E6.DAT", None),
        ("tax.tmp", None),
        ("ACCOUNT.LIS", None),
    ],
)
def test_what_a_name_says(name: str, parts: AccountName | None) -> None:
    assert parts_of(name) == parts


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("TAXAAAAA.DAT", "TAXAAAAC.DAT", 1),
        ("TAXAAAAZ.DAT", "TAXAAABB.DAT", 1),
        ("TAXZZZZZ.DAT", "TAXAAAAB.DAT", 1),
        ("TAXZZZZX.DAT", "TAXAAAAC.DAT", 4),
        ("TAXAAAAA.DAT", "TAXAABAA.DAT", 675),
        ("TAXAAAAC.DAT", "TAXAAAAB.DAT", None),
        ("TAXAXBGU.DAT", "TAXAAAAA.DAT", None),
        ("TAXAAAAA.DAT", "TAXAAAAA.DAT", None),
    ],
)
def test_a_gap(one: str, other: str, count: int | None) -> None:
    assert gap_between(one, other) == Gap(one, other, count)
    assert gaps(["TAXZZZZZ.DAT", "TAXAAAAA.DAT"]) == ()


def test_the_field_sequence_has_no_gap() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    names = [f"TAXAX{a}{b}{c}.DAT" for a in "BCD" for b in letters for c in letters]
    assert gaps(names) == ()
    del names[100:103]
    (gap,) = gaps(names)
    assert (gap.after, gap.before, gap.count) == ("TAXAXBDV.DAT", "TAXAXBDZ.DAT", 3)


@moderate
@given(data=st.binary(max_size=300))
def test_garbage(data: bytes) -> None:
    names = tuple(read_index(INDEX + data))
    assert names[: len(NAMES)] == NAMES
    assert all("/" not in name and name.isprintable() and name.isascii() for name in names)
    assert len(set(names)) == len(names)


@moderate
@given(number=st.integers(0, NAMES_COUNT - 1))
def test_every_number_has_a_name_and_a_neighbour(number: int) -> None:
    def name(value: int) -> str:
        letters = ""
        for _ in range(5):
            value, digit = divmod(value, 26)
            letters = chr(ord("A") + digit) + letters
        return f"TAX{letters}.DAT"

    assert parts_of(name(number)) == AccountName(number, "")
    assert gap_between(name(number), name((number + 1) % NAMES_COUNT)) is None
