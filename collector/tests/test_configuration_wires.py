"""The tables of the wires in the configuration: an exchange has at least one; errors name keys."""

from pathlib import Path

import pytest
from oxo_collector.configuration import ConfigurationRefused, Exchange, load
from oxo_collector.decoders.v24 import LAYOUTS

BARE = 'store = "t.db"\n[[exchange]]\nname = "site"\nzone = "UTC"\n'
NMC = '[exchange.nmc]\naddress = "10.0.0.1"\npassword_file = "secret"\n'
V24 = '[exchange.v24]\nlisten = "127.0.0.1:6970"\n'
OHL = '[exchange.ohl]\naddress = "10.0.0.1"\n'


def exchange(folder: Path, text: str) -> Exchange:
    path = folder / "collector.toml"
    path.write_text(text, "utf-8")
    return load(path).exchange[0]


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationRefused) as refused:
        exchange(folder, text)
    return str(refused.value).replace(f"{folder / 'collector.toml'}: ", "")


def test_each_wire_stands_alone_or_beside_others(tmp_path: Path) -> None:
    whole = exchange(tmp_path, BARE + NMC + V24 + OHL)
    assert whole.taxation is None
    assert whole.nmc is not None
    assert (whole.nmc.port, whole.nmc.user, whole.nmc.tls) == (30021, "ftp_nmc", "none")
    assert (whole.nmc.folder, whole.nmc.pattern, whole.nmc.after) == ("/", "*.ALZ", "delete")
    assert whole.nmc.password_file == tmp_path / "secret"
    assert whole.v24 is not None
    assert str(whole.v24.listen) == "127.0.0.1:6970"
    assert (whole.v24.connect, whole.v24.layout, whole.v24.flow) == (None, None, "xon-xoff")
    assert whole.ohl is not None
    assert (whole.ohl.port, whole.ohl.silence_seconds_max) == (5010, 60.0)


def test_an_exchange_without_a_wire_is_refused(tmp_path: Path) -> None:
    told = refusal(tmp_path, BARE)
    assert told.startswith("exchange[1]: nothing to collect from; give address and user (taxation)")
    assert "[exchange.v24]" in told


def test_a_part_of_the_taxation_keys_is_told_without_their_table(tmp_path: Path) -> None:
    told = refusal(tmp_path, BARE + "port = 443\n" + V24)
    assert "exchange[1].address: missing; it is required" in told
    assert "exchange[1].user: missing; it is required" in told
    text = BARE + '[exchange.taxation]\naddress = "x"\n'
    assert "taxation: unknown key" in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (V24 + 'connect = "x:1"\n', "exchange[1].v24: exactly one of listen and connect is needed"),
        ("[exchange.v24]\n", "exchange[1].v24: exactly one of listen and connect is needed"),
        (V24.replace("127.0.0.1", "pbx"), "exchange[1].v24.listen: allowed is an IP address and a"),
        (V24.replace(":6970", ""), "exchange[1].v24.listen: allowed is an address and a port"),
        (V24.replace("6970", "70000"), "exchange[1].v24.listen: allowed is an address and a port"),
        (V24.replace("listen", "connect").replace("6970", "0"), "allowed is a port from 1 to"),
        (V24 + "layout = 7\n", "exchange[1].v24.layout: allowed is 'header', 79, 132, or the name"),
        (
            V24 + 'layout = "none.toml"\n',
            "v24.layout: layout 'none.toml' is neither known (79, 132",
        ),
        (V24 + 'flow = "dtr"\n', "exchange[1].v24.flow: Input should be 'xon-xoff' or 'none'"),
        (V24 + "[exchange.v24.block]\nfields = ['date']\n", "v24.block: a ticket needs the fields"),
        (V24 + 'layout = "79"\n[exchange.v24.block]\n', "layout is of lines, block of blocks"),
        (V24 + "speed = 9600\n", "exchange[1].v24.speed: unknown key; allowed here: rest_"),
        (
            NMC.replace("password_file", "password"),
            "exchange[1].nmc.password: unknown key; allowed",
        ),
        (NMC + 'tls = "explicit"\n', "exchange[1].nmc: nothing to check the exchange by; give"),
        (NMC + 'ca_file = "ca.pem"\n', 'nmc: ca_file and fingerprint are of use with tls = "expli'),
        (NMC + 'after = "keep"\n', "exchange[1].nmc.after: Input should be 'delete' or 'leave'"),
        ("[exchange.nmc]\naddress = 'x'\n", "exchange[1].nmc: the password is missing; give"),
        (OHL + "silence_seconds_max = 0\n", "exchange[1].ohl.silence_seconds_max: Input should be"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, text: str, told: str) -> None:
    assert told in refusal(tmp_path, BARE + text)


def test_a_layout_is_known_by_name_or_read_from_a_file_beside(tmp_path: Path) -> None:
    known = exchange(tmp_path, BARE + V24 + 'layout = "132"\n').v24
    assert known is not None
    assert known.layout == LAYOUTS["132"]
    rows = "".join(
        f'[[columns]]\nfield = "{c.field}"\nfirst = {c.first}\nlast = {c.last}\n'
        f'justified = "{c.justified}"\nkey = "{c.key}"\n'
        for c in LAYOUTS["79"].columns
    )
    (tmp_path / "site.toml").write_text(f"line_width = 79\n{rows}", "utf-8")
    of_file = exchange(tmp_path, BARE + V24 + 'layout = "site.toml"\n').v24
    assert of_file is not None
    assert of_file.layout == LAYOUTS["79"]


def test_a_block_has_a_template_of_its_own(tmp_path: Path) -> None:
    text = V24 + '[exchange.v24.block]\nseparator = "="\nheadings = { date = "DATUM" }\n'
    v24 = exchange(tmp_path, BARE + text).v24
    assert v24 is not None
    assert v24.block is not None
    template = v24.block.template()
    assert (template.separator, template.words("date")) == ("=", ("DATUM",))
    assert len(template.fields) == 10


def test_two_exchanges_do_not_listen_at_one_door(tmp_path: Path) -> None:
    second = BARE.split("\n", 1)[1].replace("site", "other")
    told = refusal(tmp_path, BARE + V24 + second + V24)
    assert "every v24.listen is another; used twice: 127.0.0.1:6970" in told
