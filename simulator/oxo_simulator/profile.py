"""Profiles: what one release, or one site, does where exchanges differ.

A key stands here where two behaviours exist and a test flips it. Each key carries its standing:
what is not documented is a choice of ours (or inferred), and a report names it. A site that holds
the maker's documents corrects the simulator by a file of its own, not by code.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from oxo_tickets import Standing
from pydantic import AfterValidator, BaseModel, Field, PrivateAttr, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from oxo_simulator.account.settings import AccountSettings
from oxo_simulator.contract_table import TABLE_ERROR, Contract
from oxo_simulator.ed52.settings import Ed52Settings
from oxo_simulator.exchange.appointment_settings import AppointmentSettings
from oxo_simulator.exchange.charging_settings import Charging
from oxo_simulator.exchange.hotel_settings import HotelSettings
from oxo_simulator.exchange.metering_settings import Metering
from oxo_simulator.exchange.numbering import NumberingPlan, PlanUnusable
from oxo_simulator.exchange.reset_settings import ResetSettings
from oxo_simulator.nmc.settings import NmcSettings
from oxo_simulator.numbering_file import read_plan
from oxo_simulator.ohl.settings import OhlSettings
from oxo_simulator.profile_section import ProfileError, Section, WireSection
from oxo_simulator.stream.settings import StreamSettings
from oxo_simulator.v24.settings import V24Settings
from oxo_simulator.wsdl_folder import WsdlFiles, WsdlFolderUnusable, read_wsdl_folder

PROFILE_BYTES_MAX = 64 * 1024
NAME_SHOWN_MAX = 200
"""Characters of a name in a message."""

START_FIRST, START_LAST = datetime(1900, 1, 1), datetime(2999, 12, 31)  # noqa: DTZ001 - wall clock
"""When exchange time may begin: far from either end of what a date can say."""

_TEXT = r"^[^\x00-\x1f\x7f\ufffe\uffff]*$"
"""What XML can carry, on one line."""

_DOC, _OURS, _INFERRED = Standing.DOCUMENTED, Standing.OURS, Standing.INFERRED


def _named(path: Path | None) -> Path | None:
    if "\0" in str(path):
        raise ValueError("no file has a NUL in its name")
    return path


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("an IANA zone is expected, such as Europe/Berlin") from error
    return name


def _wall_clock(instant: datetime) -> datetime:
    if instant.tzinfo is not None:
        raise ValueError("a wall clock time without offset is expected")
    if not START_FIRST <= instant <= START_LAST:
        raise ValueError(f"{START_FIRST.date()} to {START_LAST.date()} is expected")
    return instant


class Port(Section):
    """One HTTPS port: its number (0 is a free one) and whether it is open at all."""

    number: Annotated[int, Field(ge=0, le=65535), _DOC]
    open: Annotated[bool, _INFERRED]


class Ports(Section):
    """The two ports of the taxation wire (facts: oxo 1.6)."""

    standard: Port
    alternate: Port


class Session(Section):
    """Rules of a taxation session (facts: oxo 7.3, ours)."""

    idle_seconds: Annotated[int, Field(ge=1, le=86_400), _OURS]
    cookie_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$"), _OURS]
    without_cookie: Annotated[Literal["fault", "new-session"], _OURS]
    second_login: Annotated[Literal["take-over", "refuse"], _OURS]


class Buffer(Section):
    """The tickets that wait (facts: oxo 1.5, documented for the print buffer).

    With `block` nothing is lost by new calls: while nothing more fits, nobody gets a line that
    would be charged (facts: oxo 7.3, ours).
    """

    capacity: Annotated[int, Field(ge=1, le=30_000), _INFERRED]
    alarm_percent: Annotated[int, Field(ge=1, le=100), _INFERRED]
    overflow: Annotated[Literal["newest", "oldest", "block"], _INFERRED] = "newest"


class LicenceKeys(Section):
    """Licences (facts: oxo 1.2)."""

    call_accounting_over_ip: Annotated[bool, _DOC]
    local_calls: Annotated[bool, _DOC] = True


class Profile(Section):
    """Everything in which one exchange may differ from another."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,62}$"), _OURS]
    release: Annotated[str, Field(min_length=1, max_length=64, pattern=_TEXT), _DOC]
    zone: Annotated[str, AfterValidator(_zone), _OURS]
    start: Annotated[datetime, AfterValidator(_wall_clock), _OURS]
    user: Annotated[str, Field(pattern=r"^[^:\x00-\x1f\x7f]{1,64}$"), _INFERRED]
    tag_set: Annotated[Literal["observed", "extended"], _OURS]
    mode: Annotated[Literal["business", "hotel"], _DOC] = "business"
    batch_tickets_max: Annotated[int, Field(ge=1, le=10_000), _OURS]
    wsdl: Annotated[Literal["served", "withheld", "files"], _INFERRED]
    wsdl_folder: Annotated[Path | None, AfterValidator(_named), _OURS] = None
    installation: Annotated[Path | None, AfterValidator(_named), _OURS] = None
    ports: Ports
    session: Session
    buffer: Buffer
    licence: LicenceKeys
    reset: ResetSettings
    metering: Metering
    charging: Charging
    appointments: AppointmentSettings = AppointmentSettings()
    hotel: HotelSettings = HotelSettings()
    contract: Contract = Contract()
    nmc: NmcSettings = NmcSettings()
    v24: V24Settings = V24Settings()
    ohl: OhlSettings = OhlSettings()
    account: AccountSettings = AccountSettings()
    stream: StreamSettings = StreamSettings()
    ed52: Ed52Settings = Ed52Settings()

    _numbering: NumberingPlan | None = PrivateAttr(default=None)

    @property
    def wsdl_files(self) -> WsdlFiles | None:
        """The maker's files, read now; `None` where the profile serves none."""
        if self.wsdl != "files" or self.wsdl_folder is None:
            return None
        return read_wsdl_folder(self.wsdl_folder)

    @property
    def numbering(self) -> NumberingPlan | None:
        """The numbering plan of the installation's own file; `None` is the default installation."""
        return self._numbering

    @model_validator(mode="after")
    def _plan_can_be_installed(self) -> "Profile":
        try:
            self._numbering = None if self.installation is None else read_plan(self.installation)
        except PlanUnusable as error:
            raise _together("installation", str(error)) from error
        return self

    @model_validator(mode="after")
    def _files_can_be_served(self) -> "Profile":
        if (self.wsdl == "files") != (self.wsdl_folder is not None):
            raise _together("wsdl_folder", 'wsdl = "files" needs the folder, and nothing else does')
        try:
            _ = self.wsdl_files
        except WsdlFolderUnusable as error:
            raise _together("wsdl_folder", str(error)) from error
        return self


