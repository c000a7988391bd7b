"""Which ports the process holds, and which of them a word of a fault means."""

from typing import Any, get_args

import pytest
from oxo_simulator.control.messages import WireName
from oxo_simulator.held import PortTwice, PortUnknown, further_ports, numbers, port_name
from oxo_simulator.link.places import CONNECTIONS_MAX, FURTHER_CONNECTIONS_MAX, places_of
from oxo_simulator.link.ports import Ports, words
from oxo_simulator.profile import FURTHER_WIRES, load_profile
from oxo_simulator.wiring import WIRES as WIRES_BUILT

WIRES = get_args(WireName)
ALWAYS = {"standard": ("taxation", 10443), "alternate": ("taxation", 30443)}
DATA = {f"nmc-data-{number}": ("nmc", 0) for number in (1, 2, 3, 4)}
DESCRIPTORS_MAX = 1024


def held(named: dict[str, int] | None = None, control: int = 0, **overrides: Any) -> Any:
    dotted = {key.replace("__", "."): value for key, value in overrides.items()}
    return numbers(load_profile("certify", dotted), named or {}, control, WIRES)


def test_a_port_is_held_if_the_profile_opens_its_wire_or_the_operator_names_it() -> None:
    assert held() == ALWAYS
    assert held(v24__open=True) == {**ALWAYS, "v24": ("v24", 6970)}
    assert held({"ohl": 0}) == {**ALWAYS, "ohl": ("ohl", 0)}
    assert held({"nmc": 0}) == {**ALWAYS, "nmc": ("nmc", 0), **DATA}
    named = held({"nmc-data-2": 40_002}, nmc__data_ports=2)
    assert named == {
        **ALWAYS, "nmc": ("nmc", 30021), "nmc-data-1": ("nmc", 0), "nmc-data-2": ("nmc", 40_002),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("named", "control", "words"),
    [
        ({"nmc": 10443}, 0, "port 10443 is to be standard and nmc"),
        ({"nmc": 0, "nmc-data-1": 30443}, 0, "port 30443 is to be alternate and nmc-data-1"),
        ({"ohl": 0}, 10443, "port 10443 is to be standard and control"),
    ],
)
def test_no_two_ports_have_one_number(named: dict[str, int], control: int, words: str) -> None:
    with pytest.raises(PortTwice, match=words):
        held(named, control)


@pytest.mark.parametrize("name", ["fax", "nmc-data", "nmc-data-0", "nmc-data-33", "nmc-data-1x"])
def test_a_name_that_no_port_has_is_told_with_those_there_are(name: str) -> None:
    with pytest.raises(
        PortUnknown, match=r"there are standard, alternate, nmc, nmc-data-1 to nmc-"
    ):
        port_name(name)


def test_the_name_of_a_wire_with_several_ports_frees_them_all() -> None:
    pair = {"stream-a": ("stream", 0), "stream-b": ("stream", 0)}
    assert held({"stream": 0}) == {**ALWAYS, **pair}
    assert held({"stream": 0, "stream-b": 2534})["stream-b"] == ("stream", 2534)
    assert held({"stream-b": 0})["stream-a"] == ("stream", 2533)
    with pytest.raises(PortUnknown, match=r"stream: each of stream-a, stream-b needs a number"):
        held({"stream": 2533})
    files = held({"account": 0})
    assert [name for name in files if name.startswith("account")] == [
        "account-ftp", "account-sftp", *(f"account-data-{number}" for number in (1, 2, 3, 4)),
    ]  # fmt: skip


def test_a_data_port_beyond_the_profiles_is_unknown() -> None:
    assert port_name("nmc-data-32") == "nmc-data-32"
    with pytest.raises(PortUnknown, match=r"nmc-data-5: this exchange has .*, nmc-data-4$"):
        held({"nmc-data-5": 0})


def test_the_wires_say_which_ports_close_by_halves_and_where_the_exchange_may_connect() -> None:
    kinds = further_ports()
    assert {name for name, kind in kinds.items() if kind.half_closing} == {
        f"{wire}-data-{number}" for wire in ("nmc", "account") for number in range(1, 33)
    }
    assert {name for name, kind in kinds.items() if kind.outward} == {"v24"}


def test_every_wire_has_ports_places_and_a_section() -> None:
    wires = set(get_args(WireName)) - {"taxation"}
    assert wires == set(FURTHER_WIRES) == set(FURTHER_CONNECTIONS_MAX)
    assert {name.partition("-")[0] for name in further_ports()} == wires
    assert [kind.name for kind in WIRES_BUILT] == list(get_args(WireName))
    with pytest.raises(KeyError):
        places_of("fax")


@pytest.mark.parametrize(
    ("names", "meant"),
    [
        ([], ["standard", "nmc", "nmc-data-1", "v24"]),
        (["nmc"], ["nmc", "nmc-data-1"]),
        (["nmc-data"], ["nmc-data-1"]),
        (["nmc-data-1"], ["nmc-data-1"]),
        (["standard", "v24"], ["standard", "v24"]),
        (["stand"], []),
    ],
)
def test_what_a_word_of_a_fault_means(names: list[str], meant: list[str]) -> None:
    ports = Ports(names)
    assert [one for one in ("standard", "nmc", "nmc-data-1", "v24") if one in ports] == meant


def test_the_words_that_mean_some_port() -> None:
    assert words(["standard", "nmc", "nmc-data-1", "nmc-data-2"]) == [
        "standard", "nmc", "nmc-data", "nmc-data-1", "nmc-data-2",
    ]  # fmt: skip


def test_a_crowd_at_one_wire_takes_no_place_of_another_and_leaves_descriptors() -> None:
    printer, hotel = places_of("v24"), places_of("ohl")
    most = FURTHER_CONNECTIONS_MAX["v24"]
    hotel.take("hotel", "127.0.0.1")
    for number in range(most):
        assert printer.take(f"p{number}", "127.0.0.1") == (True, None)
    assert printer.take("late", "127.0.0.1") == (True, "p0")
    assert hotel.take("second", "127.0.0.1") == (True, None)
    connections = CONNECTIONS_MAX + sum(FURTHER_CONNECTIONS_MAX.values())
    assert 3 * connections < DESCRIPTORS_MAX - 64
