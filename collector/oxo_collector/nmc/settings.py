"""The NMC wire in the configuration: the table `[exchange.nmc]`."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from oxo_collector.section import Account, Address, File, Fingerprint, Pauses, Port, Seconds, User


class Nmc(Account, Pauses):
    """The ticket store for the network manager, by FTP (facts: oxo 5). Times are in seconds."""

    address: Address
    port: Port = 30021
    user: User = "ftp_nmc"
    tls: Literal["none", "explicit"] = "none"
    ca_file: File | None = None
    fingerprint: Fingerprint | None = None
    folder: Annotated[str, StringConstraints(pattern=r"^/[^\x00-\x1f\x7f]{0,255}$")] = "/"
    pattern: Annotated[str, StringConstraints(pattern=r"^[^/\x00-\x1f\x7f]{1,64}$")] = "*.ALZ"
    after: Literal["delete", "leave"] = "delete"
    poll_seconds: Seconds = 60.0
    connect_seconds_max: Seconds = 10.0
    read_seconds_max: Seconds = 30.0
    file_bytes_max: Annotated[int, Field(ge=1, le=256 * 1024 * 1024)] = 16 * 1024 * 1024

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.password_env is None and self.password_file is None:
            raise ValueError("the password is missing; give password_env or password_file")
        checked = self.ca_file is not None or self.fingerprint is not None
        if self.tls == "explicit" and not checked:
            raise ValueError("nothing to check the exchange by; give ca_file, fingerprint, or both")
        if self.tls == "none" and checked:
            raise ValueError('ca_file and fingerprint are of use with tls = "explicit" only')
        return self