FURTHER_WIRES: tuple[str, ...] = tuple(
    name
    for name, field in Profile.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, WireSection)
)
"""Sections of the wires that a profile opens or leaves closed as a whole."""

SHARED_SECTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType({"ed52": ("account", "stream")})
"""Sections that are no wire's own -> the wires that they are about."""

TAXATION_PORTS = ("standard", "alternate")


def wire_section(profile: Profile, wire: str) -> WireSection:
    """Return the section of a wire of `FURTHER_WIRES`."""
    section: WireSection = getattr(profile, wire)
    return section


def section_kind(wire: str) -> type[WireSection]:
    """Return what the section of a wire of `FURTHER_WIRES` is."""
    kind: Any = Profile.model_fields[wire].annotation
    found: type[WireSection] = kind
    return found


def fixed_keys() -> tuple[str, ...]:
    """Return the keys that belong to the process: an installation cannot change them."""
    ports = (f"ports.{name}.number" for name in TAXATION_PORTS)
    further = (f"{wire}.{key}" for wire in FURTHER_WIRES for key in section_kind(wire).fixed_keys())
    return ("name", "user", *ports, *further)


def _together(key: str, words: str) -> PydanticCustomError:
    escaped = words.replace("{", "(").replace("}", ")")  # braces would be places to fill in
    return PydanticCustomError(TABLE_ERROR, f"{key}: {escaped}")


def packaged() -> tuple[str, ...]:
    """Return the names of the profiles that come with the simulator."""
    folder = files("oxo_simulator").joinpath("profiles")
    names = (entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.is_file())
    return tuple(sorted(names))


def load_profile(name: str, overrides: Mapping[str, Any] = MappingProxyType({})) -> Profile:
    """Read a packaged profile, or a file (`name` has a slash or ends in `.toml`).

    Args:
        name: which.
        overrides: dotted key -> value, laid over the file.

    Raises:
        ProfileError: names file or override, key, and what is allowed.
    """
    table = _read(name)
    _beside_file(table, name)
    for key, value in overrides.items():
        _lay(table, key, value)
    try:
        return Profile.model_validate(table)
    except ValidationError as error:
        raise ProfileError("; ".join(_sentences(name, error, overrides))) from None


def keys() -> Mapping[str, Standing]:
    """Return every dotted key with its standing, in the order of the model."""
    return {key: standing for key, standing, _ in _walk(Profile, "")}


