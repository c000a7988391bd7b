"""The operator's configuration: one TOML file, several exchanges, one store.

    store = "tickets.db"                 # relative to this file

    [[exchange]]
    name = "head-office"
    address = "192.168.92.246"           # name or address; names are resolved at every connect
    port = 443
    fallback_ports = [30443]             # tried in order when `port` does not answer
    user = "administrator"
    password_env = "OXO_PASSWORD"        # or password_file = "secret"; never the password itself
    ca_file = "exchange-ca.pem"          # checks chain and name; and/or
    fingerprint = "ab12..."              # SHA-256 of the server certificate; wins over the name
    zone = "Europe/Berlin"
    contract = "contract.toml"           # table [contract] where it is not ours (docs/taxation.md)

    [exchange.proxy]                     # optional HTTP CONNECT proxy
    address = "proxy.example.net"
    port = 3128
    user = "collector"
    password_file = "proxy-secret"

    [exchange.account]                   # account files by SFTP or FTP
    address = "192.168.92.246"
    password_file = "account-secret"
    host_key = "SHA256:..."              # of the exchange, for SFTP

    [exchange.stream]                    # tickets on the fly; what it loses, account files heal
    address = "192.168.92.246"           # host or host:port
    second_address = "192.168.93.246"    # of the other main address, where there are two

    [exchange.nmc]                       # ticket files by FTP
    address = "192.168.92.246"
    password_file = "nmc-secret"

    [exchange.v24]                       # statements as printed, over TCP
    listen = "192.168.92.10:6970"        # or connect = "host:port"

    [exchange.ohl]                       # hotel link
    address = "192.168.92.246"

The keys from `address` to `contract`, and the proxy, are those of the taxation wire; they may be
left out as a whole where another wire is there.

Every error names the file, the key and what is allowed there. Secrets are read when the
collection starts, not before, so that an export needs none of them.
"""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, model_validator

from oxo_collector.account.settings import AccountFiles
from oxo_collector.nmc.settings import Nmc
from oxo_collector.ohl.settings import Ohl
from oxo_collector.receipt import Source, Wire
from oxo_collector.section import (
    ConfigurationRefused,
    File,
    Name,
    Section,
    located,
    secret,
)
from oxo_collector.stream.settings import Stream
from oxo_collector.taxation.settings import Proxy, Taxation, load_contract
from oxo_collector.toml_file import CONFIGURATION_BYTES_MAX, checked
from oxo_collector.v24.settings import V24

__all__ = [
    "CONFIGURATION_BYTES_MAX",
    "Configuration",
    "ConfigurationRefused",
    "Exchange",
    "Proxy",
    "known_zone",
    "load",
    "load_contract",
    "secret",
]

TAXATION: Final = "taxation"
"""The wire whose keys stand in `[[exchange]]` itself."""


def known_zone(name: str) -> str:
    """Return the name of an IANA time zone; raises ValueError for any other."""
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no IANA time zone; allowed is a name such as 'Europe/Paris'")
    ZoneInfo(name)
    return name


class Exchange(Section):
    """One exchange and the wires by which its tickets are collected, at least one."""

    inlined: ClassVar[str | None] = TAXATION

    name: Name
    zone: Annotated[str, AfterValidator(known_zone)]
    taxation: Taxation | None = None
    account: AccountFiles | None = None
    stream: Stream | None = None
    nmc: Nmc | None = None
    v24: V24 | None = None
    ohl: Ohl | None = None

    @model_validator(mode="before")
    @classmethod
    def _taxation_apart(cls, table: Any) -> Any:
        """Put the keys of the taxation wire into a table of their own."""
        if not isinstance(table, dict):
            return table
        if TAXATION in table:
            raise ValueError(f"{TAXATION}: unknown key; the keys of this wire stand without it")
        apart = {key: value for key, value in table.items() if key in Taxation.model_fields}
        rest = {key: value for key, value in table.items() if key not in apart}
        return {**rest, TAXATION: apart} if apart else rest

    @model_validator(mode="after")
    def _has_a_wire(self) -> Self:
        if all(getattr(self, wire) is None for wire in Wire):
            tables = [f"[exchange.{wire}]" for wire in Wire if wire != TAXATION]
            raise ValueError(
                "nothing to collect from; give address and user (taxation), or a table"
                f" {', '.join(tables[:-1])} or {tables[-1]}"
            )
        return self


class Log(Section):
    """How events are printed on standard error."""

    format: Literal["text", "json"] = "text"


class Configuration(Section):
    """The whole file; paths are absolute after loading."""

    store: File
    log: Log = Log()
    exchange: Annotated[tuple[Exchange, ...], Field(min_length=1)]

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every configured wire of every exchange, in order."""
        return tuple(
            Source(one.name, wire)
            for one in self.exchange
            for wire in Wire
            if getattr(one, wire) is not None
        )

    @property
    def spools(self) -> dict[Source, Path]:
        """The folders in which streams wait for the store."""
        return {
            Source(one.name, Wire.STREAM): one.stream.spool_of(one.name, self.store)
            for one in self.exchange
            if one.stream is not None
        }

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [exchange.name for exchange in self.exchange]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"every exchange has its own name; used twice: {', '.join(twice)}")
        doors = [e.v24.listen for e in self.exchange if e.v24 and e.v24.listen]
        if twice := sorted({str(door) for door in doors if door.port and doors.count(door) > 1}):
            raise ValueError(f"every v24.listen is another; used twice: {', '.join(twice)}")
        return self


def load(path: Path) -> Configuration:
    """Read and check a configuration and the files that it names; no secret is read.

    Raises:
        ConfigurationRefused: naming file, key and what is allowed; all errors at once.
    """
    folder = path.resolve().parent
    return located(checked(Configuration, path, folder), folder)
