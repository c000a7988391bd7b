"""The account wire in the configuration: the table `[exchange.account]`."""

import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from oxo_collector.section import Account, Address, File, Fingerprint, Pauses, Port, Seconds, User

DEFAULT_PORTS: Final = {"sftp": 22, "ftp": 21}


def _host_key(text: str) -> str:
    if not re.fullmatch(r"SHA256:[A-Za-z0-9+/]{43}", text):
        raise ValueError("allowed is SHA256: and 43 characters, as `ssh-keygen -l` prints it")
    return text


def _folder(text: str) -> str:
    if not re.fullmatch(r"/[^\x00-\x1f\x7f]{0,255}", text):
        raise ValueError(
            "allowed is a path from the root, such as '/usr4/account', of at most 256 characters"
        )
    return text


def _index(text: str) -> str:
    if not re.fullmatch(r"[^/\x00-\x1f\x7f]{1,64}", text):
        raise ValueError("allowed is the name of a file without a path, of at most 64 characters")
    return text


HostKey = Annotated[str, AfterValidator(_host_key)]
Decimals = Annotated[int, Field(ge=0, le=4)]


class AccountFiles(Account, Pauses):
    """The account files of an exchange, by SFTP or FTP (facts: oxe 3). Times are in seconds."""

    address: Address
    transfer: Literal["sftp", "ftp"] = "sftp"
    port: Port | None = None
    user: User = "adfexc"
    host_key: HostKey | None = None
    host_key_file: File | None = None
    tls: Literal["none", "explicit"] = "none"
    ca_file: File | None = None
    fingerprint: Fingerprint | None = None
    folder: Annotated[str, AfterValidator(_folder)] = "/usr4/account"
    index: Annotated[str, AfterValidator(_index)] = "ACCOUNT.LIS"
    compress_first: bool = False
    start: Literal["oldest", "now"] = "oldest"
    cost_decimals: Decimals = 2
    poll_seconds: Seconds = 300.0
    settle_seconds: Seconds = 2.0
    connect_seconds_max: Seconds = 10.0
    read_seconds_max: Seconds = 30.0
    file_bytes_max: Annotated[int, Field(ge=1, le=256 * 1024 * 1024)] = 64 * 1024 * 1024

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.password_env is None and self.password_file is None:
            raise ValueError("the password is missing; give password_env or password_file")
        pinned = self.host_key is not None or self.host_key_file is not None
        if self.transfer == "sftp" and not pinned:
            raise ValueError("nothing to check the exchange by; give host_key or host_key_file")
        if self.transfer == "ftp" and pinned:
            raise ValueError('host_key and host_key_file are of use with transfer = "sftp" only')
        if self.transfer == "ftp" and self.compress_first:
            raise ValueError('compress_first is of use with transfer = "sftp" only')
        self._whole_tls()
        return self

    def _whole_tls(self) -> None:
        checked = self.ca_file is not None or self.fingerprint is not None
        if self.transfer == "sftp" and (checked or self.tls != "none"):
            raise ValueError('tls, ca_file and fingerprint are of use with transfer = "ftp" only')
        if self.tls == "explicit" and not checked:
            raise ValueError("nothing to check the exchange by; give ca_file, fingerprint, or both")
        if self.tls == "none" and checked:
            raise ValueError('ca_file and fingerprint are of use with tls = "explicit" only')

    @property
    def transfer_port(self) -> int:
        """The port; by default that of the transfer."""
        return self.port or DEFAULT_PORTS[self.transfer]
