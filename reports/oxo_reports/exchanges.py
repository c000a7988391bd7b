"""HTTP exchanges of a transcript, prepared for reading: one line each, headers and indented bodies.

XML is indented for the eye; the bytes as sent stay in transcript.ndjson. Nothing is expanded or
fetched: a body with a document type declaration is shown as it came.
"""

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from oxo_reports.wording import NOTHING, duration, plain, size

BODY_CHARACTERS_MAX = 20_000
OPEN_CHARACTERS_MAX = 1_500
WITHHELD = "[withheld by the report: the evidence is not redacted]"
_SECRET_HEADERS = ("authorization", "proxy-authorization", "cookie", "set-cookie")
_HTTP_OK = 200
_BODY_CUT = re.compile(r"\u2026\[(\d{1,12}) bytes more\]\Z")


@dataclass(frozen=True)
class Body:
    """A body as shown: its text, what was left out, and whether it is folded at first."""

    text: str
    left_out: int
    folded: bool


@dataclass(frozen=True)
class HttpExchange:
    """One request with its answer."""

    n: str
    at: str
    connection: str
    peer: str
    user: str
    port: str
    tls: str
    request_line: str
    operation: str
    status: str
    went_well: bool
    seconds: str
    request_size: str
    answer_size: str
    request_headers: list[tuple[str, str]]
    request_body: Body | None
    answer_headers: list[tuple[str, str]]
    answer_body: Body | None


def http_exchange(line: dict[str, Any]) -> HttpExchange:
    """Prepare one transcript line; keys that are missing show as a dash."""
    return HttpExchange(
        n=plain(line.get("n")),
        at=str(line.get("at", "")),
        connection=plain(line.get("connection")),
        peer=plain(line.get("peer")),
        user=plain(line.get("user")),
        port=plain(line.get("port")),
        tls=_tls(line.get("tls")),
        request_line=f"{plain(line.get('method'))} {plain(line.get('path'))}",
        operation=plain(line.get("operation")),
        status=plain(line.get("status")),
        went_well=line.get("status") == _HTTP_OK,
        seconds=duration(line.get("seconds")),
        request_size=_size(line.get("request_body")),
        answer_size=_size(line.get("answer_body")),
        request_headers=_headers(line.get("request_headers")),
        request_body=_body(line.get("request_body")),
        answer_headers=_headers(line.get("answer_headers")),
        answer_body=_body(line.get("answer_body")),
    )


def indented(text: str) -> str:
    """Indent an XML document; anything else comes back as it is."""
    if not text.lstrip().startswith("<") or "<!DOCTYPE" in text.upper():
        return text
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_blank_text=True
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return text
    return etree.tostring(root, pretty_print=True, encoding="unicode").rstrip()


def _body(value: Any) -> Body | None:
    if not value:
        return None
    text = indented(value if isinstance(value, str) else plain(value))
    return Body(
        text[:BODY_CHARACTERS_MAX],
        max(0, len(text) - BODY_CHARACTERS_MAX),
        len(text) > OPEN_CHARACTERS_MAX,
    )


def _size(body: Any) -> str:
    """Word the bytes of a body, those that the transcript cut off included."""
    if not isinstance(body, str):
        return NOTHING
    cut = _BODY_CUT.search(body)
    kept = body[: cut.start()] if cut else body
    more = int(cut.group(1)) if cut else 0
    return size(len(kept.encode("utf-8", "replace")) + more)


def _headers(value: Any) -> list[tuple[str, str]]:
    if not isinstance(value, list):
        return []
    return [_header(pair[0], pair[1]) for pair in value if isinstance(pair, list) and len(pair) > 1]


def _header(name: Any, value: Any) -> tuple[str, str]:
    """Show a header; a credential that slipped through the redaction of the wire is withheld."""
    text = plain(value)
    if plain(name).lower() in _SECRET_HEADERS and "[redacted" not in text:
        return plain(name), WITHHELD
    return plain(name), text


def _tls(value: Any) -> str:
    if not isinstance(value, dict):
        return NOTHING
    return f"{plain(value.get('version'))}, server name {plain(value.get('server_name'))}"
