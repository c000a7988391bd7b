"""The contract as a table in a file: what is allowed, and how an error names file and key."""

import re
import tomllib
from pathlib import Path

import pytest
from oxo_collector.configuration import ConfigurationRefused, load, load_contract
from oxo_collector.taxation.contract import OWN, Contract
from oxo_collector.taxation.refusal import refused_head

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "taxation.md"
TABLES = re.findall(r"^```toml\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
CONFIGURATION = """
store = "tickets.db"
[[exchange]]
name = "site"
address = "192.168.92.246"
user = "administrator"
password_env = "OXO_TEST_SECRET"
ca_file = "ca.pem"
zone = "Europe/Paris"
"""


def refusal(folder: Path, text: str) -> list[str]:
    path = folder / "contract.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationRefused) as refused:
        load_contract(path)
    lines = str(refused.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]


def test_the_documented_defaults_are_ours_and_whole() -> None:
    table = tomllib.loads(TABLES[0])["contract"]
    assert table == OWN.model_dump()
    assert Contract.model_validate(table) == OWN


def contract_of(path: Path) -> Contract:
    taxation = load(path).exchange[0].taxation
    assert taxation is not None
    return taxation.contract


def test_a_configuration_names_a_file_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "collector.toml"
    path.write_text(CONFIGURATION, "utf-8")
    assert contract_of(path) == OWN
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "contract.toml").write_text(TABLES[1], "utf-8")
    path.write_text(CONFIGURATION + 'contract = "sub/contract.toml"\n', "utf-8")
    contract = contract_of(path)
    assert (contract.soap, contract.operations.get_tickets) == ("1.2", "FetchRecords")
    assert contract.spoken == ("get_tickets", "restart_timer", "logout")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("7", "allowed is the name of a TOML file with the table [contract]"),
        ('""', "allowed is the name of a TOML file with the table [contract]"),
        ('"nowhere.toml"', "nowhere.toml: cannot be read: No such file or directory"),
        ('"bad.toml"', "bad.toml: not TOML: "),
        ('"odd.toml"', "odd.toml: contract.soap: "),
    ],
)
def test_the_configuration_tells_what_is_wrong_with_it(
    tmp_path: Path, value: str, words: str
) -> None:
    (tmp_path / "bad.toml").write_text("[contract", "utf-8")
    (tmp_path / "odd.toml").write_text("[contract]\nsoap = 1.2\nlogin = true\n", "utf-8")
    path = tmp_path / "collector.toml"
    path.write_text(CONFIGURATION + f"contract = {value}\nport = 0\n", "utf-8")
    with pytest.raises(ConfigurationRefused) as refused:
        load(path)
    contract, port = sorted(str(refused.value).splitlines())
    assert contract.startswith(f"{path}: exchange[1].contract: ")
    assert words in contract
    assert ("contract.login: " in contract) == ("odd" in value), "all errors at once"
    assert "exchange[1].port" in port


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "contract: missing; it is required"),
        ("contract = 3", "contract: allowed is a table"),
        ('soap = "1.2"\n[contract]', "soap: unknown key; allowed here: contract"),
        ('[contract]\nsoap = "1.3"', "contract.soap: Input should be '1.1' or '1.2'"),
        ('[contract]\nnamespace = ""', "contract.namespace: allowed is no empty text"),
        ('[contract]\nnamespace = "a b"', "contract.namespace: allowed is a URI in ASCII"),
        ('[contract]\nticket_namespace = "\\u0001"', "contract.ticket_namespace: allowed is a URI"),
        ('[contract]\nsoap_action = "a\\"b"', "contract.soap_action: allowed is a URI in ASCII"),
        ('[contract]\nsoap_action = "a\\r\\nb: c"', "contract.soap_action: allowed is a URI"),
        ('[contract]\nlogin = "basic"', "contract.login: Input should be 'operation' or 'none'"),
        ('[contract]\nacknowledgement = ""', "contract.acknowledgement: Input should be"),
        ('[contract]\nticket_list = "cdata"', "contract.ticket_list: Input should be 'elements'"),
        ('[contract]\nresponse_suffix = ""', "contract.response_suffix: allowed is no empty text"),
        ('[contract]\nresult_suffix = "a:b"', "contract.result_suffix: allowed is the end of a"),
        ('[contract.operations]\nlogin = "a:b"', "contract.operations.login: allowed is a name"),
        ('[contract.operations]\nlogin = "1a"', "contract.operations.login: allowed is a name"),
        ('[contract.operations]\nlogin = "a>"', "contract.operations.login: allowed is a name"),
        (f'[contract.elements]\nlist = "{"x" * 129}"', "contract.elements.list: allowed is a name"),
        ('[contract.operations]\nopen = "A"', "contract.operations.open: unknown key; allowed"),
        ('[contract.elements]\nfoo = "A"', "contract.elements.foo: unknown key; allowed here: max"),
        (
            '[contract]\nlogin = "none"\n[contract.operations]\nlogin = "Login"',
            'contract: operations.login is left out where login is "none"',
        ),
        (
            '[contract]\nacknowledgement = "on-read"\n[contract.operations]\nacknowledge = "A"',
            'contract: operations.acknowledge is left out where acknowledgement is not "explicit"',
        ),
        (
            '[contract]\nresult_suffix = "Response"',
            (
                "contract: a name stands for one thing in a message; 'LoginResponse' is"
                " operations.login + response_suffix and operations.login + result_suffix"
            ),
        ),
        (
            '[contract.operations]\nlogout = "Login"',
            (
                "contract: a name stands for one thing in a message; 'Login' is"
                " operations.login and operations.logout"
            ),
        ),
        (
            '[contract.elements]\nticket = "CallAccountingList"',
            (
                "contract: a name stands for one thing in a message; 'CallAccountingList' is"
                " elements.list and elements.ticket"
            ),
        ),
        (
            '[contract.elements]\nremaining = "firstSequence"',
            (
                "contract: the members of a message differ; 'firstSequence' is"
                " elements.first_sequence and elements.remaining"
            ),
        ),
        (
            '[contract]\nlogin = "none"\n[contract.elements]\nepoch = "remaining"',
            (
                "contract: the members of a message differ; 'remaining' is elements.epoch and"
                " elements.remaining"
            ),
        ),
    ],
)
def test_an_error_names_the_key_and_what_is_allowed(tmp_path: Path, text: str, line: str) -> None:
    assert any(one.startswith(line) for one in refusal(tmp_path, text))


def test_names_of_other_messages_may_be_alike(tmp_path: Path) -> None:
    path = tmp_path / "contract.toml"
    path.write_text('[contract.elements]\nepoch = "remaining"\nmax_tickets = "list"\n', "utf-8")
    assert load_contract(path).elements.epoch == "remaining"


def test_a_fault_of_1_2_may_be_http_400_and_nothing_else_may() -> None:
    soap = {"Content-Type": "application/soap+xml; charset=utf-8"}
    assert refused_head(400, soap, "there") is None
    assert refused_head(400, {"Content-Type": "text/xml"}, "there") is not None
    assert refused_head(403, soap, "there") is not None
