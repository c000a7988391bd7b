"""HTTPS to the exchange: one request, then either the answer's bytes or a `Failure`.

Trust is settled inside the TLS handshake, so that no credential leaves before it: a CA file checks
the chain and the name (or address), a pinned fingerprint checks the certificate itself and wins
over names. The environment of the process (proxies, trust stores, netrc) has no say. Names are
resolved at every connect; a login starts with fresh connections and without cookies. Those of the
session before are put aside: an exchange that refuses a second session wants the first closed.
One limit holds for connecting, asking and the whole answer together (watch.py).
"""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final

import requests
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth, _basic_auth_str
from urllib3 import HTTPSConnectionPool
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util.ssl_ import create_urllib3_context

from oxo_collector.failure import Failure, Fault
from oxo_collector.secrecy import Secrets
from oxo_collector.taxation.encoder import PATH, Request
from oxo_collector.taxation.refusal import refused_cookies, refused_head
from oxo_collector.taxation.trouble import explain
from oxo_collector.taxation.watch import Cut, Timekeeper, Watch, watched_pool

if TYPE_CHECKING:
    from requests.cookies import RequestsCookieJar

ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024
"""No answer is longer, whatever was asked for."""

ANSWER_BYTES_BASE: Final = 1024 * 1024
TICKET_BYTES_MAX: Final = 8 * 1024
"""An answer may be so long, and so much longer for each ticket that is asked for.

A ticket of the extended tags with the longest texts has some 4 kB.
"""

ANSWER_SECONDS_MAX: Final = 120.0
"""What takes longer from connecting to the last byte is broken off, however alive it looks.

A route whose own limits are longer together has those."""

