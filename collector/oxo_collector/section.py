"""What the tables of the configuration have in common: addresses, times, accounts, secrets.

Each wire has its own table in its own folder (`settings`), made of these; `configuration` puts
them together and words the errors.
"""

import os
import re
from ipaddress import IPv6Address
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, NamedTuple, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

SECRET_BYTES_MAX: Final = 4096


class ConfigurationRefused(Exception):
    """The configuration cannot be used; the text names file, key and what is allowed."""


def _plain_fingerprint(text: str) -> str:
    plain = text.replace(":", "").replace(" ", "").lower()
    if not re.fullmatch(r"[0-9a-f]{64}", plain):
        raise ValueError(
            "allowed is a SHA-256 in 64 hexadecimal digits, colons between them or not"
        )
    return plain


_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*\.?")


def plain_address(text: str) -> str:
    """Return a host name or IP address without brackets; raises ValueError for any other text."""
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


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
File = Annotated[Path, AfterValidator(_named_file)]
Address = Annotated[str, AfterValidator(plain_address)]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Fingerprint = Annotated[str, AfterValidator(_plain_fingerprint)]
User = Annotated[str, StringConstraints(pattern=r"^[^:\x00-\x1f\x7f]{1,128}$")]


class Place(NamedTuple):
    """An address and a TCP port."""

    address: str
    port: int

    def __str__(self) -> str:
        """Return both as they stand in the configuration."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{address}:{self.port}"


class Section(BaseModel):
    """A table of the configuration; a key that it does not know is refused.

    Attributes:
        inlined: the field whose keys stand in this table itself.
    """

    inlined: ClassVar[str | None] = None

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Account(Section):
    """A user whose password stands elsewhere."""

    password_env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = (
        None
    )
    password_file: File | None = None

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if self.password_env is not None and self.password_file is not None:
            raise ValueError("password_env and password_file exclude each other; give one of them")
        return self


class Pauses(Section):
    """How long to rest after a failure, in seconds: from the first, doubled, up to the last."""

    rest_seconds_first: Seconds = 1.0
    rest_seconds_max: Seconds = 60.0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.rest_seconds_first > self.rest_seconds_max:
            raise ValueError("rest_seconds_first is at most rest_seconds_max")
        return self


def secret(account: Account, key: str) -> SecretStr:
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


_Located = TypeVar("_Located", bound=Section)


def located(section: _Located, folder: Path) -> _Located:
    """Return a table with every path in it absolute; `folder` is that of the configuration."""
    update: dict[str, Any] = {}
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Path):
            update[name] = folder / value
        elif isinstance(value, Section):
            update[name] = located(value, folder)
        elif isinstance(value, tuple) and any(isinstance(one, Section) for one in value):
            update[name] = tuple(located(one, folder) for one in value)
    return section.model_copy(update=update)
