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
        target: host (address or name) and port.
        account: for Basic authentication.
        ca_file: the exchange's authority, PEM.
        contract_file: names and shape of its SOAP contract, TOML.
        fingerprint: SHA-256 of the server certificate, hex.
        exchange: name of the exchange.
        zone: IANA name of its time zone.
    """

    target: Target
    account: Account
    ca_file: str
    contract_file: str
    fingerprint: str
    exchange: str
    zone: str


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
        "OXO_URL": f"https://{access.target}/services/taxation",
        "OXO_HOST": access.target.host,
        "OXO_PORT": str(access.target.port),
        "OXO_USER": access.account.user,
        "OXO_PASSWORD": access.account.password,
        "OXO_CA_FILE": access.ca_file,
        "OXO_CONTRACT_FILE": access.contract_file,
        "OXO_FINGERPRINT": access.fingerprint,
        "OXO_EXCHANGE": access.exchange,
        "OXO_ZONE": access.zone,
        "OXO_WORK": place.work,
        "OXO_SUBJECT": place.folder,
    }
    return told | (_proxy(place.proxy) if place.proxy else {})


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
