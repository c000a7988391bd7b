"""HTTP exchanges of a transcript, prepared for reading: one line each, headers and indented bodies.

XML is indented for the eye; the bytes as sent stay in transcript.ndjson. Nothing is expanded or
fetched: a body with a document type declaration is shown as it came.
"""

from dataclasses import dataclass
from typing import Any

from lxml import etree

from oxo_reports.wording import NOTHING, plain

BODY_CHARACTERS_MAX = 20_000
OPEN_CHARACTERS_MAX = 1_500
WITHHELD = "[withheld by the report: the evidence is not redacted]"
_SECRET_HEADERS = ("authorization", "proxy-authorization", "cookie", "set-cookie")
_HTTP_OK = 200


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
    port: str
    tls: str
    request_line: str
    operation: str
    status: str
    went_well: bool
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
        port=plain(line.get("port")),
        tls=_tls(line.get("tls")),
        request_line=f"{plain(line.get('method'))} {plain(line.get('path'))}",
        operation=plain(line.get("operation")),
        status=plain(line.get("status")),
        went_well=line.get("status") == _HTTP_OK,
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