CHUNK_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class ProxyRoute:
    """An HTTP CONNECT proxy; `password` goes with `user`."""

    address: str
    port: int
    user: str | None = None
    password: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """How to reach and to trust one exchange.

    Attributes:
        address: host name or IP address.
        user: account for HTTP Basic.
        password: its password.
        ca_file: PEM file of authorities; checks chain and name.
        fingerprint: SHA-256 of the server certificate, 64 hexadecimal digits.
        proxy: the proxy to go through, if any.
        connect_seconds_max: limit for connection and handshake.
        read_seconds_max: longest silence inside an answer.
    """

    address: str
    user: str
    password: SecretStr
    ca_file: str | None
    fingerprint: str | None
    proxy: ProxyRoute | None = None
    connect_seconds_max: float = 10.0
    read_seconds_max: float = 30.0

    def url(self, port: int) -> str:
        """Return the address of the service on a port."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"https://{host}:{port}{PATH}"


def answer_bytes_max(batch_tickets_max: int) -> int:
    """Return the limit of an answer to a request for so many tickets, in bytes."""
    return min(ANSWER_BYTES_MAX, ANSWER_BYTES_BASE + batch_tickets_max * TICKET_BYTES_MAX)


class _TrustingAdapter(HTTPAdapter):
    """Puts the pin, the TLS version, the proxy's login and the watch where urllib3 takes them."""

    def __init__(self, route: Route, pool: type[HTTPSConnectionPool]) -> None:
        self._route = route
        self._pool = pool
        super().__init__(pool_connections=2, pool_maxsize=1, max_retries=0)

    def init_poolmanager(
        self,
        connections: int,
        maxsize: int,
        block: bool = False,  # noqa: FBT001, FBT002 - requests' signature
        **pool_kwargs: Any,
    ) -> None:
        """Make pools for direct connections."""
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs, **self._tls())
        self.poolmanager.pool_classes_by_scheme = {"https": self._pool}

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Make pools for connections through the proxy."""
        # Without these the library lets small requests wait for the proxy's delayed receipt.
        options = HTTPSConnection.default_socket_options
        manager = super().proxy_manager_for(
            proxy, socket_options=options, **proxy_kwargs, **self._tls()
        )
        manager.pool_classes_by_scheme = {"https": self._pool}
        return manager

    def proxy_headers(self, proxy: str) -> dict[str, str]:  # noqa: ARG002 - requests' signature
        """Give the login to the proxy alone; it never stands in a URL, hence in no message."""
        through = self._route.proxy
        if through is None or through.user is None or through.password is None:
            return {}
        secret = through.password.get_secret_value()
        login = _basic_auth_str(through.user.encode("utf-8"), secret.encode("utf-8"))
        return {"Proxy-Authorization": login}

    def _tls(self) -> Mapping[str, Any]:
        # The same flags on every Python: 3.13 alone would refuse older certificates of exchanges.
        context = create_urllib3_context(
            ssl_minimum_version=ssl.TLSVersion.TLSv1_2,
            verify_flags=ssl.VERIFY_X509_TRUSTED_FIRST | ssl.VERIFY_X509_PARTIAL_CHAIN,
        )
        if self._route.fingerprint is None:
            return {"ssl_context": context}
        # requests decides whether the chain is checked; the name is not, where a pin wins over it.
        context.check_hostname = False
        return {"ssl_context": context, "assert_fingerprint": self._route.fingerprint}


class Transport:
    """The thin shell around requests. Not for several threads at once, but for `break_off`.

    Args:
        route: the exchange.
        clock: seconds, monotonic.
        answer_bytes_max: limit of one answer.
        answer_seconds_max: limit from connecting to the last byte; None for the usual one.

    Attributes:
        secrets: what must not come back from this route.
        watch: the watch of the exchange of messages that is under way.
    """

    def __init__(
        self,
        route: Route,
        *,
        clock: Callable[[], float] = time.monotonic,
        answer_bytes_max: int = ANSWER_BYTES_MAX,
        answer_seconds_max: float | None = None,
    ) -> None:
        self._route = route
        self._clock = clock
        self._answer_bytes_max = answer_bytes_max
        longest = max(ANSWER_SECONDS_MAX, route.connect_seconds_max + route.read_seconds_max)
        self._answer_seconds_max = longest if answer_seconds_max is None else answer_seconds_max
        proxy = route.proxy or ProxyRoute("", 0)
        self.secrets = Secrets((route.user, route.password), (proxy.user, proxy.password))
        self._timekeeper = Timekeeper()
        self.watch: Watch | None = None
        self._broken_off = False
        self._pool = watched_pool(self)
        self._port = 0
        self._session: requests.Session | None = None
        self._left: RequestsCookieJar | None = None
        self._trust_problem: Failure | None = None

    def url(self, port: int) -> str:
        """Return the address of the service on a port."""
        return self._route.url(port)

    def begin(self, port: int) -> None:
        """Drop connections, put cookies aside for `recall`; later posts go to this port."""
        if self._session is not None and self._session.cookies:
            self._left = self._session.cookies
        self.close()
        self._port = port
        self._trust_problem = _trust_problem(self._route.ca_file)
        session = requests.Session()
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(strict_ns_domain=0))
        session.mount("https://", _TrustingAdapter(self._route, self._pool))
        # A pin alone stands for the authority; with a CA file the chain is checked beside it.
        session.verify = self._route.ca_file or False
        session.auth = HTTPBasicAuth(
            self._route.user.encode("utf-8"),
            self._route.password.get_secret_value().encode("utf-8"),
        )
        if (proxy := self._route.proxy) is not None:
            host = f"[{proxy.address}]" if ":" in proxy.address else proxy.address
            session.proxies = {"https": f"http://{host}:{proxy.port}"}
        self._session = session

    def recall(self) -> bool:
        """Take the cookies of the session left behind; False when none is known."""
        if self._session is None or self._left is None:
            return False
        self._session.cookies.update(self._left)
        self._left = None
        return True

    def close(self) -> None:
        """Close every connection."""
        self._timekeeper.close()
        if self._session is not None:
            self._session.close()
            self._session = None

    def break_off(self) -> None:
        """Let what is under way fail at once, and all that follows. From any thread."""
        self._broken_off = True
        if (watch := self.watch) is not None:
            watch.break_off(Cut.STOPPED)

    def post(self, request: Request) -> bytes | Failure:
        """Send one request and return the whole answer, or what prevented it. Never raises.

        Once a logout is answered, the cookie is worth nothing and is not recalled.
        """
        where = self._where(request.name)
        if self._session is None:
            return Failure("no session was begun", where, Fault.MACHINE)
        if self._trust_problem is not None:
            return self._trust_problem
        answer = self._watched(self._session, request, where)
        if (refused := refused_cookies(self._session.cookies, where)) is not None:
            self._session.cookies.clear()
            return refused
        if isinstance(answer, Failure):
            return replace(answer, what=self.secrets.scrubbed(answer.what))
        if request.operation == "logout":
            self._session.cookies.clear()
        return self.secrets.given_back(answer, where) or answer

    def _watched(self, session: requests.Session, request: Request, where: str) -> bytes | Failure:
        with Watch(self._timekeeper, self._answer_seconds_max) as watch:
            self.watch = watch
            if self._broken_off:  # asked with the watch in place, so that no stop falls between
                watch.break_off(Cut.STOPPED)
                return self._cut_off(watch, where)
            try:
                answer = self._exchange(session, request, where)
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                answer = explain(
                    error,
                    where,
                    self._route.address,
                    self._proxy_name,
                    before_tunnel=watch.before_tunnel,
                )
            finally:
                self.watch = None
        if watch.cut is not None:  # an answer without a length would look whole
            return self._cut_off(watch, where)
        return answer

    def _exchange(self, session: requests.Session, request: Request, where: str) -> bytes | Failure:
        deadline = self._clock() + self._answer_seconds_max
        with session.post(
            self._route.url(self._port),
            data=request.body,
            headers={**request.headers, "Accept-Encoding": "identity"},
            timeout=(self._route.connect_seconds_max, self._route.read_seconds_max),
            allow_redirects=False,
            stream=True,
        ) as response:
            return self._read(response, where, deadline)

    def _cut_off(self, watch: Watch, where: str) -> Failure:
        if watch.cut is Cut.STOPPED:
            when = "when the time that a stop leaves was over: broken off"
        else:
            when = f"after {self._answer_seconds_max:g} seconds: timed out, broken off"
        if watch.before_tunnel:
            what = f"the proxy {self._proxy_name} had made no connection to the exchange {when}"
            return Failure(what, where, Fault.PROXY)
        return Failure(f"no answer, or half an answer, {when}", where, Fault.EXCHANGE)

    def _read(self, response: requests.Response, where: str, deadline: float) -> bytes | Failure:
        refused = refused_head(response.status_code, response.headers, where)
        if refused is not None:
            return refused
        return self._read_body(response, where, deadline)

    def _read_body(
        self, response: requests.Response, where: str, deadline: float
    ) -> bytes | Failure:
        limit = self._answer_bytes_max
        parts, size = [], 0
        # read1 gives what has come; a read would wait until so many bytes are there
        while part := response.raw.read1(CHUNK_BYTES, decode_content=False):
            parts.append(part)
            size += len(part)
            if size > limit:
                what = f"the answer is longer than {limit} bytes; broken off"
                return Failure(what, where, Fault.EXCHANGE)
            if self._clock() > deadline:
                seconds = self._answer_seconds_max
                what = f"half an answer, after {seconds:g} seconds: timed out, broken off"
                return Failure(what, where, Fault.EXCHANGE)
        return b"".join(parts)

    @property
    def _proxy_name(self) -> str | None:
        proxy = self._route.proxy
        return None if proxy is None else f"{proxy.address}:{proxy.port}"

    def _where(self, operation: str) -> str:
        through = f" through the proxy {self._proxy_name}" if self._proxy_name else ""
        return f"{operation} at {self._route.url(self._port)}{through}"


def _trust_problem(ca_file: str | None) -> Failure | None:
    """Find an unreadable CA file before it looks like a network trouble."""
    if ca_file is None:
        return None
    try:
        ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        what = f"the CA file cannot be read: {error.strerror or error}"
        return Failure(what, ca_file, Fault.OPERATOR)
    return None
