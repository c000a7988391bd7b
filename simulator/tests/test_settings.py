"""Every key of the taxation wire reaches the wire."""

from pathlib import Path
from typing import Any

import pytest
from oxo_simulator.contract_table import Contract
from oxo_simulator.control.messages import Installation
from oxo_simulator.installation import profile_name, profile_of
from oxo_simulator.taxation.wire import taxation_settings
from oxo_simulator.wsdl_folder import WsdlFiles


@pytest.mark.parametrize(
    ("key", "field", "value"),
    [
        ("tag_set", "tag_set", "observed"),
        ("batch_tickets_max", "batch_tickets_max", 7),
        ("wsdl", "wsdl", "withheld"),
        ("session.idle_seconds", "idle_seconds", 5),
        ("session.cookie_name", "cookie_name", "JSESSIONID"),
        ("session.without_cookie", "without_cookie", "new-session"),
        ("session.second_login", "second_login", "refuse"),
    ],
)
def test_a_key_of_the_wire_reaches_it(key: str, field: str, value: Any) -> None:
    usual = taxation_settings(profile_of(Installation()))
    flipped = taxation_settings(profile_of(Installation(overrides={key: value})))
    assert getattr(usual, field) != value
    assert getattr(flipped, field) == value


def test_the_tag_set_of_an_installation_goes_before_the_profile() -> None:
    order = Installation(tag_set="observed", overrides={"tag_set": "extended"})
    assert profile_of(order).tag_set == "observed"


@pytest.mark.parametrize(
    ("profile", "name"), [("r3.2-iwr", "r3.2-iwr"), ("/site/r3.2-own.toml", "r3.2-own")]
)
def test_a_profile_keeps_its_name(profile: str, name: str) -> None:
    assert profile_name(Installation(profile=profile)) == name


def test_the_table_and_the_makers_files_reach_the_wire(tmp_path: Path) -> None:
    (tmp_path / "a.wsdl").write_bytes(b"<w/>")
    overrides = {"contract.soap": "1.2", "wsdl": "files", "wsdl_folder": str(tmp_path)}
    settings = taxation_settings(profile_of(Installation(overrides=overrides)))
    assert settings.contract == Contract(soap="1.2")
    assert settings.wsdl == "files"
    assert settings.wsdl_files == WsdlFiles("a.wsdl", {"a.wsdl": b"<w/>"})
    assert taxation_settings(profile_of(Installation())).contract == Contract()
