"""The line for orders by transcript: keys in, line and orders out; then one byte at a time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oxo_simulator.screen.prompt import LINE_CHARACTERS_MAX, Ordered, Prompt, Quit

TRANSCRIPTS = [
    (b"call 128 0388\r", "", 0, ["call 128 0388"]),
    (b"  cut  \n\n  \n", "", 0, ["cut", "", ""]),
    (b"cut\nrestore\n", "", 0, ["cut", "restore"]),
    (b"cux\x7ft", "cut", 3, []),
    (b"\x7f\x08", "", 0, []),
    (b"ct\x1b[Du", "cut", 2, []),
    (b"ct\x1bODu\x1bOC!", "cut!", 4, []),
    (b"ut\x01c\x05s", "cuts", 4, []),
    (b"ut\x1b[Hc\x1b[Fs", "cuts", 4, []),
    (b"xcut\x1b[1~\x1b[3~\x1b[4~s", "cuts", 4, []),
    (b"call 128 0388\x17", "call 128", 8, []),
    (b"call 128 0388\x15cut", "cut", 3, []),
    (b"one\ntwo\n\x1b[A", "two", 3, ["one", "two"]),
    (b"one\ntwo\n\x1b[A\x1b[A\x1b[A", "one", 3, ["one", "two"]),
    (b"one\ntwo\n\x1b[A\x1b[A\x1b[B", "two", 3, ["one", "two"]),
    (b"one\ntwo\n\x1b[A\x1b[B\x1b[B", "", 0, ["one", "two"]),
    (b"one\ntwo\none\n\x1b[A\x1b[A\x1b[A", "two", 3, ["one", "two", "one"]),
    ("Zoë 日本\x1b[D".encode(), "Zoë 日本", 5, []),
    (b"a\x1b[15~b\x1b[1;5Cc\x00\x07", "abc", 3, []),
    (b"a\xffb", "a\ufffdb", 3, []),
    (b"q", "", 0, [None]),
    (b"\x04", "", 0, [None]),
    (b"aq\x04", "aq", 2, []),
    (b"cut\nq", "", 0, ["cut", None]),
]


def said(prompt: Prompt, data: bytes) -> list[str | None]:
    return [None if isinstance(each, Quit) else each.text for each in prompt.take(data)]


@pytest.mark.parametrize(("typed", "text", "cursor", "orders"), TRANSCRIPTS)
def test_keys_make_lines(typed: bytes, text: str, cursor: int, orders: list[str | None]) -> None:
    prompt = Prompt()
    assert said(prompt, typed) == orders
    assert (prompt.text, prompt.cursor) == (text, cursor)


@pytest.mark.parametrize(("typed", "text", "cursor", "orders"), TRANSCRIPTS)
def test_keys_may_come_byte_by_byte(
    typed: bytes, text: str, cursor: int, orders: list[str | None]
) -> None:
    prompt = Prompt()
    assert [each for n in typed for each in said(prompt, bytes([n]))] == orders
    assert (prompt.text, prompt.cursor) == (text, cursor)


def test_a_line_has_its_limit() -> None:
    prompt = Prompt()
    assert said(prompt, b"x" * 2000) == []
    assert len(prompt.text) == LINE_CHARACTERS_MAX


def test_a_sequence_that_never_ends_is_passed_over() -> None:
    prompt = Prompt()
    assert said(prompt, b"\x1b[" + b"1" * 100 + b"\ncut\n")[-1] == "cut"


@given(st.lists(st.binary(max_size=20), max_size=20))
def test_garbage_leaves_a_line_that_can_be_used(reads: list[bytes]) -> None:
    prompt = Prompt()
    for data in reads:
        for decided in prompt.take(data):
            assert isinstance(decided, Ordered | Quit)
        assert 0 <= prompt.cursor <= len(prompt.text) <= LINE_CHARACTERS_MAX
        assert prompt.text.isprintable()
    said(prompt, b"\x1b[15~~\x15")
    assert said(prompt, b"cut\n") == ["cut"]
