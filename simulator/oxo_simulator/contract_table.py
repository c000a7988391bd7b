"""The table `[contract]`: names and shape of the taxation contract (docs/taxation.md, all ours).

The public sources tell neither; a site that holds the maker's documents, or has another exchange,
writes its own table. The table is refused where no wire could keep it: two things with one name in
one place, a name that XML does not allow, an operation that its shape does not have.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal

from lxml import etree
from oxo_tickets import Standing
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

NAME_LENGTH_MAX = 128
NAMESPACE_LENGTH_MAX = 256
SUFFIX_LENGTH_MAX = 32
"""All in characters."""

TABLE_ERROR = "contract_table"
"""Type of the errors that concern several keys; their text begins with the keys."""

TAKEN_NAMESPACES = (
    "http://schemas.xmlsoap.org/soap/envelope/",
    "http://www.w3.org/2003/05/soap-envelope",
    "http://www.w3.org/2001/XMLSchema",
    "http://www.w3.org/2001/XMLSchema-instance",
    "http://www.w3.org/XML/1998/namespace",
    "http://www.w3.org/2000/xmlns/",
    "http://schemas.xmlsoap.org/wsdl/",
)
"""What envelope, schema and WSDL themselves stand in."""

_OURS = Standing.OURS


def _name(value: str) -> str:
    try:
        etree.QName(None, value)
    except ValueError as error:
        raise ValueError("a name of XML without colon is expected, such as GetTickets") from error
    return value


def _suffix(value: str) -> str:
    try:
        etree.QName(None, f"Name{value}")
    except ValueError as error:
        raise ValueError("what may stand behind a name of XML is expected") from error
    return value


def _namespace(value: str) -> str:
    if not value:
        return value
    try:
        etree.Element("name", nsmap={None: value})  # stricter than a name alone would be
    except ValueError as error:
        raise ValueError("a namespace is expected, such as urn:site:taxation") from error
    if value in TAKEN_NAMESPACES or value.startswith("spyne"):
        raise ValueError("this namespace is taken by envelope, schema or WSDL")
    return value


_URI = r"^[^\s<>\"'{}|\\^`\x00-\x1f\x7f]*$"
_Name = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH_MAX), AfterValidator(_name)]
_Suffix = Annotated[str, Field(max_length=SUFFIX_LENGTH_MAX), AfterValidator(_suffix)]
_Namespace = Annotated[
    str, Field(max_length=NAMESPACE_LENGTH_MAX, pattern=_URI), AfterValidator(_namespace)
]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class OperationNames(_Table):
    """What the operations are called: element of the request, and operation of the WSDL."""

    login: Annotated[_Name, _OURS] = "Login"
    get_tickets: Annotated[_Name, _OURS] = "GetTickets"
    acknowledge: Annotated[_Name, _OURS] = "AckTickets"
    restart_timer: Annotated[_Name, _OURS] = "RestartSessionTimer"
    logout: Annotated[_Name, _OURS] = "Logout"


class ElementNames(_Table):
    """What the members of requests and answers are called."""

    max_tickets: Annotated[_Name, _OURS] = "maxTickets"
    wait_seconds: Annotated[_Name, _OURS] = "waitSeconds"
    last_sequence: Annotated[_Name, _OURS] = "lastSequence"
    first_sequence: Annotated[_Name, _OURS] = "firstSequence"
    remaining: Annotated[_Name, _OURS] = "remaining"
    epoch: Annotated[_Name, _OURS] = "epoch"
    release: Annotated[_Name, _OURS] = "release"
    session_seconds: Annotated[_Name, _OURS] = "sessionSeconds"
    acknowledged: Annotated[_Name, _OURS] = "acknowledged"
    list: Annotated[_Name, _OURS] = "CallAccountingList"
    ticket: Annotated[_Name, _OURS] = "CallAccounting"


class Contract(_Table):
    """The whole table; without it, the contract of docs/taxation.md. Hashable."""

    soap: Annotated[Literal["1.1", "1.2"], _OURS] = "1.1"
    namespace: Annotated[_Namespace, Field(min_length=1), _OURS] = "urn:oxo-sim:taxation:1"
    ticket_namespace: Annotated[_Namespace, _OURS] = ""
    soap_action: Annotated[str, Field(max_length=NAMESPACE_LENGTH_MAX, pattern=_URI), _OURS] = ""
    login: Annotated[Literal["operation", "none"], _OURS] = "operation"
    acknowledgement: Annotated[Literal["explicit", "next-request", "on-read"], _OURS] = "explicit"
    ticket_list: Annotated[Literal["elements", "text"], _OURS] = "elements"
    response_suffix: Annotated[_Suffix, Field(min_length=1), _OURS] = "Response"
    result_suffix: Annotated[_Suffix, _OURS] = "Result"
    operations: OperationNames = OperationNames()
    elements: ElementNames = ElementNames()

    @property
    def operation_names(self) -> Mapping[str, str]:
        """Wire name of every operation that this shape has, by its key, in their usual order."""
        missing = {key.partition(".")[2] for key in self.unused}
        named = self.operations.model_dump()
        return {key: name for key, name in named.items() if key not in missing}

    @property
    def tickets_in(self) -> str:
        """Return the namespace of ticket and tags."""
        return self.ticket_namespace or self.namespace

    @property
    def unused(self) -> tuple[str, ...]:
        """Keys that mean nothing in this shape."""
        without_login = ("operations.login", "elements.release") if self.login == "none" else ()
        explicit = self.acknowledgement == "explicit"
        without_thanks = () if explicit else ("operations.acknowledge", "elements.acknowledged")
        return (*without_login, *without_thanks)

    @model_validator(mode="after")
    def _can_work(self) -> "Contract":
        self._check_shape()
        _distinct(self._top_names(), "elements and types of one schema")
        for place, names in self._messages():
            _distinct(((f"elements.{k}", getattr(self.elements, k)) for k in names), place)
        return self

    def _check_shape(self) -> None:
        for key in self.unused:
            table, _, name = key.partition(".")
            if table == "operations" and name in self.operations.model_fields_set:
                shape = "login" if name == "login" else "acknowledgement"
                usual = type(self).model_fields[shape].default
                raise _wrong(
                    key,
                    f'is named, but {shape} = "{getattr(self, shape)}" has no such operation; '
                    f'leave the key out, or take {shape} = "{usual}"',
                )

    def _top_names(self) -> Iterator[tuple[str, str]]:
        for key, name in self.operation_names.items():
            yield f"operations.{key}", name
            yield f"operations.{key} with response_suffix", name + self.response_suffix
            if self.result_suffix:
                yield f"operations.{key} with result_suffix", name + self.result_suffix
        yield "elements.list", self.elements.list
        yield "elements.ticket", self.elements.ticket

    def _messages(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        yield "members of one request", ("max_tickets", "wait_seconds")
        told = ("first_sequence", "last_sequence", "remaining", "list")
        if self.login == "none":
            yield "members of one answer", ("epoch", *told)
        else:
            yield "members of one answer", told
            yield "members of one answer", ("epoch", "release", "session_seconds")


def _distinct(named: Iterable[tuple[str, str]], place: str) -> None:
    seen: dict[str, str] = {}
    for key, name in named:
        if name in seen:
            raise _wrong(key, f'"{name}" is {seen[name]} too; {place} need names of their own')
        seen[name] = key


def _wrong(key: str, words: str) -> PydanticCustomError:
    # Braces would be places to fill in; no name has any, and no word of ours.
    return PydanticCustomError(TABLE_ERROR, f"{key}: {words}")
