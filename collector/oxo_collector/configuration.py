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

Every error names the file, the key and what is allowed there. Secrets are read when the
collection starts, not before, so that an export needs none of them.
"""

import os
import re
import tomllib
from ipaddress import IPv6Address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import ErrorDetails

from oxo_collector.taxation.contract import OWN, Contract, Elements, Operations
from oxo_collector.wording import one_line

SECRET_BYTES_MAX = 4096
CONFIGURATION_BYTES_MAX = 1024 * 1024


class ConfigurationRefused(Exception):
    """The configuration cannot be used; the text names file, key and what is allowed."""


def known_zone(name: str) -> str:
    """Return the name of an IANA time zone; raises ValueError for any other."""
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no IANA time zone; allowed is a name such as 'Europe/Paris'")
    ZoneInfo(name)
    return name


def _plain_fingerprint(text: str) -> str:
    plain = text.replace(":", "").replace(" ", "").lower()
    if not re.fullmatch(r"[0-9a-f]{64}", plain):
        raise ValueError(
            "allowed is a SHA-256 in 64 hexadecimal digits, colons between them or not"
        )
    return plain


_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*\.?")


def _plain_address(text: str) -> str:
    plain = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if not (_HOST_NAME.fullmatch(plain) or _is_ipv6(plain)):
        raise ValueError("allowed is a host name or an IP address, without scheme, port or path")
    return plain


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _named_file(path: Path) -> Path:
    """Return the path of a file that can be opened by its name."""
    if path.name in ("", "..") or "\0" in str(path):
        raise ValueError("allowed is the name of a file")
    return path


def _contract_of_file(name: object, info: ValidationInfo) -> Contract:
    """Return the contract in a file beside the configuration; its errors become one of ours."""
    if not isinstance(name, str) or not name or "\0" in name:
        raise ValueError("allowed is the name of a TOML file with the table [contract]")
    try:
        return load_contract(Path(info.context or "") / name)
    except ConfigurationRefused as refused:
        raise ValueError("; ".join(str(refused).splitlines())) from None


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
File = Annotated[Path, AfterValidator(_named_file)]
Address = Annotated[str, AfterValidator(_plain_address)]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
User = Annotated[str, StringConstraints(pattern=r"^[^:\x00-\x1f\x7f]{1,128}$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _Account(_Section):
    """A user whose password stands elsewhere."""

    password_env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = (
        None
    )
    password_file: File | None = None

    @model_validator(mode="after")
    def _not_both(self) -> "_Account":
        if self.password_env is not None and self.password_file is not None:
            raise ValueError("password_env and password_file exclude each other; give one of them")
        return self


class Proxy(_Account):
    """An HTTP CONNECT proxy, with login where `user` is given."""

    address: Address
    port: Port
    user: User | None = None

    @model_validator(mode="after")
    def _login_is_whole(self) -> "Proxy":
        told = self.password_env is not None or self.password_file is not None
        if (self.user is not None) != told:
            raise ValueError("user needs password_env or password_file, and the other way round")
        return self


class Exchange(_Account):
    """One exchange and how to reach it. Times are in seconds."""

    name: Name
    address: Address
    port: Port = 443
    fallback_ports: tuple[Port, ...] = ()
    user: User
    ca_file: File | None = None
    fingerprint: Annotated[str, AfterValidator(_plain_fingerprint)] | None = None
    zone: Annotated[str, AfterValidator(known_zone)]
    contract: Annotated[Contract, BeforeValidator(_contract_of_file)] = OWN
    proxy: Proxy | None = None
    batch_tickets_max: Annotated[int, Field(ge=1, le=10_000)] = 1000
    poll_seconds: Seconds = 5.0
    connect_seconds_max: Seconds = 10.0
    read_seconds_max: Seconds = 30.0
    rest_seconds_first: Seconds = 1.0
    rest_seconds_max: Seconds = 60.0

    @model_validator(mode="after")
    def _whole(self) -> "Exchange":
        if self.password_env is None and self.password_file is None:
            raise ValueError("the password is missing; give password_env or password_file")
        if self.ca_file is None and self.fingerprint is None:
            raise ValueError("nothing to check the exchange by; give ca_file, fingerprint, or both")
        if self.rest_seconds_first > self.rest_seconds_max:
            raise ValueError("rest_seconds_first is at most rest_seconds_max")
        return self

    @property
    def ports(self) -> tuple[int, ...]:
        """Every port once, in the order in which they are tried."""
        return tuple(dict.fromkeys((self.port, *self.fallback_ports)))


class Log(_Section):
    """How events are printed on standard error."""

    format: Literal["text", "json"] = "text"


class Configuration(_Section):
    """The whole file; paths are absolute after loading."""

    store: File
    log: Log = Log()
    exchange: Annotated[tuple[Exchange, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_differ(self) -> "Configuration":
        names = [exchange.name for exchange in self.exchange]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"every exchange has its own name; used twice: {', '.join(twice)}")
        return self


def load(path: Path) -> Configuration:
    """Read and check a configuration and the contracts that it names; no secret is read.

    Raises:
        ConfigurationRefused: naming file, key and what is allowed; all errors at once.
    """
    folder = path.resolve().parent
    return _absolute(_checked(Configuration, path, folder), folder)


class _ContractFile(_Section):
    """A file that holds a contract and nothing else."""

    contract: Contract


def load_contract(path: Path) -> Contract:
    """Read and check the table `[contract]` of a file.

    Raises:
        ConfigurationRefused: naming file, key and what is allowed; all errors at once.
    """
    return _checked(_ContractFile, path, None).contract


_Checked = TypeVar("_Checked", bound=BaseModel)


def _checked(model: type[_Checked], path: Path, folder: Path | None) -> _Checked:
    """Read a file as the model wants it; `folder` is that of the files it names."""
    table = _table(path)
    try:
        return model.model_validate(table, context=folder)
    except ValidationError as error:
        # A refused exchange also leaves the list short; that line would name no further fault.
        faults = error.errors(include_url=False)
        told = [fault for fault in faults if fault["type"] != "too_short"] or faults
        lines = [f"{path}: {_line(fault, model)}" for fault in told]
        raise ConfigurationRefused("\n".join(lines)) from None


def secret(account: Exchange | Proxy, key: str) -> SecretStr:
    """Return the password of an account; `key` names the account in errors.

    Raises:
        ConfigurationRefused: the variable is not set, or the file cannot be read.
    """
    if account.password_env is not None:
        value = os.environ.get(account.password_env)
        if not value:
            raise ConfigurationRefused(
                f"{key}.password_env: the environment variable {account.password_env} is not set"
            )
        return SecretStr(value)
    assert account.password_file is not None
    return SecretStr(_secret_of_file(account.password_file, f"{key}.password_file"))


def _secret_of_file(path: Path, key: str) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(SECRET_BYTES_MAX + 1).decode("utf-8")
    except OSError as error:
        raise ConfigurationRefused(f"{key}: {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationRefused(f"{key}: {path} is not UTF-8") from None
    if len(text) > SECRET_BYTES_MAX:
        raise ConfigurationRefused(f"{key}: {path} is longer than {SECRET_BYTES_MAX} bytes")
    line = text.removesuffix("\n").removesuffix("\r")
    if not line or "\n" in line:
        raise ConfigurationRefused(f"{key}: {path} must hold the password alone, in one line")
    return line


def _table(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(CONFIGURATION_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigurationRefused(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > CONFIGURATION_BYTES_MAX:
        raise ConfigurationRefused(f"{path}: longer than {CONFIGURATION_BYTES_MAX} bytes")
    try:
        return tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigurationRefused(f"{path}: not UTF-8 at byte {error.start}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationRefused(f"{path}: not TOML: {error}") from None
    except RecursionError:
        raise ConfigurationRefused(f"{path}: not read: nested too deep") from None


def _absolute(configuration: Configuration, folder: Path) -> Configuration:
    return configuration.model_copy(
        update={
            "store": folder / configuration.store,
            "exchange": tuple(_absolute_exchange(one, folder) for one in configuration.exchange),
        }
    )


def _absolute_exchange(exchange: Exchange, folder: Path) -> Exchange:
    update: dict[str, Any] = {}
    for key in ("ca_file", "password_file"):
        if (path := getattr(exchange, key)) is not None:
            update[key] = folder / path
    if exchange.proxy is not None and exchange.proxy.password_file is not None:
        file = folder / exchange.proxy.password_file
        update["proxy"] = exchange.proxy.model_copy(update={"password_file": file})
    return exchange.model_copy(update=update)


SHAPES: Final = {
    "tuple_type": "a list; exchanges stand each under [[exchange]], in double brackets",
    "model_type": "a table",
    "dict_type": "a table",
    "too_short": "at least one",
}
"""What the library says in words of Python."""


def _line(detail: ErrorDetails, whole: type[BaseModel]) -> str:
    """Say one error: the key as it is found in the file, and what is allowed there."""
    place = detail["loc"]
    key = "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p in place).lstrip(".")
    key = one_line(key)
    if detail["type"] == "extra_forbidden":
        allowed = ", ".join((_section(place[:-1]) or whole).model_fields)
        return f"{key}: unknown key; allowed here: {allowed}"
    if detail["type"] == "missing":
        return f"{key}: missing; it is required"
    if detail["type"] in SHAPES:
        return f"{key}: allowed is {SHAPES[detail['type']]}"
    message = detail["msg"].removeprefix("Value error, ")
    return f"{key or 'the file as a whole'}: {message}"


def _section(place: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Return the model that stands at a place, for the list of allowed keys; None for the top."""
    last = next((part for part in reversed(place) if isinstance(part, str)), None)
    sections: dict[str | None, type[BaseModel]] = {
        "exchange": Exchange,
        "proxy": Proxy,
        "log": Log,
        "contract": Contract,
        "operations": Operations,
        "elements": Elements,
    }
    return sections.get(last)