def choices(profile: Profile) -> list[dict[str, str]]:
    """List what is not documented but chosen: key, value, standing."""
    unused = {f"contract.{key}" for key in profile.contract.unused}
    unused |= {key for key in ("wsdl_folder", "installation") if getattr(profile, key) is None}
    closed = {wire for wire in FURTHER_WIRES if not getattr(profile, wire).open}
    closed |= {name for name, wires in SHARED_SECTIONS.items() if closed.issuperset(wires)}
    closed |= {"hotel"} if profile.mode != "hotel" else set()
    unused |= {key for key in keys() if key.partition(".")[0] in closed}
    listed = (each for each in described(profile) if each["key"] not in unused)
    return [each for each in listed if each["standing"] != str(_DOC)]


def described(profile: Profile) -> list[dict[str, str]]:
    """List every key: key, value, standing."""
    return [
        {"key": key, "value": _text(_value(profile, key)), "standing": str(standing)}
        for key, standing in keys().items()
    ]


def _read(name: str) -> dict[str, Any]:
    if "/" in name or name.endswith(".toml"):
        where, content = name, _content(name)
    elif name in packaged():
        where = f"profile {name}"
        content = files("oxo_simulator").joinpath("profiles", f"{name}.toml").read_bytes()
    else:
        raise ProfileError(
            f"no profile {name!r}; packaged are {', '.join(packaged())}, "
            "a file is given by a path that ends in .toml"
        )
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(f"{where}: no TOML: {error}") from None


def _content(name: str) -> bytes:
    path = Path(name)
    try:
        if not path.is_file():
            raise ProfileError(f"profile file {name} does not exist")
        with path.open("rb") as opened:
            content = opened.read(PROFILE_BYTES_MAX + 1)
    except OSError as error:
        raise ProfileError(f"profile file {name[:NAME_SHOWN_MAX]}: {error.strerror}") from error
    if len(content) > PROFILE_BYTES_MAX:
        raise ProfileError(f"{name}: more than {PROFILE_BYTES_MAX} bytes")
    return content


def _beside_file(table: dict[str, Any], name: str) -> None:
    """Let what a file names by a relative path lie beside that file."""
    for key in ("wsdl_folder", "installation"):
        if isinstance(named := table.get(key), str):
            table[key] = Path(name).parent / named


def _lay(table: dict[str, Any], dotted: str, value: Any) -> None:
    if dotted not in keys():
        near = get_close_matches(dotted[:NAME_SHOWN_MAX], keys(), n=3)
        words = f"near it: {', '.join(near)}" if near else "docs/profiles.md lists all of them"
        raise ProfileError(f"override {dotted}: no such key; {words}")
    *sections, last = dotted.split(".")
    for section in sections:
        inner = table.setdefault(section, {})
        if not isinstance(inner, dict):  # the file is wrong here; validation will say so
            return
        table = inner
    table[last] = value


def _walk(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, Standing, Any]]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _walk(kind, f"{prefix}{name}.")
        else:
            standing = next(mark for mark in field.metadata if isinstance(mark, Standing))
            yield f"{prefix}{name}", standing, kind


def _value(profile: BaseModel, dotted: str) -> Any:
    value: Any = profile
    for part in dotted.split("."):
        value = getattr(value, part)
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "none"
    if isinstance(value, Path):
        return value.name  # where it lies on this machine is nobody's business
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _sentences(name: str, error: ValidationError, overrides: Mapping[str, Any]) -> Iterator[str]:
    for wrong in error.errors(include_url=False):
        key = ".".join(str(part) for part in wrong["loc"])
        where = "override" if key in overrides else f"profile {name}:"
        if wrong["type"] == "extra_forbidden":
            inside = key.rpartition(".")[0]
            yield f"{where} {key}: no such key; allowed here: {', '.join(_beside(inside))}"
        elif wrong["type"] == TABLE_ERROR:
            section = f"{key}." if key else ""
            laid = " with overrides" if overrides else ""
            yield f"profile {name}{laid}: {section}{wrong['msg']}"
        elif wrong["type"] == "missing":
            yield f"{where} {key}: is missing; {_allowed(key)}"
        else:
            yield f"{where} {key}: {wrong['msg']}, found {wrong['input']!r}"


def _beside(section: str) -> list[str]:
    prefix = f"{section}." if section else ""
    inside = [key.removeprefix(prefix) for key in keys() if key.startswith(prefix)]
    return list(dict.fromkeys(key.split(".")[0] for key in inside))


def _allowed(key: str) -> str:
    for dotted, _, kind in _walk(Profile, ""):
        if dotted == key:
            words = get_args(kind)
            named = " or ".join(map(repr, words)) if words else getattr(kind, "__name__", str(kind))
            return f"expected {named}"
    return f"expected a table with {', '.join(_beside(key))}"
