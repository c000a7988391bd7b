"""The taxation service: who is let in, what is read, what goes back, what is written down.

A request passes, in this order: is its body short enough (413), is the exchange serving (503),
is this the address (404), are the credentials right (401), is it the WSDL or a POST (405), is
it XML (fault); then the contract. The ledger line `offered` is written immediately before the
answer's bytes leave.
"""

import base64
import binascii
import hmac
import re
import secrets
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from twisted.internet.interfaces import IReactorTime
from twisted.web.server import Site

from oxo_simulator.exchange.port import TicketPort
from oxo_simulator.taxation.delivery import Unread
from oxo_simulator.taxation.description import PATH, asks, description, has_path
from oxo_simulator.taxation.desk import Desk, Living, Turn
from oxo_simulator.taxation.faults import SoapFault, internal
from oxo_simulator.taxation.guesses import Guesses
from oxo_simulator.taxation.http import (
    BODY_BYTES_MAX,
    CHUNKS_MAX,
    Answer,
    Headers,
    Port,
    Received,
    TaxationSite,
)
from oxo_simulator.taxation.settings import TaxationSettings
from oxo_simulator.taxation.transcript import HttpExchange, HttpTranscript
from oxo_simulator.taxation.transport import SoapRequest, soap_transport
from oxo_simulator.transcript import Transcript
from oxo_simulator.wire import ConnectionName

REALM = "OXO Connect"
_WRONG = "wrong credentials"

_HOST = re.compile(r"([A-Za-z0-9.\-_]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?")
_XML = "text/xml; charset=utf-8"

_log = structlog.get_logger()


