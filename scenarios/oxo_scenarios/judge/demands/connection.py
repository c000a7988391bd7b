"""Demands on how the subject connects: proxy, ports, login, name, cookie."""

from collections.abc import Iterator, Sequence

from oxo_tickets import Standing

from oxo_scenarios.judge.demands.demand import (
    LEDGER,
    PROXY,
    TRANSCRIPT,
    Answer,
    Demand,
    counted,
    nok,
    ok,
    undecided,
)
from oxo_scenarios.judge.evidence import Line
from oxo_scenarios.judge.sight import Sight

HTTP_OK = 200
HTTP_UNAUTHORISED = 401


def through_the_proxy(sight: Sight, _argument: str) -> Answer:
    """The session was opened through the proxy with its login, and nothing went around it.

    Decided by the proxy's journal and the ledger: at least one CONNECT with login `ok` was
    carried, a session was opened, and every `connection opened` at the link has as peer the
    proxy's own end of a carried connection.
    """
    carried = [line for line in sight.evidence.proxy if _carried(line)]
    if not carried:
        logins = sorted({str(line["login"]) for line in sight.evidence.proxy})
        seen = f"; the logins it saw: {', '.join(logins)}" if logins else ""
        return nok(f"the proxy's journal shows no connection with its login{seen}")
    ends = {line["outward"] for line in carried}
    opened = sight.chronicle.events("connection opened")
    around = [line for line in opened if line["peer"] not in ends]
    if around:
        return nok(f"{counted(len(around), 'connection')} reached the exchange around the proxy")
    if not sight.chronicle.events("session opened"):
        return nok("no session was opened through the proxy")
    return ok("connected through the proxy with its login", user=carried[0].get("user"))


def on_port(sight: Sight, name: str) -> Answer:
    """The subject logs in and asks for tickets on this port of the service.

    Decided by the transcript: a Login and a GetTickets on the port, both answered with 200; where
    the contract has no Login, an answer that sets the cookie stands for it.
    """
    here = [line for line in sight.evidence.transcript if line["port"] == name]
    found = {
        "Login": any(_opened(line) for line in here),
        "GetTickets": any(_served(line, "GetTickets") for line in here),
    }
    missing = [operation for operation, was in found.items() if not was]
    if missing:
        return nok(f"{name} port: no {' and no '.join(missing)} was answered", port=name)
    return ok(f"connected on the {name} port", port=name)


def basic_authentication(sight: Sight, _argument: str) -> Answer:
    """Every request that the exchange serves bears Basic authentication, and none is refused.

    Decided by the transcript. A request without any login that is answered with 401 is the
    challenge that HTTP provides for and is no failure, if the subject then answers it.
    """
    lines = sight.evidence.transcript
    refused = [line for line in lines if _login(line) and line["status"] == HTTP_UNAUTHORISED]
    served = [line for line in lines if line["status"] != HTTP_UNAUTHORISED]
    schemes = sorted({_login(line) or "none" for line in refused})
    if refused:
        return nok(f"{counted(len(refused), 'login')} refused (scheme {', '.join(schemes)})")
    if not served:
        return nok("no request was served")
    bare = [line for line in served if _login(line) != "basic"]
    if bare:
        return nok(f"{counted(len(bare), 'request')} without Basic authentication")
    return ok("logged in with Basic authentication", user=served[0].get("user"))


def by_name(sight: Sight, _argument: str) -> Answer:
    """The subject asks for the exchange by its name, in the TLS session and in every request.

    Decided by the transcript: server name (SNI) and Host of every request are the name.
    """
    name = sight.evidence.host_name.lower()
    lines = sight.evidence.transcript
    if not any(_opened(line) for line in lines):
        return nok("no session was opened")
    for line in lines:
        indicated = (line["tls"] or {}).get("server_name")
        host = _host(line)
        if (indicated or "").lower() != name:
            return nok(f"request {line['n']}: server name {indicated or 'missing'}, not {name}")
        if host.lower() != name:
            return nok(f"request {line['n']}: Host {host or 'missing'}, not {name}")
    return ok(f"connected by the name {name}", name=name)


def cookie_returned(sight: Sight, _argument: str) -> Answer:
    """Every request after the login returns the cookie that the exchange has set.

    Decided by the transcript: once an answer has set a cookie, each operation but Login bears a
    cookie with a value that the exchange has set before. Without a cookie set it is undecided;
    without a later request it is nok.
    """
    given: set[str] = set()
    asked = 0
    for line in sight.evidence.transcript:
        later = bool(given) and line["operation"] not in (None, "Login")
        if later and line["status"] != HTTP_UNAUTHORISED:
            asked += 1
            if given.isdisjoint(_cookies(line["request_headers"], "cookie")):
                return nok(f"request {line['n']} ({line['operation']}) without the cookie")
        given |= set(_cookies(line["answer_headers"], "set-cookie"))
    if not any(_opened(line) for line in sight.evidence.transcript):
        return nok("no session was opened")
    if not given:
        return undecided("the exchange set no cookie")
    if not asked:
        return nok("no request followed the login")
    return ok(f"cookie returned with {counted(asked, 'request')}")


def _carried(line: Line) -> bool:
    connect = line["method"] == "CONNECT" and line["status"] == HTTP_OK
    return bool(connect and line["login"] == "ok" and line.get("outward"))


def _served(line: Line, operation: str) -> bool:
    return bool(line["operation"] == operation and line["status"] == HTTP_OK)


def _opened(line: Line) -> bool:
    """Tell whether a session began: by a Login, or by the first answer where there is none."""
    cookie = any(_cookies(line["answer_headers"], "set-cookie"))
    return _served(line, "Login") or (line["status"] == HTTP_OK and cookie)


def _values(headers: Sequence[Sequence[str]], name: str) -> Iterator[str]:
    for key, value in headers:
        if key.lower() == name:
            yield value


def _login(line: Line) -> str | None:
    """Return the scheme of the login that a request bears, in lower case."""
    for value in _values(line["request_headers"], "authorization"):
        return value.partition(" ")[0].lower()
    return None


def _host(line: Line) -> str:
    """Return the host of a request without its port."""
    value = next(_values(line["request_headers"], "host"), "")
    host, colon, port = value.rpartition(":")
    return host if colon and port.isdigit() else value


def _cookies(headers: Sequence[Sequence[str]], name: str) -> Iterator[str]:
    """Yield `name=value` of every cookie in these headers, without attributes."""
    for value in _values(headers, name):
        parts = value.split(";")
        for part in parts if name == "cookie" else parts[:1]:
            yield part.strip()


DEMANDS = (
    Demand("through the proxy", through_the_proxy, (PROXY, LEDGER), Standing.DOCUMENTED),
    Demand("on port", on_port, (TRANSCRIPT,), Standing.OURS, "NAME"),
    Demand("basic authentication", basic_authentication, (TRANSCRIPT,), Standing.DOCUMENTED),
    Demand("by name", by_name, (TRANSCRIPT,), Standing.DOCUMENTED),
    Demand("cookie returned", cookie_returned, (TRANSCRIPT,), Standing.DOCUMENTED),
)
