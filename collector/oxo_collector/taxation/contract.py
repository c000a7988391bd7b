"""The contract of the taxation service as one exchange speaks it: names and shape.

Our own contract (docs/taxation.md) is the default of every key. A site that holds the maker's WSDL
writes what differs there into a table `[contract]` (docs/taxation.md, Foreign contracts). Encoder,
decoder and session follow this model and know no name of their own; nothing here reads a file.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

Operation = Literal["login", "get_tickets", "acknowledge", "restart_timer", "logout"]
"""What is asked, by the key of its name in the table `operations`."""

ENVELOPES: Final[Mapping[str, str]] = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
"""Version of SOAP -> namespace of its envelope."""

NAME_CHARACTERS_MAX: Final = 128
NAMESPACE_CHARACTERS_MAX: Final = 256


def _worded(pattern: str, characters_max: int, allowed: str) -> AfterValidator:
    """Return a check whose message says in words what is allowed."""
    wanted = re.compile(pattern)

    def check(text: str) -> str:
        if len(text) > characters_max or not wanted.fullmatch(text):
            raise ValueError(f"allowed is {allowed}, at most {characters_max} characters")
        return text

    return AfterValidator(check)


Name = Annotated[
    str, _worded(r"[^\W\d][\w.\-]*", NAME_CHARACTERS_MAX, "a name of XML without colon")
]
Suffix = Annotated[
    str, _worded(r"[\w.\-]*", NAME_CHARACTERS_MAX, "the end of a name of XML, without colon")
]
SomeSuffix = Annotated[Suffix, _worded(r".+", NAME_CHARACTERS_MAX, "no empty text")]
Namespace = Annotated[
    str, _worded(r"[!-~]*", NAMESPACE_CHARACTERS_MAX, "a URI in ASCII, without blanks")
]
SomeNamespace = Annotated[Namespace, _worded(r".+", NAMESPACE_CHARACTERS_MAX, "no empty text")]
Action = Annotated[
    str,
    _worded(
        r"[!#-\[\]-~]*",
        NAMESPACE_CHARACTERS_MAX,
        "a URI in ASCII, without blanks, quotation marks and backslashes",
    ),
]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Operations(_Table):
    """Names of the operations: of the element in a request's Body."""

    login: Name = "Login"
    get_tickets: Name = "GetTickets"
    acknowledge: Name = "AckTickets"
    restart_timer: Name = "RestartSessionTimer"
    logout: Name = "Logout"


class Elements(_Table):
    """Names of the members of requests and answers; `last_sequence` is one of both."""

    max_tickets: Name = "maxTickets"
    wait_seconds: Name = "waitSeconds"
    last_sequence: Name = "lastSequence"
    first_sequence: Name = "firstSequence"
    remaining: Name = "remaining"
    epoch: Name = "epoch"
    release: Name = "release"
    session_seconds: Name = "sessionSeconds"
    acknowledged: Name = "acknowledged"
    list: Name = "CallAccountingList"
    ticket: Name = "CallAccounting"


class Contract(_Table):
    """One contract; the keys are those of docs/taxation.md, Foreign contracts.

    Attributes:
        soap: version of SOAP.
        namespace: of operations, their answers and members.
        ticket_namespace: of the tickets; empty where it is `namespace`.
        soap_action: what stands before the operation's name in SOAPAction or `action=`.
        login: `none`: the first `GetTickets` opens the session, and each answer tells the epoch.
        acknowledgement: `explicit` by an operation; `next-request`: by the next `GetTickets` or
            `Logout` of the same session; `on-read`: what was answered is gone.
        ticket_list: `text`: the list element holds the escaped document of the list.
        response_suffix: what an answer's name has behind the operation's.
        result_suffix: the same of the result element; empty where there is none.
        operations: their names.
        elements: names of the members.
    """

    soap: Literal["1.1", "1.2"] = "1.1"
    namespace: SomeNamespace = "urn:oxo-sim:taxation:1"
    ticket_namespace: Namespace = ""
    soap_action: Action = ""
    login: Literal["operation", "none"] = "operation"
    acknowledgement: Literal["explicit", "next-request", "on-read"] = "explicit"
    ticket_list: Literal["elements", "text"] = "elements"
    response_suffix: SomeSuffix = "Response"
    result_suffix: Suffix = "Result"
    operations: Operations = Operations()
    elements: Elements = Elements()

    @model_validator(mode="after")
    def _whole(self) -> "Contract":
        told = self.operations.model_fields_set
        if self.login == "none" and "login" in told:
            raise ValueError('operations.login is left out where login is "none"')
        if self.acknowledgement != "explicit" and "acknowledge" in told:
            raise ValueError(
                'operations.acknowledge is left out where acknowledgement is not "explicit"'
            )
        _differ("a name stands for one thing in a message", self._outer())
        for members in self._messages():
            names = ((f"elements.{key}", getattr(self.elements, key)) for key in members)
            _differ("the members of a message differ", names)
        return self

    @property
    def envelope(self) -> str:
        """Namespace of the SOAP envelope."""
        return ENVELOPES[self.soap]

    @property
    def tickets_in(self) -> str:
        """Namespace of the tickets."""
        return self.ticket_namespace or self.namespace

    @property
    def spoken(self) -> tuple[Operation, ...]:
        """The operations that this contract has."""
        login: tuple[Operation, ...] = ("login",) if self.login == "operation" else ()
        explicit = self.acknowledgement == "explicit"
        acknowledge: tuple[Operation, ...] = ("acknowledge",) if explicit else ()
        return (*login, "get_tickets", *acknowledge, "restart_timer", "logout")

    def name(self, operation: Operation) -> str:
        """Name of an operation."""
        return str(getattr(self.operations, operation))

    def response(self, operation: Operation) -> str:
        """Name of the answer to an operation."""
        return self.name(operation) + self.response_suffix

    def _outer(self) -> Iterable[tuple[str, str]]:
        """Yield key and name of every element that holds others."""
        for operation in self.spoken:
            yield f"operations.{operation}", self.name(operation)
            yield f"operations.{operation} + response_suffix", self.response(operation)
            if self.result_suffix:
                name = self.name(operation) + self.result_suffix
                yield f"operations.{operation} + result_suffix", name
        yield "elements.list", self.elements.list
        yield "elements.ticket", self.elements.ticket

    def _messages(self) -> Iterable[tuple[str, ...]]:
        """Yield the members of each message that has several."""
        fetched = ("first_sequence", "last_sequence", "remaining", "list")
        yield ("max_tickets", "wait_seconds")
        if self.login == "none":
            yield ("epoch", *fetched)
        else:
            yield ("epoch", "release", "session_seconds")
            yield fetched


def _differ(rule: str, names: Iterable[tuple[str, str]]) -> None:
    keys = defaultdict(list)
    for key, name in names:
        keys[name].append(key)
    for name, several in keys.items():
        if len(several) > 1:
            raise ValueError(f"{rule}; {name!r} is {' and '.join(several)}")


OWN: Final = Contract()
"""Our proposal; what an exchange without a table speaks."""
