"""What a line of the ledger says to a person."""

from typing import Literal

from oxo_reports.exchange_words import DISTURBING, EXCHANGE, Line, Words
from oxo_reports.wording import plain, quantity

Kind = Literal[
    "http", "said", "tickets", "link", "disturbance", "trouble", "exchange", "people", "folded"
]

TICKET_EVENTS = ("made", "buffered", "dropped")
"""Events that are told in runs, of many tickets at once."""


def _fault(line: Line) -> str:
    fault = line.get("fault")
    if not isinstance(fault, dict):
        return plain(fault)
    rest = [
        f"{plain(key).replace('_', ' ')} {plain(value)}"
        for key, value in fault.items()
        if key != "kind" and value not in (None, [], "")
    ]
    kind = plain(fault.get("kind"))
    return f"{kind} ({', '.join(rest)})" if rest else kind


def _span(line: Line, what: str) -> str:
    first, last = plain(line.get("first")), plain(line.get("last"))
    which = f"ticket {first}" if first == last else f"tickets {first} to {last}"
    how = f" ({plain(line['how'])})" if "how" in line else ""
    who = f", session {plain(line['session'])}" if line.get("session") else ""
    return f"{which} {what}{how}{who}"


def _file(line: Line) -> str:
    return plain(line.get("file", "a file"))


def _alarm(line: Line) -> str:
    if "percent" in line:
        name = f", alarm {plain(line['name'])}" if line.get("name") else ""
        return f"buffer at {plain(line['percent'])} %{name}"
    return f"alarm {plain(line.get('name'))}"


def _switch_over(line: Line) -> str:
    how = "in order" if line.get("ordered") is True else "the other one failed"
    return f"CPU {plain(line.get('main'))} is main now, {how}"


def _session(line: Line, what: str) -> str:
    reason = f": {plain(line['reason'])}" if line.get("reason") else ""
    return f"session {plain(line.get('session'))} {what}{reason}"


def _port(line: Line) -> str:
    return f"{plain(line.get('port'))} port, peer {plain(line.get('peer'))}"


def _reset(line: Line) -> str:
    return f"{plain(line.get('kind'))} reset"


def _whole(line: Line) -> str:
    reset = line.get("reset_connections") is True
    return "link restored" + (", its connections reset" if reset else "") + _corrupted(line)


def _ended(line: Line, how: str) -> str:
    which = f"fault {plain(line.get('id'))} ({plain(line.get('kind'))})"
    return f"{which} {how}{_corrupted(line)}"


def _corrupted(line: Line) -> str:
    count = line.get("corrupted_bytes")
    return f", {quantity(count, 'byte')} corrupted" if isinstance(count, int) else ""


def _kept(line: Line, what: str) -> str:
    return f"{what} {plain(line.get('bytes'))} bytes towards {plain(line.get('towards'))}"


def _changed(line: Line) -> str:
    where = f"byte {plain(line.get('offset'))} towards {plain(line.get('towards'))}"
    return f"{where} corrupted from {plain(line.get('was'))} to {plain(line.get('became'))}"


def _installed(line: Line) -> str:
    keys = ("profile", "tag_set", "zone", *(["mode"] if "mode" in line else []), "epoch")
    words = [f"{key.replace('_', ' ')} {plain(line.get(key))}" for key in keys]
    return f"installed: {', '.join(words)}"


def _not_written(line: Line) -> str:
    return f"tickets never written: {plain(line.get('tickets'))}, {plain(line.get('reason'))}"


EVENTS: dict[str, tuple[Kind, Words]] = {
    **{
        event: ("disturbance" if event in DISTURBING else "exchange", words)
        for event, words in EXCHANGE.items()
    },
    "installed": ("exchange", _installed),
    "alarm": ("exchange", _alarm),
    "connection opened": ("link", lambda line: f"connection opened, {_port(line)}"),
    "connection closed": ("link", lambda line: f"connection closed, {_port(line)}"),
    "session opened": ("exchange", lambda line: _session(line, "opened")),
    "session closed": ("exchange", lambda line: _session(line, "closed")),
    "refused": ("trouble", lambda line: f"refused: {plain(line.get('reason'))}"),
    "offered": ("tickets", lambda line: _span(line, "offered")),
    "acknowledged": ("tickets", lambda line: _span(line, "acknowledged")),
    "consumed": ("tickets", lambda line: _span(line, "consumed")),
    "sent": ("tickets", lambda line: _span(line, "sent")),
    "filed": ("tickets", lambda line: _span(line, f"closed into {_file(line)}")),
    "fetched": ("tickets", lambda line: _span(line, f"fetched whole as {_file(line)}")),
    "expired": ("tickets", lambda line: _span(line, f"aged out with {_file(line)}")),
    "notice": ("exchange", lambda line: f"notice sent: {plain(line.get('kind'))}"),
    "notice dropped": ("exchange", lambda line: f"notice dropped: {plain(line.get('kind'))}"),
    "switch-over": ("disturbance", _switch_over),
    "fault": ("disturbance", lambda line: f"link disturbed: {_fault(line)}"),
    "fault armed": (
        "disturbance",
        lambda line: f"disturbance armed: {_fault(line)}, at {plain(line.get('when'))}",
    ),
    "held": ("disturbance", lambda line: _kept(line, "the cut link keeps back")),
    "discarded": ("disturbance", lambda line: _kept(line, "the link throws away")),
    "corrupted": ("disturbance", _changed),
    "healed": ("disturbance", lambda line: _ended(line, "healed by itself")),
    "spent": ("disturbance", lambda line: _ended(line, "is spent")),
    "restored": ("disturbance", _whole),
    "reset": ("disturbance", _reset),
    "not written": ("disturbance", _not_written),
    "phase": ("disturbance", lambda line: f"phase: {plain(line.get('phase'))}"),
}
"""Event -> what sort of line it is, and its words. What is not here is shown by all its keys."""
