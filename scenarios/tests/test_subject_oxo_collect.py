"""The folder of the project's own collector: what it writes down from the door's environment."""

import os
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.process

FOLDER = Path(__file__).resolve().parents[1] / "oxo_scenarios" / "subjects" / "oxo-collect"
DOOR = {
    "OXO_WIRE": "taxation",
    "OXO_DOORS": "taxation",
    "OXO_HOST": "127.0.0.1",
    "OXO_PORT": "10443",
    "OXO_USER": "administrator",
    "OXO_PASSWORD": "open sesame",
    "OXO_CA_FILE": '/srv/a "quoted" \\ folder/ca.pem',
    "OXO_CONTRACT_FILE": '/srv/a "quoted" \\ folder/contract.toml',
    "OXO_EXCHANGE": "oxo-connect",
    "OXO_ZONE": "Europe/Paris",
}


def start(folder: Path, **more: str) -> tuple[str, dict[str, Any]]:
    """Start the subject with a collector that says what it was called with."""
    programs = folder / "bin"
    programs.mkdir()
    (programs / "oxo-collect").write_text('#!/bin/sh\necho "$@"\n', "utf-8")
    (programs / "oxo-collect").chmod(0o755)
    environment = {
        **DOOR,
        **more,
        "OXO_WORK": str(folder),
        "PATH": f"{programs}:{os.environ['PATH']}",
    }
    started = subprocess.run(
        ["./start.sh"], cwd=FOLDER, env=environment,
        check=True, capture_output=True, text=True, timeout=20,
    )  # fmt: skip
    path = folder / "collector.toml"
    assert path.stat().st_mode & 0o077 == 0
    assert "sesame" not in path.read_text("utf-8")
    return started.stdout.strip(), tomllib.loads(path.read_text("utf-8"))


def test_the_door_becomes_a_configuration(tmp_path: Path) -> None:
    called, configuration = start(tmp_path)
    assert called == f"run --config {tmp_path / 'collector.toml'}"
    (exchange,) = configuration["exchange"]
    told = {
        "name": DOOR["OXO_EXCHANGE"],
        "address": DOOR["OXO_HOST"],
        "port": 10443,
        "user": DOOR["OXO_USER"],
        "password_env": "OXO_PASSWORD",
        "ca_file": DOOR["OXO_CA_FILE"],
        "contract": DOOR["OXO_CONTRACT_FILE"],
        "zone": DOOR["OXO_ZONE"],
    }
    assert {key: exchange[key] for key in told} == told
    assert not {"proxy", "nmc", "v24", "ohl"} & set(exchange)


def test_a_proxy_is_used_when_the_door_names_one(tmp_path: Path) -> None:
    proxy = {"OXO_PROXY_HOST": "127.0.0.1", "OXO_PROXY_PORT": "3128"}
    login = {"OXO_PROXY_USER": "collector", "OXO_PROXY_PASSWORD": "open sesame"}
    _, configuration = start(tmp_path, **proxy, **login)
    assert configuration["exchange"][0]["proxy"] == {
        "address": "127.0.0.1",
        "port": 3128,
        "user": "collector",
        "password_env": "OXO_PROXY_PASSWORD",
    }


WIRES: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "nmc": (
        {"OXO_NMC_HOST": "127.0.0.1", "OXO_NMC_PORT": "30021", "OXO_NMC_USER": "ftp_nmc",
         "OXO_NMC_PASSWORD": "open sesame"},
        {"address": "127.0.0.1", "port": 30021, "user": "ftp_nmc",
         "password_env": "OXO_NMC_PASSWORD"},
    ),
    "v24": (
        {"OXO_V24_HOST": "127.0.0.1", "OXO_V24_PORT": "6970"},
        {"connect": "127.0.0.1:6970"},
    ),
    "ohl": (
        {"OXO_OHL_HOST": "127.0.0.1", "OXO_OHL_PORT": "5010"},
        {"address": "127.0.0.1", "port": 5010},
    ),
    "account": (
        {"OXO_ACCOUNT_HOST": "127.0.0.1", "OXO_ACCOUNT_PORT": "30022", "OXO_ACCOUNT_USER": "adfexc",
         "OXO_ACCOUNT_PASSWORD": "open sesame", "OXO_ACCOUNT_TRANSFER": "sftp",
         "OXO_ACCOUNT_FOLDER": "/usr4/account", "OXO_ACCOUNT_KNOWN_HOSTS": "/shown/known_hosts"},
        {"address": "127.0.0.1", "port": 30022, "user": "adfexc", "transfer": "sftp",
         "password_env": "OXO_ACCOUNT_PASSWORD", "host_key_file": "/shown/known_hosts",
         "folder": "/usr4/account"},
    ),
    "stream": (
        {"OXO_STREAM_HOST": "127.0.0.1", "OXO_STREAM_PORT": "2533",
         "OXO_STREAM_SECOND_PORT": "2534"},
        {"address": "127.0.0.1:2533", "second_address": "127.0.0.1:2534"},
    ),
}  # fmt: skip


def test_in_a_play_on_the_stream_account_files_have_a_table_beside_it(tmp_path: Path) -> None:
    both = {**WIRES["stream"][0], **WIRES["account"][0]}
    _, configuration = start(tmp_path, OXO_DOORS="stream account", **both)
    assert set(configuration["exchange"][0]) == {"name", "zone", "stream", "account"}


@pytest.mark.parametrize("wire", WIRES)
def test_each_other_wire_becomes_its_own_table_and_no_other(wire: str, tmp_path: Path) -> None:
    door, told = WIRES[wire]
    _, configuration = start(tmp_path, OXO_WIRE=wire, OXO_DOORS=wire, **door)
    (exchange,) = configuration["exchange"]
    assert {key: exchange[wire][key] for key in told} == told
    assert set(exchange) == {"name", "zone", wire}


@pytest.mark.parametrize("offered", ["offered", "required"])
def test_the_ticket_file_is_fetched_inside_tls_where_there_is_any(
    offered: str, tmp_path: Path
) -> None:
    _, configuration = start(tmp_path, OXO_DOORS="nmc", OXO_NMC_TLS=offered, **WIRES["nmc"][0])
    nmc = configuration["exchange"][0]["nmc"]
    assert (nmc["tls"], nmc["ca_file"]) == ("explicit", DOOR["OXO_CA_FILE"])
