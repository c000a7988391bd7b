"""The table `[exchange.stream]`: addresses with and without a port, limits, and what is refused."""

from pathlib import Path

import pytest
from oxo_collector.configuration import ConfigurationRefused, Exchange, load
from oxo_collector.section import Place
from oxo_collector.stream.settings import PORT


def loaded(folder: Path, table: str) -> Exchange:
    path = folder / "collector.toml"
    path.write_text(
        f'store = "t.db"\n[[exchange]]\nname = "a"\nzone = "UTC"\n[exchange.stream]\n{table}\n',
        "utf-8",
    )
    return load(path).exchange[0]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("10.0.0.5", Place("10.0.0.5", PORT)),
        ("10.0.0.5:99", Place("10.0.0.5", 99)),
        ("pbx.example", Place("pbx.example", 2533)),
        ("pbx.example:65535", Place("pbx.example", 65535)),
        ("fe80::1", Place("fe80::1", PORT)),
        ("[fe80::1]", Place("fe80::1", PORT)),
        ("[fe80::1]:99", Place("fe80::1", 99)),
    ],
)
def test_an_address_has_a_port_or_the_usual_one(text: str, place: Place, tmp_path: Path) -> None:
    found = loaded(tmp_path, f'address = "{text}"').stream
    assert found is not None
    assert found.places == (place,)


@pytest.mark.parametrize(
    "text", ["", ":2533", "a:0", "a:65536", "a:b", "http://a", "a b", "1.2.3.4:5:6", "[a:5"]
)
def test_what_is_no_address_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationRefused, match=r"stream\.address"):
        loaded(tmp_path, f'address = "{text}"')


def test_the_defaults_are_those_of_the_page(tmp_path: Path) -> None:
    found = loaded(tmp_path, 'address = "a"\nsecond_address = "b"').stream
    assert found is not None
    assert list(found.places) == [Place("a", 2533), Place("b", 2533)]
    seconds = [found.silence_seconds_max, found.first_seconds_max, found.open_seconds_max]
    assert seconds == [65, 180, 10]
    assert [found.rest_seconds_first, found.rest_seconds_max] == [1, 10]
    assert [found.spool_bytes_max, found.held_bytes_max] == [1073741824, 8388608]
    assert found.spool is None


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('address = "a"\nsecond_address = "a:2533"', "second_address is the same as address"),
        ('second_address = "a"', "address"),
        ('address = "a"\nspool_bytes_max = 1000', "spool_bytes_max"),
        ('address = "a"\nheld_bytes_max = 1', "held_bytes_max"),
        ('address = "a"\ncost_decimals = 5', "cost_decimals"),
        ('address = "a"\nuser = "b"', "user"),
        ("address = 5", "address"),
    ],
)
def test_what_cannot_be_is_named(table: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationRefused, match=words):
        loaded(tmp_path, table)


def test_the_spool_is_found_from_the_configuration(tmp_path: Path) -> None:
    found = loaded(tmp_path, 'address = "a"\nspool = "elsewhere/spool"').stream
    assert found is not None
    assert found.spool == tmp_path / "elsewhere" / "spool"