class Taxation:
    """The taxation service of a simulated exchange, on any number of ports.

    Args:
        accounts: user -> password, for Basic authentication.
        clock: real time, for idle sessions and slow peers.
        connection_name: the link's name of a connection and the collector's address as text.
        transcript: where HTTP exchanges are written down.
        new_cookie: source of secret cookie values.
        prove: told the name of each connection that showed the right password.
        address: where collectors connect now, for the WSDL of one that names no host; where it is
            empty, that where its request came in, which behind a link would lead past that.
    """

    def __init__(  # noqa: PLR0913 - what the service is made of
        self,
        accounts: Mapping[str, str],
        clock: IReactorTime,
        connection_name: ConnectionName,
        transcript: Transcript,
        new_cookie: Callable[[], str] = secrets.token_urlsafe,
        *,
        prove: Callable[[str], None] = lambda _connection: None,
        address: Callable[[], str] = lambda: "",
    ) -> None:
        self._accounts = dict(accounts)
        self._clock = clock
        self._connection_name = connection_name
        self._transcript = HttpTranscript(transcript)
        self._new_cookie = new_cookie
        self._soap = soap_transport(TaxationSettings().contract)
        self._desk: Desk | None = None
        self._guesses = Guesses()
        self._unread = Unread()
        self._prove = prove
        self._address = address

    def prepare(self, settings: TaxationSettings) -> None:
        """Make ready what `install` needs and what takes long, or cannot be made at all."""
        soap_transport(settings.contract)

    def install(self, exchange: TicketPort, settings: TaxationSettings) -> None:
        """Serve a fresh exchange; the sessions of the one before are gone without a word.

        Its operator ordered it, so nobody waits any more for passwords guessed before.
        """
        self._guesses = Guesses()
        if self._desk is not None:
            self._desk.close()
        self._desk = Desk(exchange, settings, self._clock, self._new_cookie)
        self._soap = soap_transport(settings.contract)

    def restart(self, exchange: TicketPort, settings: TaxationSettings) -> None:
        """Serve the same exchange again, that has forgotten what waited; or its next release.

        What is remembered of a ticket's bytes is forgotten with it. Sessions go on being counted,
        and operations that nobody knows go on being listed while the contract is the same.
        """
        before = self._desk
        if before is None:
            self.install(exchange, settings)
            return
        before.close()
        total = before.sessions_total
        self._desk = Desk(exchange, settings, self._clock, self._new_cookie, total)
        if settings.contract == before.settings.contract:
            self._desk.unknown = before.unknown
        self._soap = soap_transport(settings.contract)

    def end_sessions(self, reason: str) -> None:
        """End every session, with the ledger's word for it, such as `reset`."""
        if self._desk is not None:
            self._desk.end_sessions(reason)

    @property
    def session_count(self) -> int:
        """How many sessions live."""
        return 0 if self._desk is None else self._desk.session_count

    @property
    def unknown_operations(self) -> list[dict[str, str | int]]:
        """What this installation was asked for and its contract does not have."""
        return [] if self._desk is None else self._desk.unknown.listed()

    @property
    def living(self) -> Living | None:
        """The session that lives, if one does."""
        return None if self._desk is None else self._desk.living

    def site(self, port_name: str) -> Site:
        """Return the site for one port, to be served over TLS."""
        return TaxationSite(Port(self, port_name), self._clock, self._unread)

    def connection(self, peer: Any, here: Any) -> tuple[str, str]:
        """Name a transport's ends, once a request: a fault may take the connection away."""
        return self._connection_name((peer.host, peer.port), (here.host, here.port))

    def delay_seconds(self, received: Received) -> float:
        """Let a peer wait that guesses passwords, unless this request is beyond doubt."""
        if received.proven or received.header("authorization") is None:
            return 0.0
        seconds = self._guesses.delay_seconds(_host(received), self._clock.seconds())
        if seconds and self._desk is not None and self._knows(self._desk, received):
            return 0.0
        return seconds

    def answer(self, received: Received) -> Answer:
        """Answer one request; what breaks inside is the exchange's own fault, and is logged."""
        user, password = _credentials(received.header("authorization"))
        try:
            answer = self._answer(received, user, password)
        except Exception:  # noqa: BLE001 -- any break is our own, and is logged
            _log.error("taxation.request_failed", trace=traceback.format_exc())
            answer = self._fault(self._soap.fault_bytes(internal()), internal())
        answer.user = user if user in self._accounts else None
        return answer

    def leaving(self, received: Received, answer: Answer) -> None:
        """Tell the ledger of an answer whose bytes leave next."""
        if self._desk is None:
            return
        connection = received.connection
        if answer.refusal is not None:
            guessed = self._guessed(received) if answer.refusal == _WRONG else {}
            self._desk.exchange.record(
                "refused", connection=connection, reason=answer.refusal, **guessed
            )
        if answer.offer is not None:
            self._desk.leave(answer.offer, connection)

    def _guessed(self, received: Received) -> dict[str, float]:
        """Count a wrong password; tell the ledger, and now and then the log, of the delay."""
        address, now = _host(received), self._clock.seconds()
        count = self._guesses.wrong(address, now)
        seconds = self._guesses.delay_seconds(address, now)
        if not seconds:
            return {}
        if count & (count - 1) == 0:
            _log.warning(
                "taxation.passwords_guessed", peer=address, wrong=count, delay_seconds=seconds
            )
        return {"delay_seconds": seconds}

    def left(self, port: str, received: Received, answer: Answer, headers: Headers) -> None:
        """Append the HTTP exchange to the transcript."""
        self._transcript.add(
            HttpExchange(
                connection=received.connection,
                port=port,
                peer=received.peer,
                tls=received.tls,
                method=received.method,
                path=received.target,
                request_headers=received.headers,
                request_body=received.body,
                status=answer.status,
                answer_headers=headers,
                answer_body=answer.body,
                operation=answer.operation,
                user=answer.user,
                seconds=self._clock.seconds() - received.began,
            )
        )

    def _answer(self, received: Received, user: str | None, password: str | None) -> Answer:
        desk = self._desk
        if received.too_long:
            words = f"a body has at most {BODY_BYTES_MAX} bytes, in at most {CHUNKS_MAX} chunks"
            return _plain(413, words, "bad request")
        if desk is None or not desk.exchange.serving:
            return _plain(503, "the exchange is busy", "busy")
        if not has_path(desk.settings, received.path):
            return _plain(404, f"nothing is served here; the taxation service is {PATH}")
        if user is None or password is None:
            return _unauthorised("this request carries no Basic credentials", "no credentials")
        if not self._right(user, password):
            return _unauthorised("user or password is wrong", _WRONG)
        self._prove(received.connection)
        answer = self._admitted(desk, received, user)
        answer.proves = True
        return answer

    def _admitted(self, desk: Desk, received: Received, user: str) -> Answer:
        if received.method == "GET" and asks(received.path, received.query):
            return self._description(desk.settings, received)
        if received.method != "POST" or received.path != PATH:
            answer = _plain(405, "operations are POST requests; GET ?wsdl asks for the WSDL")
            answer.more_headers.append(("Allow", "POST"))
            return answer
        return self._operation(desk, received, user)

    def _knows(self, desk: Desk, received: Received) -> bool:
        """Tell whether the request shows the living session's cookie, a secret like a password."""
        living, shown = desk.living, received.cookie(desk.settings.cookie_name)
        if living is None or shown is None:
            return False
        return hmac.compare_digest(living.session.cookie.encode(), shown.encode())

    def _right(self, user: str, password: str) -> bool:
        """Compare in constant time; an unknown user takes as long as a wrong password."""
        expected = self._accounts.get(user, secrets.token_urlsafe())
        return hmac.compare_digest(expected.encode(), password.encode())

    def _description(self, settings: TaxationSettings, received: Received) -> Answer:
        path, query, address = received.path, received.query, self._url(received)
        found = description(settings, self._soap.wsdl, path, query, address)
        if found is not None:
            return Answer(200, found, _XML)
        why = "withholds its WSDL" if settings.wsdl == "withheld" else "describes nothing so named"
        return _plain(404, f"this exchange {why}")

    def _url(self, received: Received) -> str:
        """Return the service's URL as this client reached it: by its own Host header."""
        host = received.header("host") or ""
        if not _HOST.fullmatch(host):
            own, _, number = received.local.rpartition(":")
            host = f"{self._address() or own}:{number}"
        return f"{received.scheme}://{host}{PATH}"

    def _operation(self, desk: Desk, received: Received, user: str) -> Answer:
        name = desk.settings.cookie_name
        turn = Turn(desk, received.cookie(name), user, received.connection, received.port)
        content_type, action = received.header("content-type"), received.header("soapaction")
        soap = self._soap.answer(SoapRequest(received.body, content_type, action), turn)
        if soap.fault is None:
            answer = Answer(200, soap.body, self._soap.content_type, offer=turn.offer)
        else:
            answer = self._fault(soap.body, soap.fault)
        answer.operation = soap.operation
        if turn.cookie_to_set is not None:
            cookie = f"{name}={turn.cookie_to_set}; Path=/services; Secure; HttpOnly"
            answer.more_headers.append(("Set-Cookie", cookie))
        return answer

    def _fault(self, body: bytes, fault: SoapFault) -> Answer:
        return Answer(500, body, self._soap.content_type, refusal=fault.refusal)


def _plain(status: int, words: str, refusal: str | None = None) -> Answer:
    return Answer(status, f"{words}\n".encode(), refusal=refusal)


def _unauthorised(words: str, refusal: str) -> Answer:
    answer = _plain(401, words, refusal)
    answer.more_headers.append(("WWW-Authenticate", f'Basic realm="{REALM}"'))
    return answer


def _credentials(header: str | None) -> tuple[str | None, str | None]:
    """Read a Basic authorisation; what cannot be read is an empty name, which no account has."""
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return "", ""
    user, _, password = _text(decoded).partition(":")
    return user, password


def _text(octets: bytes) -> str:
    """Read as UTF-8, or as ISO-8859-1, which older programs send (RFC 7617 leaves it open)."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _host(received: Received) -> str:
    return received.peer.rpartition(":")[0]
