"""What a profile may choose about the V24 print-out (`[v24]`, docs/wires/v24.md).

Every key has a default, so that a profile of before stays valid. What the sources do not tell is
marked as ours or inferred, and a report names it where a verdict rests on it.
"""

from typing import Annotated, Any, ClassVar, Literal

from oxo_tickets import Standing
from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from oxo_simulator.contract_table import TABLE_ERROR
from oxo_simulator.profile_section import PortKind, WireSection
from oxo_simulator.v24.codec import FIELDS, FIELDS_MAX

_DOC, _OURS, _INFERRED = Standing.DOCUMENTED, Standing.OURS, Standing.INFERRED

LINE_ENDS = {"crlf": b"\r\n", "lf": b"\n", "cr": b"\r"}
_TEXT = r"^[^\x00-\x1f\x7f-\x9f]*$"
_LABEL = "[A-Za-z0-9_-]{1,63}"
_TARGET = rf"^({_LABEL}(\.{_LABEL})*:[0-9]{{1,5}})?$"
PORT_MAX = 65_535


def _keys(value: Any) -> Any:
    """Take `SUB,TYP` for a list, as a command line says it."""
    return [key for key in value.split(",") if key] if isinstance(value, str) else value


class V24Settings(WireSection):
    """The V24 print-out over TCP (facts: oxo 1.3, 1.5, 2.1, 6, 7.3).

    Attributes:
        open: whether the exchange prints at all (facts: off by default, documented).
        port: where printers connect, or the number of the link's outward door.
        direction: whether the exchange listens for its printer or connects to it.
        target: `host:port` of the printer the exchange connects to; unused where it listens.
        reconnect_seconds: how long it waits between two attempts.
        mode: one line a call, one line with the node, or one block a call.
        fields: keys of what is printed, at most sixteen; none is the ten of the manual.
        node: number of this exchange in its network, for NOD.
        company: printed above the headings and in each block.
        header: headings on every page, on the first one, or never.
        statements_per_page: how many statements fill a page.
        page_begins: a connection begins a new page, or only the start of the exchange does.
        form_feed: behind a page, behind a day with its count, and at start-up with the header.
        lines_between: blank lines between two blocks of the mode `ticket`.
        padded: whether lines keep the blanks at their end.
        line_end: what ends a line.
        encoding: character set.
        language: of titles and wake-up lines.
        mask_digits: how many of the last digits of a dialled number are hidden.
        mask_character: what stands for a hidden digit.
        account_code_mask: how many of the last digits of an account code are hidden, or `all`.
        prefix: whether the trunk prefix of an outgoing number is printed.
        trunk_prefix: what that prefix is.
        cost_decimals: decimals of a printed cost.
        unanswered: whether tickets of unanswered incoming calls are printed.
        leased_lines: whether calls over leased lines (private network) are printed.
        print_documents: whether guest information and bills are printed between statements.
        flow: XON and XOFF are obeyed, or read and left alone.
        ready: a connected printer prints at once, or its first XON is awaited.
        xon_seconds_max: a printer that keeps lines waiting so long is told of; 0 is never.
        capacity: lines that wait.
        alarm_percent: of the capacity; 0 is no alarm.
        overflow: what is lost when no more can wait.
    """

    PORTS: ClassVar = (PortKind("v24", key="port", outward=True),)

    open: Annotated[bool, _DOC] = False
    port: Annotated[int, Field(ge=0, le=PORT_MAX), _INFERRED] = 6970
    direction: Annotated[Literal["listen", "connect"], _OURS] = "listen"
    target: Annotated[str, Field(pattern=_TARGET, max_length=260), _OURS] = ""
    reconnect_seconds: Annotated[float, Field(ge=0.05, le=3600), _OURS] = 5
    mode: Annotated[Literal["listing", "network", "ticket"], _DOC] = "listing"
    fields: Annotated[
        tuple[str, ...], BeforeValidator(_keys), Field(max_length=FIELDS_MAX), _DOC
    ] = ()
    node: Annotated[int, Field(ge=0, le=255), _OURS] = 1
    company: Annotated[str, Field(max_length=16, pattern=_TEXT), _DOC] = ""
    header: Annotated[Literal["every", "first", "none"], _DOC] = "every"
    statements_per_page: Annotated[int, Field(ge=1, le=99), _DOC] = 50
    page_begins: Annotated[Literal["connection", "start-up"], _OURS] = "connection"
    form_feed: Annotated[bool, _DOC] = False
    lines_between: Annotated[int, Field(ge=0, le=99), _OURS] = 1
    padded: Annotated[bool, _OURS] = False
    line_end: Annotated[Literal["crlf", "lf", "cr"], _OURS] = "crlf"
    encoding: Annotated[Literal["iso-8859-1", "iso-8859-15", "cp850", "utf-8"], _OURS] = (
        "iso-8859-1"
    )
    language: Annotated[Literal["english", "french"], _DOC] = "english"
    mask_digits: Annotated[int, Field(ge=0, le=4), _DOC] = 0
    mask_character: Annotated[Literal["*", ".", "x"], _OURS] = "*"
    account_code_mask: Annotated[
        Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "all"], _INFERRED
    ] = "0"
    prefix: Annotated[Literal["kept", "removed"], _INFERRED] = "kept"
    trunk_prefix: Annotated[str, Field(max_length=4, pattern=r"^[0-9*#]*$"), _INFERRED] = "0"
    cost_decimals: Annotated[int, Field(ge=0, le=2), _DOC] = 2
    unanswered: Annotated[bool, _OURS] = True
    leased_lines: Annotated[bool, _OURS] = True
    print_documents: Annotated[bool, _OURS] = True
    flow: Annotated[Literal["xon-xoff", "none"], _DOC] = "xon-xoff"
    ready: Annotated[Literal["connected", "xon"], _INFERRED] = "connected"
    xon_seconds_max: Annotated[float, Field(ge=0, le=86_400), _OURS] = 60
    capacity: Annotated[int, Field(ge=1, le=30_000), _DOC] = 1000
    alarm_percent: Annotated[int, Field(ge=0, le=99), _DOC] = 70
    overflow: Annotated[Literal["newest", "oldest"], _DOC] = "newest"

    @model_validator(mode="after")
    def _can_be_printed(self) -> "V24Settings":
        if unknown := [key for key in self.fields if key not in FIELDS]:
            raise _wrong(f"fields: no field {unknown[0][:16]!r}; there are {', '.join(FIELDS)}")
        if len(set(self.fields)) != len(self.fields):
            raise _wrong("fields: each is printed once")
        if "NOD" in self.fields and self.mode != "network":
            raise _wrong('fields: NOD is printed only with mode = "network"')
        if self.open and self.direction == "connect" and not self.target:
            raise _wrong('target: direction = "connect" needs one, host:port')
        if int(self.target.rpartition(":")[2] or 1) not in range(1, PORT_MAX + 1):
            raise _wrong(f"target: a port is a number from 1 to {PORT_MAX}")
        return self


def _wrong(words: str) -> PydanticCustomError:
    return PydanticCustomError(TABLE_ERROR, words.replace("{", "(").replace("}", ")"))
