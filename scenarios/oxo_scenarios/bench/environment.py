"""What a subject is told: the environment of docs/subjects.md, and nothing else. Pure."""

import os
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from oxo_scenarios.bench.connect import Account, Target

HANDED_ON = ("PATH", "LANG", "TMPDIR", "TZ", "PYTHONUTF8")
"""What a subject gets of the bench's own environment; `HOME` is its working folder."""


class Access(NamedTuple):
    """How a subject reaches the exchange.

    Attributes:
        door: what it is told of the open wires, of the doors below.
        ca_file: the exchange's authority, PEM.
        fingerprint: SHA-256 of the server certificate, hex.
        exchange: name of the exchange.
        zone: IANA name of its time zone.
    """

    door: Mapping[str, str]
    ca_file: str
    fingerprint: str
    exchange: str
    zone: str


def taxation_door(target: Target, account: Account, contract_file: str) -> dict[str, str]:
    """Tell of the taxation service; `contract_file` has names and shape of its SOAP contract."""
    return {
        "OXO_URL": f"https://{target}/services/taxation",
        "OXO_HOST": target.host,
        "OXO_PORT": str(target.port),
        "OXO_USER": account.user,
        "OXO_PASSWORD": account.password,
        "OXO_CONTRACT_FILE": contract_file,
    }


def nmc_door(target: Target, account: Account, tls: str) -> dict[str, str]:
    """Tell of the ticket file of the NMC; `tls` is off, offered or required."""
    user, password = (quote(word, safe="") for word in account)
    return {
        "OXO_NMC_URL": f"ftp://{user}:{password}@{target}/",
        "OXO_NMC_HOST": target.host,
        "OXO_NMC_PORT": str(target.port),
        "OXO_NMC_USER": account.user,
        "OXO_NMC_PASSWORD": account.password,
        "OXO_NMC_TLS": tls,
    }


def v24_door(target: Target, columns: str, *, listens: bool) -> dict[str, str]:
    """Tell of the statement: where it is printed, or (`listens`) where the subject awaits it."""
    told = {"OXO_V24_COLUMNS": columns}
    if listens:
        return told | {"OXO_V24_LISTEN_PORT": str(target.port)}
    return told | {"OXO_V24_HOST": target.host, "OXO_V24_PORT": str(target.port)}


def ohl_door(target: Target) -> dict[str, str]:
    """Tell of the hotel link."""
    return {"OXO_OHL_HOST": target.host, "OXO_OHL_PORT": str(target.port)}


class AccountPlace(NamedTuple):
    """Where the account files lie, and how they are fetched.

    Attributes:
        transport: sftp or ftp.
        folder: that they lie in.
        host_key: of SSH, its SHA-256 as OpenSSH writes it.
        known_hosts: a file with that key, as OpenSSH keeps it.
    """

    transport: str
    folder: str
    host_key: str
    known_hosts: str


def account_door(target: Target, account: Account, place: AccountPlace) -> dict[str, str]:
    """Tell of the account files; over plain FTP there is no host key."""
    told = {
        "OXO_ACCOUNT_HOST": target.host,
        "OXO_ACCOUNT_PORT": str(target.port),
        "OXO_ACCOUNT_USER": account.user,
        "OXO_ACCOUNT_PASSWORD": account.password,
        "OXO_ACCOUNT_TRANSFER": place.transport,
        "OXO_ACCOUNT_FOLDER": place.folder,
    }
    if place.transport == "ftp":
        return told
    return told | {
        "OXO_ACCOUNT_HOST_KEY": place.host_key,
        "OXO_ACCOUNT_KNOWN_HOSTS": place.known_hosts,
    }


def stream_door(target: Target, second_port: int) -> dict[str, str]:
    """Tell of Ethernet on the fly; the second CPU is at the same address."""
    return {
        "OXO_STREAM_HOST": target.host,
        "OXO_STREAM_PORT": str(target.port),
        "OXO_STREAM_SECOND_PORT": str(second_port),
    }


class ProxyAccess(NamedTuple):
    """How a subject reaches the proxy that a case demands."""

    target: Target
    account: Account


class Place(NamedTuple):
    """Where a subject's commands run: its folder, its working folder, the proxy if there is one."""

    folder: str
    work: str
    proxy: ProxyAccess | None = None


def environment(
    access: Access, place: Place, own: Mapping[str, str], own_commands: str
) -> dict[str, str]:
    """Return the whole environment of a subject's command.

    `own` is the bench's environment. `own_commands` is the folder of the bench's own commands;
    it comes last in `PATH`: the collector of this project is found, nothing foreign is hidden.
    """
    told = {name: own[name] for name in HANDED_ON if name in own}
    told["PATH"] = os.pathsep.join(filter(None, [told.get("PATH", os.defpath), own_commands]))
    told |= {
        "HOME": place.work,
        "OXO_CA_FILE": access.ca_file,
        "OXO_FINGERPRINT": access.fingerprint,
        "OXO_EXCHANGE": access.exchange,
        "OXO_ZONE": access.zone,
        "OXO_WORK": place.work,
        "OXO_SUBJECT": place.folder,
    }
    return told | dict(access.door) | (_proxy(place.proxy) if place.proxy else {})


def _proxy(proxy: ProxyAccess) -> dict[str, str]:
    user, password = proxy.account
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return {
        "OXO_PROXY_HOST": proxy.target.host,
        "OXO_PROXY_PORT": str(proxy.target.port),
        "OXO_PROXY_USER": user,
        "OXO_PROXY_PASSWORD": password,
        "OXO_PROXY_URL": f"http://{login}@{proxy.target}",
    }
