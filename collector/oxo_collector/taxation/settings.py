"""The taxation wire in the configuration: the keys that stand in `[[exchange]]` itself."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from oxo_collector.section import (
    Account,
    Address,
    ConfigurationRefused,
    File,
    Fingerprint,
    Pauses,
    Port,
    Seconds,
    Section,
    User,
)
from oxo_collector.taxation.contract import OWN, Contract
from oxo_collector.toml_file import checked


class Proxy(Account):
    """An HTTP CONNECT proxy, with login where `user` is given."""

    address: Address
    port: Port
    user: User | None = None

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        told = self.password_env is not None or self.password_file is not None
        if (self.user is not None) != told:
            raise ValueError("user needs password_env or password_file, and the other way round")
        return self


class _ContractFile(Section):
    """A file that holds a contract and nothing else."""

    contract: Contract


def load_contract(path: Path) -> Contract:
    """Read and check the table `[contract]` of a file.

    Raises:
        ConfigurationRefused: naming file, key and what is allowed; all errors at once.
    """
    return checked(_ContractFile, path, None).contract


def _contract_of_file(name: object, info: ValidationInfo) -> Contract:
    """Return the contract in a file beside the configuration; its errors become one of ours."""
    if not isinstance(name, str) or not name or "\0" in name:
        raise ValueError("allowed is the name of a TOML file with the table [contract]")
    try:
        return load_contract(Path(info.context or "") / name)
    except ConfigurationRefused as refused:
        raise ValueError("; ".join(str(refused).splitlines())) from None


class Taxation(Account, Pauses):
    """The taxation service of an exchange and how to reach it. Times are in seconds."""

    address: Address
    port: Port = 443
    fallback_ports: tuple[Port, ...] = ()
    user: User
    ca_file: File | None = None
    fingerprint: Fingerprint | None = None
    contract: Annotated[Contract, BeforeValidator(_contract_of_file)] = OWN
    proxy: Proxy | None = None
    batch_tickets_max: Annotated[int, Field(ge=1, le=10_000)] = 1000
    poll_seconds: Seconds = 5.0
    connect_seconds_max: Seconds = 10.0
    read_seconds_max: Seconds = 30.0

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.password_env is None and self.password_file is None:
            raise ValueError("the password is missing; give password_env or password_file")
        if self.ca_file is None and self.fingerprint is None:
            raise ValueError("nothing to check the exchange by; give ca_file, fingerprint, or both")
        return self

    @property
    def ports(self) -> tuple[int, ...]:
        """Every port once, in the order in which they are tried."""
        return tuple(dict.fromkeys((self.port, *self.fallback_ports)))
