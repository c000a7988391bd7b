"""The subject's folder as its owner wrote it: `subject.toml` and `issues.toml` (docs/subjects.md).

Every error is the operator's configuration: it names the file, the key, and what is allowed.
"""

import re
import signal
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from oxo_tickets import FIELDS
from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from oxo_scenarios.declared import Issue, Issues, Reasons, Table, Text
from oxo_scenarios.wires import WIRES, Claim, Columns, Transport, Wire, doors_of

SUBJECT_FILE = "subject.toml"
ISSUES_FILE = "issues.toml"
FILE_BYTES_MAX = 256 * 1024
UNMAPPABLE = ("masked", "extras")
"""Ticket fields that are no single value and cannot come out of a CSV column."""
LINE_CHARACTERS_MAX = 4096
"""A line of fixed columns is no longer."""

Word = Annotated[str, StringConstraints(pattern=r"^[^\x00]+$")]
Command = Annotated[list[Word], Field(min_length=1)]
Seconds = Annotated[float, Field(gt=0, le=600)]
FileName = Annotated[str, StringConstraints(pattern=r"^[^/\x00]+$")]


def _compiles(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from error
    return value


Pattern = Annotated[str, Field(min_length=1), AfterValidator(_compiles)]


def _web(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address beginning with http:// or https:// is expected")
    return value


Url = Annotated[str, AfterValidator(_web)]


class SubjectUnreadable(ValueError):
    """The subject's folder is not as docs/subjects.md asks; the operator can mend it."""


class Identity(Table):
    """Who the subject is; `version` or `version_command` tells its version."""

    name: Text
    vendor: Text | None = None
    version: Text | None = None
    version_command: Command | None = None
    wires: Annotated[list[Wire], Field(min_length=1)]
    contact: str | None = None

    @model_validator(mode="after")
    def _one_version(self) -> Self:
        if (self.version is None) == (self.version_command is None):
            raise ValueError("give exactly one of 'version' and 'version_command'")
        return self


class Start(Table):
    """How it is started, and how its readiness is seen.

    Attributes:
        kept: it may be left running from play to play where no case asks for its start or end: it
            takes an exchange that was installed anew for another one (a new epoch, from 1 on).
        side_by_side: several of it may run at once, each with its own working folder.
    """

    command: Command
    ready_log: Pattern | None = None
    ready_seconds_max: Seconds = 10
    kept: bool = False
    side_by_side: bool = False


class Remote(Table):
    """A subject on another machine, moved by the operator's hands: what to ask of them.

    Attributes:
        start: how it is started; likewise the others, in words.
        poll_seconds: how long it may take from one attempt to the next; limits grow by it.
    """

    start: Text = "Start the collector."
    stop: Text = "Stop the collector in peace."
    power_off: Text = (
        "Cut the power of the collector's machine, or end its process by force: no orderly stop."
    )
    failure_message: Text = "Does its screen or its log tell of a failed connection?"
    poll_seconds: Annotated[float, Field(ge=0, le=600)] = 10


class Stop(Table):
    """How it is stopped in peace; after `seconds_max` it is killed."""

    signal: str | None = None
    command: Command | None = None
    seconds_max: Seconds = 10

    @field_validator("signal")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and f"SIG{value}" not in signal.Signals.__members__:
            raise ValueError(f"{value!r} is no signal; write it without SIG, such as TERM or INT")
        return value

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.signal is not None and self.command is not None:
            raise ValueError("give at most one of 'signal' and 'command'")
        return self


Place = Annotated[int, Field(ge=1, le=LINE_CHARACTERS_MAX)]


class Column(Table):
    """Where one ticket field stands, and how it is written.

    Attributes:
        column: header name of a CSV column.
        columns: several of them, joined by a blank.
        first: of fixed columns, the first character of the field, counted from 1.
        last: its last character.
        format: a strptime format for `local_time`, `local_end` and `reminder_time`; `HH:MM:SS`,
            `MM:SS` or `seconds` for durations; `letters` for facilities of one letter each;
            `hundredths` for a cost that is told in whole hundredths.
        pattern: what stands there is the field only where this matches, else it is absent.
        default: what a word counts as that [delivery.values] does not name.
        mark: of `masked`, the character that stands for a hidden digit.
    """

    column: Text | None = None
    columns: Annotated[list[Text], Field(min_length=1)] | None = None
    first: Place | None = None
    last: Place | None = None
    format: Text | None = None
    pattern: Pattern | None = None
    default: Text | None = None
    mark: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None

    @property
    def fixed(self) -> bool:
        """Tell whether it is a stretch of characters and no CSV column."""
        return self.first is not None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.first is None) != (self.last is None):
            raise ValueError("'first' and 'last' belong together")
        if sum(x is not None for x in (self.column, self.columns, self.first)) != 1:
            raise ValueError(
                "give exactly one of 'column' and 'columns' (CSV), or 'first' with 'last' "
                "(fixed columns)"
            )
        if self.first is not None and self.last is not None and self.last < self.first:
            raise ValueError(f"'last' {self.last} is before 'first' {self.first}")
        return self

    def names(self) -> list[str]:
        """Return the header names, in order."""
        return [self.column] if self.column is not None else list(self.columns or [])


class DeliveryDoor(Table):
    """Where its tickets are found and how they are written."""

    format: Literal["ndjson", "csv", "columns"]
    line: Pattern | None = None
    encoding: Literal["utf-8", "iso-8859-1", "cp850"] = "utf-8"
    file: Text | None = None
    folder: Text | None = None
    pattern: FileName = "*"
    take: Literal["newest", "all"] = "all"
    url: Url | None = None
    url_seconds_max: Annotated[float, Field(gt=0, le=120)] = 20
    url_bytes_max: Annotated[int, Field(gt=0, le=64 * 1024 * 1024)] = 64 * 1024 * 1024
    command: Command | None = None
    settle_seconds: Annotated[float, Field(ge=0, le=60)] = 0.5
    columns: Mapping[str, Column] = {}
    values: Mapping[str, Mapping[str, str]] = {}

    @field_validator("columns", mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {
            field: {"column": told} if isinstance(told, str) else told
            for field, told in value.items()
        }

    @field_validator("columns", "values")
    @classmethod
    def _ticket_fields(cls, value: Mapping[str, Any]) -> Mapping[str, Any]:
        allowed = [name for name in FIELDS if name not in UNMAPPABLE]
        for name, told in value.items():
            if name == "masked" and getattr(told, "mark", None):
                continue
            if name not in allowed:
                raise ValueError(
                    f"{name!r} is no field that can be mapped; {', '.join(allowed)} are"
                )
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        places = (self.file, self.folder, self.url, self.command)
        if sum(place is not None for place in places) != 1:
            raise ValueError("give exactly one of 'file', 'folder', 'url' and 'command'")
        if self.folder is None and self.model_fields_set & {"pattern", "take"}:
            raise ValueError("'pattern' and 'take' are for 'folder' only")
        if self.format != "ndjson" and not self.columns:
            raise ValueError(f'format "{self.format}" needs a table [delivery.columns]')
        if self.format == "ndjson" and (self.columns or self.values):
            raise ValueError("'columns' and 'values' are for format \"csv\" and \"columns\" only")
        if self.format != "columns" and self.model_fields_set & {"line", "encoding"}:
            raise ValueError("'line' and 'encoding' are for format \"columns\" only")
        fixed = self.format == "columns"
        if wrong := [name for name, column in self.columns.items() if column.fixed != fixed]:
            wanted = "'first' and 'last'" if fixed else "'column' or 'columns'"
            raise ValueError(f'columns.{wrong[0]}: format "{self.format}" needs {wanted}')
        return self


class Log(Table):
    """How the subject's log words what it meets."""

    failure: Pattern | None = None


class Capabilities(Table):
    """What the subject says of itself."""

    appointments: Literal["processed", "received"] = "processed"


class Nmc(Table):
    """What the subject does with a ticket file of the NMC that it has kept.

    Attributes:
        after: it deletes the file, or leaves that to the exchange, which empties it after a
            complete transfer.
    """

    after: Literal["delete", "leave"] = "delete"


class V24(Table):
    """The statement on the V24 wire, as the subject wants it.

    Attributes:
        side: who the subject is; of two ends of a TCP connection one listens.
        columns: the ten of the default selection, or the fifteen of the headings.
        target: of a remote subject that listens: `host:port` where the exchange finds it.
    """

    side: Literal["connect", "listen"] = "connect"
    columns: Columns = "fifteen"
    target: Annotated[str, StringConstraints(pattern=r"^[^\s:]+:[0-9]{1,5}$")] | None = None


class AccountFiles(Table):
    """The account files, as the subject fetches them, also beside the stream.

    Attributes:
        transfer: SFTP, from an exchange in SSH mode, or plain FTP.
    """

    transfer: Transport = "sftp"


class Settings(Table):
    """The whole of subject.toml."""

    subject: Identity
    start: Start | None = None
    remote: Remote | None = None
    stop: Stop = Stop()
    delivery: DeliveryDoor
    shown: DeliveryDoor | None = None
    nmc: Nmc = Nmc()
    v24: V24 = V24()
    account: AccountFiles = AccountFiles()
    log: Log = Log()
    capabilities: Capabilities = Capabilities()
    not_applicable: Mapping[str, Reasons] = {}

    @property
    def fixed_places(self) -> list[tuple[str, str]]:
        """Return name and place of each delivery that is the same whatever its working folder."""
        doors = [("delivery", self.delivery), ("list", self.shown)]
        return [
            (name, place)
            for name, door in doors
            if door is not None
            for place in (door.file, door.folder, door.url)
            if place is not None and "$OXO_WORK" not in place and "${OXO_WORK}" not in place
        ]

    @property
    def claim(self) -> Claim:
        """Return what it claims, for the choice of its plays."""
        wires = [wire for wire in WIRES if wire in self.subject.wires]
        listens = self.v24.side == "listen"
        return Claim(wires, self.v24.columns, listens, self.account.transfer)

    @model_validator(mode="after")
    def _as_claimed(self) -> Self:
        open_ = {door for wire in self.subject.wires for door in doors_of(wire)}
        for wire in ("nmc", "v24", "account"):
            if wire in self.model_fields_set and wire not in open_:
                raise ValueError(
                    f"the table [{wire}] is for a subject whose 'wires' name \"{wire}\""
                )
        listens_far = self.remote is not None and self.v24.side == "listen"
        if (self.v24.target is not None) != listens_far:
            raise ValueError(
                "[v24] 'target' (host:port) is for a remote subject that listens, and needed there"
            )
        return self

    @model_validator(mode="after")
    def _local_or_remote(self) -> Self:
        if (self.start is None) == (self.remote is None):
            raise ValueError(
                "give exactly one of the tables [start] (a program on this machine) and "
                "[remote] (moved by an operator's hands)"
            )
        if self.remote is not None and "stop" in self.model_fields_set:
            raise ValueError("[stop] is for a program on this machine; [remote] has 'stop'")
        if self.remote is not None and self.log.failure is not None:
            raise ValueError("[log] is for a program on this machine; the operator is asked")
        return self


_Model = TypeVar("_Model", bound=Table)


class Subject:
    """One subject: its folder (absolute), its settings, its known issues."""

    def __init__(self, folder: Path, settings: Settings, issues: tuple[Issue, ...]) -> None:
        self.folder = folder
        self.settings = settings
        self.issues = issues

    def reference(self, case: str, mode: str, play: str) -> str | None:
        """Return the reference to quote when the play is nok; `None` when the folder has none."""
        notes = (issue.note() for issue in self.issues)
        found = [note.reference for note in notes if note.concerns(case, mode, play)]
        return ", ".join(found) or None


def load_subject(folder: Path, cases: Collection[str]) -> Subject:
    """Read a subject's folder.

    Args:
        folder: the folder.
        cases: known case ids, for `not_applicable` and the issues.

    Raises:
        SubjectUnreadable: names file, key and what is allowed.
    """
    path = folder / SUBJECT_FILE
    settings = _validated(Settings, _table(path), path)
    issues_path = folder / ISSUES_FILE
    found = _table(issues_path) if issues_path.exists() else {}
    issues = tuple(_validated(Issues, found, issues_path).issue)
    _known_cases(settings.not_applicable, cases, path, "not_applicable")
    _known_cases([issue.case for issue in issues], cases, issues_path, "issue.case")
    return Subject(folder.resolve(), settings, issues)


def _table(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise SubjectUnreadable(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > FILE_BYTES_MAX:
        raise SubjectUnreadable(f"{path}: longer than {FILE_BYTES_MAX} bytes")
    try:
        return tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SubjectUnreadable(f"{path}: not TOML: {error}") from error


def _validated(model: type[_Model], table: dict[str, Any], path: Path) -> _Model:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        problems = "; ".join(_words(model, detail) for detail in error.errors())
        raise SubjectUnreadable(f"{path}: {problems}") from error


def _words(model: type[Table], detail: Any) -> str:
    key = ".".join(str(part) for part in detail["loc"]) or "the file"
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        allowed = ", ".join(_allowed(model, detail["loc"][:-1]))
        return f"{key}: no such key; allowed here: {allowed}"
    if detail["type"] == "missing":
        return f"{key}: is required"
    return f"{key}: {message}"


def _allowed(model: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """Return the keys allowed at a place of the file."""
    for part in place:
        field = model.model_fields.get(str(part))
        annotation = field.annotation if field else None
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
        elif str(part) in ("columns", "issue"):
            model = Column if part == "columns" else Issue
    return list(model.model_fields)


def _known_cases(told: Collection[str], cases: Collection[str], path: Path, key: str) -> None:
    for case in told:
        if case not in cases:
            allowed = ", ".join(cases)
            raise SubjectUnreadable(f"{path}: {key}: no case {case!r}; the cases are {allowed}")
