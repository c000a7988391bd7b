"""The configuration: every error names file, key and what is allowed; secrets stay secret."""

from pathlib import Path

import pytest
from oxo_collector.configuration import (
    CONFIGURATION_BYTES_MAX,
    ConfigurationRefused,
    load,
    secret,
)
from oxo_collector.taxation.settings import Taxation

EXCHANGE = """
[[exchange]]
name = "head-office"
address = "192.168.92.246"
user = "administrator"
password_env = "OXO_TEST_SECRET"
ca_file = "ca.pem"
zone = "Europe/Paris"
"""
GOOD = 'store = "tickets.db"\n' + EXCHANGE


def written(folder: Path, text: str) -> Path:
    path = folder / "collector.toml"
    path.write_text(text, "utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    path = written(folder, text)
    with pytest.raises(ConfigurationRefused) as refused:
        load(path)
    lines = str(refused.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    return "\n".join(line.removeprefix(f"{path}: ") for line in lines)


def taxation(path: Path) -> Taxation:
    (exchange,) = load(path).exchange
    assert exchange.taxation is not None
    return exchange.taxation


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    exchange = taxation(written(tmp_path, GOOD))
    assert exchange.ports == (443,)
    assert (exchange.batch_tickets_max, exchange.poll_seconds) == (1000, 5.0)
    assert exchange.proxy is None


def test_files_are_relative_to_the_configuration(tmp_path: Path) -> None:
    text = GOOD.replace('password_env = "OXO_TEST_SECRET"', 'password_file = "secret"') + (
        '[exchange.proxy]\naddress = "proxy"\nport = 3128\nuser = "u"\npassword_file = "/run/p"\n'
    )
    configuration = load(written(tmp_path, text))
    exchange = configuration.exchange[0].taxation
    assert exchange is not None
    assert configuration.store == tmp_path / "tickets.db"
    assert (exchange.ca_file, exchange.password_file) == (tmp_path / "ca.pem", tmp_path / "secret")
    assert exchange.proxy is not None
    assert exchange.proxy.password_file == Path("/run/p")


def test_ports_are_tried_in_order_and_once(tmp_path: Path) -> None:
    text = GOOD + "port = 30443\nfallback_ports = [443, 30443, 8443]\n"
    assert taxation(written(tmp_path, text)).ports == (30443, 443, 8443)


def test_a_fingerprint_is_read_in_every_usual_spelling(tmp_path: Path) -> None:
    plain = "0123456789abcdef" * 4
    pairs = ":".join(plain[i : i + 2] for i in range(0, 64, 2)).upper()
    text = GOOD + f'fingerprint = "{pairs}"\n'
    assert taxation(written(tmp_path, text)).fingerprint == plain


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ('name = "head-office"|name = "a b"', "exchange[1].name: "),
        ('address = "192.168.92.246"|', "exchange[1].address: missing; it is required"),
        ('"192.168.92.246"|"https://pbx/"', "exchange[1].address: allowed is a host name or an IP"),
        (
            "zone = |port = 70000\nzone = ",
            "exchange[1].port: Input should be less than or equal to",
        ),
        ("zone = |fallback_ports = [0]\nzone = ", "exchange[1].fallback_ports[1]: "),
        ('"Europe/Paris"|"Europe/Pari"', "exchange[1].zone: 'Europe/Pari' is no IANA time zone"),
        ("zone = |prot = 443\nzone = ", "exchange[1].prot: unknown key; allowed here: "),
        ("store = |stor = 1\nstore = ", "stor: unknown key; allowed here: store, log, exchange"),
        ("store = |[log]\nlevel = 1\n[x]\ny = ", "log.level: unknown key; allowed here: format"),
        ('store = "tickets.db"|', "store: missing; it is required"),
        ('ca_file = "ca.pem"|', "exchange[1]: nothing to check the exchange by; give ca_file"),
        ('ca_file = "ca.pem"|fingerprint = "abc"', "exchange[1].fingerprint: allowed is a SHA-256"),
        ('password_env = "OXO_TEST_SECRET"|', "exchange[1]: the password is missing; give"),
        ("zone = |password_file = 'x'\nzone = ", "exclude each other; give one of them"),
        ("zone = |password = 'x'\nzone = ", "exchange[1].password: unknown key; allowed here: "),
        ("zone = |poll_seconds = 0\nzone = ", "exchange[1].poll_seconds: Input should be greater"),
        ("zone = |poll_seconds = nan\nzone = ", "exchange[1].poll_seconds: "),
        ("zone = |rest_seconds_first = 61\nzone = ", "rest_seconds_first is at most"),
        ("zone = |batch_tickets_max = 0\nzone = ", "exchange[1].batch_tickets_max: "),
        ('"administrator"|"a:b"', "exchange[1].user: "),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, change: str, line: str) -> None:
    before, after = change.split("|")
    assert before in GOOD
    assert line in refusal(tmp_path, GOOD.replace(before, after, 1))


@pytest.mark.parametrize(
    ("proxy", "line"),
    [
        ('address = "p"', "exchange[1].proxy.port: missing; it is required"),
        (
            'address = "p"\nport = 1\nhost = "x"',
            "proxy.host: unknown key; allowed here: password_env",
        ),
        ('address = "p"\nport = 1\nuser = "u"', "exchange[1].proxy: user needs password_env or"),
        ('address = "p"\nport = 1\npassword_env = "P"', "and the other way round"),
    ],
)
def test_each_mistake_about_the_proxy_is_named(tmp_path: Path, proxy: str, line: str) -> None:
    assert line in refusal(tmp_path, f"{GOOD}\n[exchange.proxy]\n{proxy}\n")


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("Europe/Paris", "nowhere") + EXCHANGE.replace("ca_file", "cafile")
    told = refusal(tmp_path, text)
    assert "exchange[1].zone" in told
    assert "exchange[2].cafile" in told


def test_names_differ(tmp_path: Path) -> None:
    assert "used twice: head-office" in refusal(tmp_path, GOOD + EXCHANGE)


def test_no_exchange_at_all(tmp_path: Path) -> None:
    assert "exchange: missing" in refusal(tmp_path, 'store = "x"\n')
    assert "exchange: " in refusal(tmp_path, 'store = "x"\nexchange = []\n')


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"store = \n", "not TOML: Invalid value"),
        (b"store = '\xff'\n", "not UTF-8 at byte 9"),
        (b"#" * (CONFIGURATION_BYTES_MAX + 1), "longer than 1048576 bytes"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "collector.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationRefused) as refused:
        load(path)
    assert str(refused.value).startswith(f"{path}: {words}")


# --- secrets


def loaded(tmp_path: Path, line: str) -> Taxation:
    return taxation(written(tmp_path, GOOD.replace('password_env = "OXO_TEST_SECRET"', line)))


def test_a_secret_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = loaded(tmp_path, 'password_env = "OXO_TEST_SECRET"')
    monkeypatch.delenv("OXO_TEST_SECRET", raising=False)
    with pytest.raises(ConfigurationRefused, match="variable OXO_TEST_SECRET is not set"):
        secret(exchange, "exchange[1]")
    monkeypatch.setenv("OXO_TEST_SECRET", "open sesame")
    found = secret(exchange, "exchange[1]")
    assert found.get_secret_value() == "open sesame"
    assert "sesame" not in f"{found} {found!r} {exchange!r}"


@pytest.mark.parametrize("content", [b"open sesame", b"open sesame\n", b"open sesame\r\n"])
def test_a_secret_from_a_file(tmp_path: Path, content: bytes) -> None:
    exchange = loaded(tmp_path, 'password_file = "secret"')
    (tmp_path / "secret").write_bytes(content)
    assert secret(exchange, "exchange[1]").get_secret_value() == "open sesame"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file"),
        (b"", "the password alone, in one line"),
        (b"\n", "the password alone, in one line"),
        (b"open\nsesame\n", "the password alone, in one line"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"x" * 5000, "is longer than 4096 bytes"),
    ],
)
def test_a_secret_file_that_cannot_be_used_is_named_without_its_content(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    exchange = loaded(tmp_path, 'password_file = "secret"')
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    with pytest.raises(ConfigurationRefused) as refused:
        secret(exchange, "exchange[1]")
    assert str(refused.value).startswith(f"exchange[1].password_file: {tmp_path / 'secret'}")
    assert words in str(refused.value)
    assert "sesame" not in str(refused.value)


def test_a_password_written_inline_is_refused_and_not_repeated(tmp_path: Path) -> None:
    told = refusal(tmp_path, GOOD.replace("password_env", "password"))
    assert "OXO_TEST_SECRET" not in told


@pytest.mark.parametrize("path", ["", ".", "/", "..", "a\\u0000b"])
def test_a_path_that_names_no_file_is_refused(tmp_path: Path, path: str) -> None:
    wanted = "allowed is the name of a file"
    text = GOOD.replace('"tickets.db"', f'"{path}"').replace('"ca.pem"', f'"{path}"')
    assert refusal(tmp_path, text).splitlines() == [
        f"store: {wanted}",
        f"exchange[1].ca_file: {wanted}",
    ]


def test_a_contract_whose_name_names_no_file_is_refused(tmp_path: Path) -> None:
    text = GOOD + 'contract = "a\\u0000b"\n'
    assert "the name of a TOML file" in refusal(tmp_path, text)


@pytest.mark.parametrize(
    "address", ["192.0.2.1:443", "%", "...", "a..b", "a" * 64 + ".example", "[]", "[[::1]]", "::1:"]
)
def test_an_address_that_no_request_can_name_is_refused(tmp_path: Path, address: str) -> None:
    told = refusal(tmp_path, GOOD.replace("192.168.92.246", address))
    assert told.startswith("exchange[1].address: allowed is a host name or an IP address, without")


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        *(("[2001:db8::1]", "2001:db8::1"), ("fe80::1%eth0", "fe80::1%eth0")),
        *(("oxo_1.example.", "oxo_1.example."), ("a" * 63, "a" * 63)),
    ],
)
def test_an_address_is_taken_in_every_usual_spelling(
    tmp_path: Path, address: str, plain: str
) -> None:
    text = GOOD.replace("192.168.92.246", address)
    assert taxation(written(tmp_path, text)).address == plain


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD.replace("[[exchange]]", "[exchange]"), "exchange: allowed is a list; exchanges"),
        ('log = "text"\n' + GOOD, "log: allowed is a table"),
        ('store = "t.db"\nexchange = []\n', "exchange: allowed is at least one"),
        (GOOD + '"a\\nb" = 1\n', "exchange[1].a\\x0ab: unknown key"),
        ("a = " + "[" * 5000 + "]" * 5000, "not read: nested too deep"),
    ],
)
def test_a_wrong_shape_is_told_in_words_of_the_file(tmp_path: Path, text: str, told: str) -> None:
    assert refusal(tmp_path, text).startswith(told)
