"""What a subject is told: exactly the names of docs/subjects.md."""

from oxo_scenarios.bench.connect import Account, Target
from oxo_scenarios.bench.environment import (
    Access,
    AccountPlace,
    Place,
    ProxyAccess,
    account_door,
    environment,
    nmc_door,
    ohl_door,
    stream_door,
    taxation_door,
    v24_door,
)

EXCHANGE = Target("127.0.0.1", 10443)
ACCESS = Access(
    door=taxation_door(EXCHANGE, Account("administrator", "secret"), "/shown/contract.toml"),
    ca_file="/shown/ca.pem",
    fingerprint="ab" * 32,
    exchange="oxo-connect",
    zone="Europe/Berlin",
)
OWN = {
    "PATH": "/usr/bin",
    "HOME": "/home/operator",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "OXO_CONTROL_TOKEN": "not for the subject",
    "PYTHONPATH": "/somewhere",
    "http_proxy": "http://proxy",
}
TOLD = {
    "PATH": "/usr/bin:/opt/bench/bin",
    "HOME": "/place/bu1",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "OXO_URL": "https://127.0.0.1:10443/services/taxation",
    "OXO_HOST": "127.0.0.1",
    "OXO_PORT": "10443",
    "OXO_USER": "administrator",
    "OXO_PASSWORD": "secret",
    "OXO_CA_FILE": "/shown/ca.pem",
    "OXO_CONTRACT_FILE": "/shown/contract.toml",
    "OXO_FINGERPRINT": "ab" * 32,
    "OXO_EXCHANGE": "oxo-connect",
    "OXO_ZONE": "Europe/Berlin",
    "OXO_WORK": "/place/bu1",
    "OXO_SUBJECT": "/subject",
}


def test_nothing_but_the_documented_names_is_handed_on() -> None:
    place = Place("/subject", "/place/bu1")
    assert environment(ACCESS, place, OWN, "/opt/bench/bin") == TOLD


def test_the_proxy_is_told_only_where_there_is_one() -> None:
    proxy = ProxyAccess(Target("127.0.0.1", 3128), Account("collector", "p@ss/1 %"))
    place = Place("/subject", "/place/bu1", proxy)
    assert environment(ACCESS, place, OWN, "/opt/bench/bin") == TOLD | {
        "OXO_PROXY_HOST": "127.0.0.1",
        "OXO_PROXY_PORT": "3128",
        "OXO_PROXY_USER": "collector",
        "OXO_PROXY_PASSWORD": "p@ss/1 %",
        "OXO_PROXY_URL": "http://collector:p%40ss%2F1%20%25@127.0.0.1:3128",
    }


def test_without_a_path_the_subject_still_finds_a_shell() -> None:
    found = environment(ACCESS, Place("/subject", "/work"), {}, "/opt/bench/bin")
    assert "/bin" in found["PATH"].split(":")


USER = Account("adfexc", "secret")
FILES = AccountPlace("sftp", "/usr4/account", "SHA256:abc", "/shown/known_hosts")
ACCOUNT = (
    "OXO_ACCOUNT_HOST OXO_ACCOUNT_PORT OXO_ACCOUNT_USER OXO_ACCOUNT_PASSWORD OXO_ACCOUNT_TRANSFER "
    "OXO_ACCOUNT_FOLDER"
)
SSH = "OXO_ACCOUNT_HOST_KEY OXO_ACCOUNT_KNOWN_HOSTS"


def test_each_other_wire_tells_its_own_names_and_nothing_of_the_service() -> None:
    place = Place("/subject", "/place/bu1")
    common = {name for name in TOLD if name not in set(ACCESS.door)}
    nmc = nmc_door(Target("127.0.0.1", 30021), Account("ftp_nmc", "p@ss/1 %"), "required")
    doors = (
        (nmc, "OXO_NMC_URL OXO_NMC_HOST OXO_NMC_PORT OXO_NMC_USER OXO_NMC_PASSWORD OXO_NMC_TLS"),
        (v24_door(EXCHANGE, "ten", listens=False), "OXO_V24_COLUMNS OXO_V24_HOST OXO_V24_PORT"),
        (v24_door(EXCHANGE, "ten", listens=True), "OXO_V24_COLUMNS OXO_V24_LISTEN_PORT"),
        (ohl_door(EXCHANGE), "OXO_OHL_HOST OXO_OHL_PORT"),
        (account_door(EXCHANGE, USER, FILES), f"{ACCOUNT} {SSH}"),
        (account_door(EXCHANGE, USER, FILES._replace(transport="ftp")), ACCOUNT),
        (stream_door(EXCHANGE, 2534), "OXO_STREAM_HOST OXO_STREAM_PORT OXO_STREAM_SECOND_PORT"),
    )
    for door, names in doors:
        told = environment(ACCESS._replace(door=door), place, OWN, "/opt/bench/bin")
        assert set(told) == common | set(names.split())
    assert nmc["OXO_NMC_URL"] == "ftp://ftp_nmc:p%40ss%2F1%20%25@127.0.0.1:30021/"
    assert (nmc["OXO_NMC_PASSWORD"], nmc["OXO_NMC_TLS"]) == ("p@ss/1 %", "required")
