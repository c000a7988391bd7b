"""The contract as a subject is told it."""

import tomllib

from oxo_scenarios.bench.contract import contract_toml


def test_the_table_has_the_contracts_keys_and_no_others() -> None:
    told = contract_toml(
        {
            "zone": "Europe/Paris",
            "contract.operations.get_tickets": "Fetch",
            "contract.soap": "1.2",
            "contract.namespace": "urn:x",
            "buffer.capacity": "1000",
        }
    )
    assert told == (
        '[contract]\nsoap = "1.2"\nnamespace = "urn:x"\n\n'
        '[contract.operations]\nget_tickets = "Fetch"\n'
    )


def test_every_text_comes_back_from_the_table() -> None:
    text = 'a "quoted" \\ back\tslash, ü, \x01 and \U0001f4de'
    assert tomllib.loads(contract_toml({"contract.soap_action": text})) == {
        "contract": {"soap_action": text}
    }


def test_without_a_contract_the_table_is_empty() -> None:
    assert tomllib.loads(contract_toml({"zone": "UTC"})) == {}
