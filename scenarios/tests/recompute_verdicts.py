"""Judge a run bundle again, from its folder alone, importing nothing of the project.

Usage: recompute_verdicts.py BUNDLE. Reads what every case demanded and the evidence files, never
the findings; prints both verdicts of every play; ends with 1 where they differ, or a mark or the seconds
of recovery do, or where a ledger cannot be (`unsound`). It takes as told: what a case demanded, fates,
findings, words, and all that run.json sums up of plays (of that the report lists what does not add up).
"""
# fmt: off
# ruff: noqa: E501, ARG001, ARG005 - a check, not a product: one line per step

import json
import re
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from unicodedata import combining, normalize

GRAVITY = ["error", "nok", "undecided", "not observable", "not applicable", "ok"]
ERROR, NOK, UNDECIDED, UNSEEN, NOT_APPLICABLE, OK = GRAVITY
BLAME = {"subject": NOK, "bench": ERROR, "nobody": UNDECIDED}
Line = dict[str, Any]
ONE_WIRE = ["buffered", "dropped", "offered", "acknowledged", "consumed", "filed", "fetched", "expired", "sent", "notice", "switch-over",
            "session opened", "session closed", "refused", "alarm"]
OTHER_WIRES = ["nmc", "v24", "ohl", "account", "stream"]
LEFT, HAD = ["offered", "sent"], ["acknowledged", "consumed", "fetched", "sent"]
FACILITY, NO_CALL = ("facility request", "facility cancelled"), ("reminder", "room status")
PLAIN = (None, "unknown", "break-in", "break-out")

def wires_of(x: Line) -> set[str] | None:
    """Return the wires that a ledger line concerns, by its own word or its ports; `None`: all."""
    fault = x["event"] in ("fault", "fault armed")  # the wire of such a line is that of its event
    if "wire" in x and not fault:
        return {x["wire"]}
    ports = x["fault"].get("ports") if fault else [x["port"]] if "port" in x else x.get("ports")
    names = {port.split("-")[0] for port in ports or []} or {*[""] * (x["event"] in ONE_WIRE)}
    return {name if name in OTHER_WIRES else "taxation" for name in names} or None
def user_kind(t: Line, v: Any, name: str) -> Any:
    return (v or "set") if t.get(name.removesuffix("_kind")) is not None else None
def money(step: str) -> Callable[[Line, Any, str], str]:
    return lambda t, v, n: str(Decimal(v or 0).quantize(Decimal(step), ROUND_HALF_UP))
def short(length: int) -> Callable[[Line, Any, str], str | None]:
    def cut(t: Line, v: Any, n: str) -> str | None:
        latin = (v or "").strip().encode("iso-8859-1", "replace").decode("iso-8859-1")
        return re.sub("[\x00-\x1f\x7f-\x9f]", "?", latin)[:length].rstrip(" ") or None
    return cut
def stars(number: str) -> dict[str, int]:
    hidden = min(len(number), 4)
    return {"dialled_number": hidden} if hidden and number.endswith("*" * hidden) else {}
PRIVATE = ("outgoing", "incoming", "outgoing transit", "outgoing private", "incoming private")
def inner(t: Line) -> bool:
    return t["kind"] == "local call" or t.get("direction") == "local"
def way(t: Line) -> Any:
    told = t.get("communication_type")
    return "local" if inner(t) else t.get("direction") if told is None else None if told == "unknown" else "incoming" if told[:8] == "incoming" else "outgoing"
def ed52_type(t: Line, v: Any, n: str) -> str | None:
    told = v or {"outgoing": "outgoing", "incoming": "incoming"}.get(t.get("direction") or "", "unknown")
    moved = " ".join([told.split()[0], "transfer", *told.split()[1:]]) if told in PRIVATE and "transfer" in (t.get("facilities") or []) else told
    return None if inner(t) else moved
def ended(t: Line, v: Any, n: str) -> str:
    lasted = (t.get("call_seconds") or 0) + ((t.get("ring_seconds") or 0) if way(t) == "incoming" else 0)
    summed = datetime.fromisoformat(t["local_time"]) + timedelta(seconds=lasted)
    return (summed if v is None or abs(datetime.fromisoformat(v) - summed) == timedelta(hours=1) else datetime.fromisoformat(v)).isoformat()
def from_begin_to_end(t: Line, v: Any, n: str) -> Any:
    end, begin = t.get("local_end"), datetime.fromisoformat(t["local_time"])
    if t["kind"] != "local call":
        return v if n == "call_seconds" else None
    if n == "local_end":
        return v if v is not None or t.get("call_seconds") is None else (begin + timedelta(seconds=t["call_seconds"])).isoformat()
    seconds = v if end is None else int((datetime.fromisoformat(end) - begin).total_seconds())
    return None if (seconds or 0) < 0 else seconds
def hidden(mark: str) -> Callable[[Line, Any, str], str | None]:
    def masked(t: Line, v: Any, n: str) -> str | None:
        number, count = v or "", min((t.get("masked") or {}).get(n, 0), len(v or ""))
        return number[: len(number) - count] + mark * count or None
    return masked
def marks(t: Line, v: Any, n: str) -> dict[str, int]:
    ends = {name: re.search(f"[{mark}]*$", t.get(name) or "") for name, mark in (("dialled_number", "-"), ("initial_user", "-"), ("charged_user", "*"))}
    return {name: len(end[0]) for name, end in ends.items() if end and end[0]}
def plain_name(t: Line, v: Any, n: str) -> str | None:
    bare = "".join(x for x in normalize("NFKD", (v or "").strip()) if not combining(x))
    return None if inner(t) else re.sub("[^ -~]", "?", bare)[:20].rstrip(" ") or None
RULES: dict[str, Callable[[Line, Any, str], Any]] = {  # of the carriage table: ticket, value, field -> value as the wire tells it
    "minute": lambda t, v, n: v[:16] + ":00",
    "reminders to the minute": lambda t, v, n: v[:16] + ":00" if t["kind"] == "reminder" else v,
    "kind of its type": lambda t, v, n: v if v in NO_CALL else "facility" if t.get("communication_type") in FACILITY else "call",
    "calls and reminders": lambda t, v, n: v if v in NO_CALL else "call",
    "arrow": lambda t, v, n: v if v in FACILITY else t.get("direction") if t.get("direction") in ("outgoing", "incoming") else None,
    "public directions": lambda t, v, n: None if v == "local" else v,
    "direction of its type": lambda t, v, n: None if t.get("communication_type") in PLAIN else v,
    "a set unless told": user_kind,
    "any group alike": lambda t, v, n: "hunting group" if v == "attendant group" else user_kind(t, v, n),
    "last four digits": lambda t, v, n: v[-4:] if v else v,
    "two digits behind a letter": lambda t, v, n: v if t.get("trunk_kind") and len(v or "") <= 2 else None,
    "only with its number": lambda t, v, n: v if t.get("trunk") is not None else None,
    "redial reads manual": lambda t, v, n: "manual" if v == "redial" else v,
    "telephony unless told": lambda t, v, n: v or "telephony",
    "absent reads zero": lambda t, v, n: v or 0,
    "ring of an incoming call": lambda t, v, n: (v or 0) if t.get("direction") == "incoming" else None,
    "hundredths": money("0.01"), "ten-thousandths": money("0.0001"),
    "sixteen characters": short(16), "twenty characters": short(20),
    "told by its stars": lambda t, v, n: stars(t.get("dialled_number") or ""),
    "call, local call or facility": lambda t, v, n: v if not inner(t) and v in NO_CALL else "local call" if inner(t) else "facility" if t.get("communication_type") in FACILITY else "call",
    "telephony unless told, or a facility": lambda t, v, n: None if t.get("communication_type") in FACILITY and not inner(t) else v or "telephony",
    "length of a local call": from_begin_to_end, "end of a local call": from_begin_to_end,
    "call types of ED5.2": ed52_type, "direction of its call type": lambda t, v, n: way(t), "end of the call": ended,
    "masked by stars": hidden("*"), "masked by dashes": hidden("-"), "told by dashes and stars": marks, "twenty ASCII characters": plain_name,
    "first called, masked by dashes": lambda t, v, n: hidden("-")(t, v, n) if way(t) == "incoming" else None,
    "speed dial or manual": lambda t, v, n: (v if "speed" in (v or "") else "manual") if way(t) == "outgoing" else None,
    "transfer beside its type": lambda t, v, n: tuple(sorted({*(v or []), "transfer"})) if re.search("outgoing transfer|transfer(?! transit)", t.get("communication_type") or "") else v,
    "number of the line": lambda t, v, n: str(int(v)) if not inner(t) and re.fullmatch("[0-9]+", v or "") and int(v) < 65535 else None,
    "analogue alone": lambda t, v, n: v if v == "analogue" and not inner(t) else None,
    "own tags": lambda t, v, n: v,
}

class Evidence:
    """One play's evidence files and facts."""
    def __init__(self, folder: Path, play: Line) -> None:
        self.folder, self.play, self.facts = folder, play, play["facts"]
        self.wire, self.requests = play["wire"], [x for x in self.lines("transcript.ndjson") if "operation" in x]
        self.ledger = [x for x in self.lines("ledger.ndjson") if self.wire in (wires_of(x) or [self.wire])]
        self.doors = play.get("doors") or [self.wire]
        self.all = [x for x in self.lines("ledger.ndjson") if x.get("wire", "taxation") in self.doors]
        gone = {(x.get("wire", "taxation"), x["id"]) for x in self.all if x["event"] == "dropped"}
        self.kept = {x["id"]: x["n"] for x in reversed(self.all) if x["event"] == "buffered" and (x.get("wire", "taxation"), x["id"]) not in gone}
        dropped = {number for _, number in gone} - {*self.kept}
        self.made = [x["ticket"] for x in self.of("made") if x["id"] not in dropped]
        silent = "reminder" if self.facts["appointments"] == "received" else None
        self.due = [ticket for ticket in self.made if ticket["kind"] != silent]
        self.found = Counter(self.seen(self.filled(x)) for x in self.lines("delivery.ndjson"))
    def lines(self, name: str) -> list[Line]:
        path = self.folder / name
        return [json.loads(x) for x in path.read_bytes().splitlines()] if path.exists() else []
    def of(self, *events: str, upto: float = float("inf"), after: int = 0) -> list[Line]:
        return [x for x in self.ledger if x["event"] in events and after < x["n"] <= upto]
    def told(self, events: list[str], door: str = "", upto: float = float("inf")) -> dict[int, Line]:
        """Return the first such line of each ticket, at one door or at any."""
        place, found = dict[tuple[str, int], int](), dict[int, Line]()
        for x in (x for x in self.all if x["n"] <= upto):  # a cold reset gives a sequence to another ticket
            wire = x.get("wire", "taxation")
            if x["event"] == "buffered":
                place[wire, x["sequence"]] = x["id"]
            elif x["event"] in events and door in ("", wire):
                for n in range(x["first"], x["last"] + 1):
                    found.setdefault(place[wire, n], x)
        return found
    def waiting(self, upto: int) -> set[int]:
        return {number for number, n in self.kept.items() if n <= upto} - {*self.told(HAD, upto=upto)}
    def stretches(self) -> list[tuple[int, float]]:
        """Return what a stream was disturbed by: faults to their end, deaths to the next session."""
        deaths = [x["after_line"] for x in self.facts["restarts"] if x["signal"] == "KILL"]
        opened = [(n, ([x["n"] for x in self.of("session opened", after=n)] or [float("inf")])[0]) for n in deaths]
        return [(x.get("cause", x["n"]), last) for x, last in self.faults()] + opened
    def faults(self) -> list[tuple[Line, float]]:
        """Return every fault with the line that ended it: its own healing, a restoring, or the session behind a reset."""
        found = []
        for x in self.of("fault"):
            over = [y for y in self.of("restored", "healed", "spent", after=x["n"]) if y["event"] == "restored" or y["id"] == x.get("id")]
            ends = [] if x["fault"]["kind"] == "reset" else over
            if "reset" in x["fault"]["kind"] and [y["event"] for y in ends[:1]] in ([], ["spent"]):
                ends = self.of("session opened", after=(ends or [x])[0]["n"])
            found.append((x, ends[0]["n"] if ends else float("inf")))
        return found
    def under_way(self, upto: float = float("inf")) -> set[int]:
        """Return what a stream had sent, and what may have been lost, when it was disturbed (or when bytes were held before a line)."""
        closed, files = {x["session"]: x["n"] for x in self.of("session closed")}, self.told(["fetched"])
        until = {t: min(closed.get(x["session"], float("inf")), files.get(t, {}).get("n", float("inf"))) for t, x in self.told(["sent"]).items()}
        if upto < float("inf"):
            held = [x["n"] for x in self.of("held", upto=upto)]
            return {t for t, x in self.told(["sent"]).items() if x["n"] <= upto and any(n <= until[t] for n in held)}
        return {t for t, x in self.told(["sent"]).items() if any(first <= until[t] and x["n"] <= last for first, last in self.stretches())}
    def served(self, operation: str, *ports: str) -> bool:
        return any(r["operation"] == operation and r["status"] == 200 and r["port"] in (ports or [r["port"]]) for r in self.requests)
    def opened(self, *ports: str) -> bool:
        return self.served("Login", *ports) or any(
            header(r["answer_headers"], "set-cookie") and r["status"] == 200 and r["port"] in (ports or [r["port"]]) for r in self.requests)
    def seen(self, ticket: Line) -> str:
        """Return the ticket through wire and delivery, as text that equal tickets share."""
        kept = self.through(ticket)
        told: Line = {name: kept.get(name) for name in {*self.play["carried"], "kind", "local_time"} & {*self.play["shown"]}}
        told |= {"cost": str(Decimal(told["cost"]).normalize())} if told.get("cost") else {}
        told |= {"extras": told["extras"].get("taxation")} if told.get("extras") else {}
        nothing: list[Any] = [None, [], {}] + [""] * self.facts["blank_is_absent"]
        return json.dumps({name: value for name, value in told.items() if value not in nothing}, sort_keys=True)
    def filled(self, ticket: Line) -> Line:
        """Return a delivered ticket; what is not shown is told by what is, since rules hang on it."""
        kind, direction = ticket.get("communication_type"), ticket.get("direction")
        told = {"kind": "room status" if ticket.get("room_status") else "reminder" if ticket.get("reminder_time") else "unknown", "trunk_kind": "analogue", "trunk": "0",
                "direction": next((x for x in ("outgoing", "incoming") if x in (kind or "")), None),
                "communication_type": direction if direction in ("outgoing", "incoming") else None}
        return ticket | {name: value for name, value in told.items() if name not in self.play["shown"]}
    def through(self, ticket: Line) -> Line:
        """Return the ticket as the wire can tell it."""
        sort = {"reminder": "reminders", "room status": "rooms"}.get(ticket["kind"], "calls")
        has = [x for x in {*self.play["carried"], "kind", "local_time"} if self.facts.get("only", {}).get(x, sort) == sort]
        kept = {name: ticket.get(name) for name in has}
        for name, rule in sorted(self.facts["coarser"].items()):
            if name in has:
                kept[name] = RULES[rule](kept, kept[name], name)
        return kept

def done(*held: object) -> str:
    return OK if all(held) else NOK
def proven(*held: object) -> str:
    return OK if all(held) else UNDECIDED
def header(pairs: list[list[str]], name: str) -> str:
    return "; ".join(value for key, value in pairs if key.lower() == name)

def exactly_once(e: Evidence) -> str:
    if Counter(map(e.seen, e.due)) - e.found or e.found - Counter(map(e.seen, e.made)):
        return NOK
    return OK if e.due else NOT_APPLICABLE if e.made else UNDECIDED
def answers(t: Line, one: Line) -> bool:
    return all(wanted in {*(t.get(x) or [""])} if isinstance(t.get(x), list) else wanted in (str(t.get(x, "")), str(t.get(x, ""))[:5] * (x == "reminder_time")) for x, wanted in one.items())
def answered(wanted: list[Line], made: list[Line]) -> list[Line] | None:
    """Return a ticket for each of these prescriptions, tried in every way; `None` where one lacks."""
    if not wanted:
        return []
    tries = ((t, answered(wanted[1:], made[:n] + made[n + 1:])) for n, t in enumerate(made) if answers(t, wanted[0]))
    return next(([t, *rest] for t, rest in tries if rest is not None), None)
def shown(e: Evidence) -> str:
    """Compare by user, time and state of a reminder, or room, status and problem, as far as carried."""
    wanted = {"reminder": ("reminder_time", "reminder_state"), "room status": ("room_status", "room_problem")}
    def look(told: list[Line]) -> Counter[str]:
        kept = [(t, e.through(t)) for t in told if t["kind"] in wanted]
        return Counter(str([t["kind"], *(kept_.get(x) for x in ("charged_user", *wanted[t["kind"]]))]) for t, kept_ in kept)
    made = look([x["ticket"] for x in e.of("made") if x["id"] in e.kept])
    if not made:
        return NOT_APPLICABLE
    return done(not made - look(e.lines("shown.ndjson"))) if (e.folder / "shown.ndjson").exists() else UNSEEN
def prescribed(e: Evidence) -> str:
    return proven(len(e.made) == len(e.facts["prescribed"]), answered(e.facts["prescribed"], e.made) is not None)
def plain(v: Any) -> Any:
    return [*v] if isinstance(v, tuple) else v if v != [] else None
def field(e: Evidence, name: str) -> str:
    if name not in e.play["carried"]:
        return UNSEEN
    named = [one for one in e.facts.get("prescribed", []) if name in one]
    wanted = {x: e.facts["values"][x] for x in ("kind", name) if x in e.facts["values"]}
    told = answered(named, e.made) or [] if named else [
        t for t in e.made if t.get(name) not in (None, []) and all(any(answers(t, {x: w}) for w in wanted[x]) for x in wanted)]
    if any(plain(e.through(t).get(name)) != plain(t.get(name)) for t in told):
        return UNSEEN
    asked = [t for t in told if t in e.due or e.found[e.seen(t)]]
    if asked:
        return done(*(e.found[e.seen(t)] for t in asked)) if name in e.play["shown"] else UNSEEN
    return NOT_APPLICABLE if told else UNDECIDED
def through_the_proxy(e: Evidence) -> str:
    carried = [x for x in e.lines("proxy.ndjson") if (x["method"], x["login"], x["status"]) == ("CONNECT", "ok", 200)]
    return done(carried, {x["peer"] for x in e.of("connection opened")} <= {x["outward"] for x in carried}, e.of("session opened"))
def basic_authentication(e: Evidence) -> str:
    logins = [(header(r["request_headers"], "authorization").lower(), r["status"]) for r in e.requests]
    weighed = [login.startswith("basic") and status != 401 for login, status in logins if login or status != 401]
    return done(weighed, *weighed)
def by_name(e: Evidence) -> str:
    hosts = {re.sub(r":\d+$", "", header(r["request_headers"], "host")).lower() for r in e.requests}
    names = {((r["tls"] or {}).get("server_name") or "").lower() for r in e.requests}
    return done(hosts == names == {e.facts["host_name"].lower()}, e.opened())
def cookie_returned(e: Evidence) -> str:
    given, later = set[str](), list[bool]()
    for r in e.requests:
        if given and r["operation"] not in (None, "Login") and r["status"] != 401:
            later.append(bool(given & {*header(r["request_headers"], "cookie").split("; ")}))
        given |= {x for x in header(r["answer_headers"], "set-cookie").split("; ") if "[redacted" in x}
    return done(later, *later, e.opened()) if given or not e.opened() else UNDECIDED
def reset(kind: str) -> Callable[[Evidence], str]:
    def came_about(e: Evidence) -> str:
        at = next((x["n"] for x in e.of("reset") if x["kind"] == kind), 0)
        return proven(at, e.waiting(at), any(x["phase"] == "serving" for x in e.of("phase", after=at)))
    return came_about
def cold_reset(e: Evidence) -> str:
    at = next((x["n"] for x in e.of("reset") if x["kind"] == "cold"), 0)
    anew = ([x["n"] for x in e.of("epoch", after=at)] or [float("inf")])[0]
    return proven(at, [x for x in e.of("dropped", after=at) if x["reason"] == "cold reset"], [x for x in e.of("buffered") if x["n"] > anew],
                  any(x["phase"] == "serving" for x in e.of("phase", after=at)))
def repeated_hour(e: Evidence) -> str:
    passes = [({x: y for x, y in t.items() if x != "fold"}, t.get("fold")) for t in e.made]
    return proven(any(one == other and a != b for n, (one, a) in enumerate(passes) for other, b in passes[:n]))
def logged_out(e: Evidence) -> str:
    stops = [e.of("session opened", "session closed", upto=x["after_line"])[-1:] for x in e.facts["restarts"] if x["signal"] != "KILL"]
    ends = [x.get("reason") if x["event"] == "session closed" else None for last in stops for x in last]
    return done(*(end == "logout" for end in ends)) if ends else UNDECIDED
def disconnected(e: Evidence) -> str:
    opened = [x["n"] for x in e.of("session opened")]
    stops = [(x["after_line"], next((n for n in opened if n > x["after_line"]), 0)) for x in e.facts["restarts"]]
    return proven(any(until and opened[0] <= stop and any(e.kept[t] > stop for t in e.waiting(until)) for stop, until in stops))
def failure_message(e: Evidence) -> str:
    if told := [x["answer"] for x in e.facts.get("confirmations", []) if x["question"] == "failure message"]:
        return done(told[-1] == "yes")
    if e.facts["failure_pattern"] is None or e.facts["failure_log"] is None:
        return UNSEEN if e.facts["failure_pattern"] is None else UNDECIDED
    log = (e.folder / "subject.log").read_bytes()[slice(*e.facts["failure_log"])]
    lines = log.decode("utf-8", "replace").split("\n")
    return done(any(re.search(e.facts["failure_pattern"], line[:1024], re.IGNORECASE) for line in lines))
def restarted(e: Evidence, how: str) -> str:
    kills = [x["after_line"] for x in e.facts["restarts"] if x["signal"] == "KILL"]
    caught = {"acknowledged": lambda n: any(x.get("cause") in [y["n"] for y in e.of(*HAD)] for x in e.of("fault", upto=n)),
              "offered": lambda n: e.of("held", upto=n) and {*e.told(LEFT, upto=n)} & e.waiting(n),
              "sent": e.under_way,
              "idle": lambda n: not e.waiting(n) and e.waiting(([x["n"] for x in e.of("session opened", after=n)] or [0])[0])}
    return done(e.of("session opened", after=kills[-1])) if any(map(caught[how], kills)) else UNDECIDED

def keep_alive(e: Evidence) -> str:
    said = [x["sender"] for x in e.lines("transcript.ndjson") if x.get("wire") == e.wire and re.search("TEST_R(EQ|SP)", x["text"])]
    return done(said.count("exchange") - said.count("collector") <= 1, said.count("collector")) if "exchange" in said else UNDECIDED
def file_whole(e: Evidence) -> str:
    fetched = [{(x["session"], n) for x in e.of(*events) for n in range(x["first"], x["last"] + 1)} for events in (LEFT, HAD)]
    return done(fetched[1] <= fetched[0]) if fetched[1] else UNDECIDED

DEMANDS: dict[str, Callable[..., str]] = {
    "received": lambda e: done({*e.kept} <= {*e.told(LEFT)} & {*e.told(HAD)}) if e.kept else UNDECIDED,
    "prescribed": prescribed, "outcome": lambda e, word: proven([x for x in e.of("call") if x.get("outcome") == word]),
    "shown": shown, "exactly once": exactly_once, "field": field, "through the proxy": through_the_proxy, "by name": by_name,
    "basic authentication": basic_authentication, "cookie returned": cookie_returned,
    "on port": lambda e, name: done(e.opened(name), e.served("GetTickets", name)),
    "nmc account": lambda e: done(e.of("session opened"), not [x for x in e.of("refused") if x.get("wire") == e.wire]),
    "file whole": file_whole, "file deleted": lambda e: proven([x for x in e.of("consumed") if x.get("how") == "deleted"]),
    "buffered first": lambda e: proven([x["event"] for x in e.of("buffered", "session opened")][:1] == ["buffered"]),
    "session first": lambda e: proven([x["event"] for x in e.of("buffered", "session opened")][:1] == ["session opened"]),
    "link cut": lambda e: proven(any(x["fault"]["kind"] in ("cut", "carry then cut") and last < float("inf") and all(e.of(y, after=x["n"], upto=last) for y in ("held", "buffered")) for x, last in e.faults())),
    "link reset": lambda e: proven(e.under_way() and any("reset" in x["fault"]["kind"] and last in [y["n"] for y in e.of("session opened")] for x, last in e.faults())),
    "healed": lambda e: done(e.under_way() <= {*e.told(["fetched"])}) if e.under_way() else UNDECIDED, "keep-alive answered": keep_alive,
    "warm reset": reset("warm"), "power cut": reset("power cut"), "cold reset": cold_reset, "repeated hour": repeated_hour,
    "overflow": lambda e: proven([x for x in e.of("dropped") if x["reason"] == "buffer full"]), "logged out": logged_out, "disconnected": disconnected,
    "failure message": failure_message, "restarted": restarted,
}

def verdict(folder: Path, play: Line) -> str:
    played = (folder / "ledger.ndjson").exists()
    if play["verdict"] == NOT_APPLICABLE or not (played or play["facts"]["incidents"]):  # declared; nothing was played
        return NOK if played or play["verdict"] not in (NOT_APPLICABLE, UNSEEN) else play["verdict"]
    words = [BLAME[x["fault"]] for x in play["facts"]["incidents"]] + [NOK] * bool(play["facts"]["unreadable"])
    for demand in play["facts"]["demands"] if played else []:
        name = next(x for x in DEMANDS if demand == x or demand.startswith(x + " "))
        argument = demand[len(name) + 1:]
        word = DEMANDS[name](Evidence(folder, play), *filter(None, [argument]))
        words += [] if word == NOT_APPLICABLE or (word == UNSEEN and name != "field") else [word]
    return min(words, key=GRAVITY.index, default=UNDECIDED)

def judged(folder: Path, play: Line) -> bool:
    """Tell whether there was something to judge, and whether the judge was asked."""
    left = play["verdict"] in (ERROR, UNDECIDED) and play.get("comment", "").startswith("not judged:")
    return (folder / "ledger.ndjson").exists() and not left

def displayed(folder: Path, play: Line) -> str | None:
    """Return the second mark; `None` where no case asks, or nothing came that could be shown."""
    asked = "shown" in play["facts"]["demands"] and judged(folder, play)
    return {OK: "yes", NOK: "no", UNSEEN: "not asked"}.get(shown(Evidence(folder, play))) if asked else None

def recovery_seconds(folder: Path, play: Line) -> float | None:
    """Return the seconds from the end of the last disturbance to the last ticket that was had after it."""
    if not judged(folder, play):
        return None
    e, instant = Evidence(folder, play), datetime.fromisoformat
    at = {x["n"]: instant(x["at"]) for x in e.lines("ledger.ndjson") if "at" in x}
    whole, resets = {last for _, last in e.faults()}, [x["n"] for x in e.of("reset")]
    broke = {x.get("id"): x["fault"]["kind"] for x in e.of("fault") if "reset" in x["fault"]["kind"]}  # and left the link whole
    ends = [at[x["n"]] for x in e.of("restored", "healed") if x["n"] in whole]
    ends += [at[x["n"]] for x in e.of("fault", "spent") if x.get("id") in broke and (x["event"] == "spent" or x["fault"]["kind"] == "reset")]
    ends += [at[x["n"]] for x in e.of("phase", after=min(resets)) if x["phase"] == "serving"] if resets else []
    ends += [instant(x["started"]) for x in e.facts["restarts"] if x["signal"] == "KILL" and x.get("started")]
    had = e.told(HAD)
    if not ends or not e.kept or not {*e.kept} <= {*had}:
        return None
    later = [at[had[ticket]["n"]] for ticket in e.kept if at[had[ticket]["n"]] >= max(ends)]
    return round((max(later) - max(ends)).total_seconds(), 3) if later else None

def received(folder: Path, play: Line) -> str:
    """Return the first mark."""
    return mark(folder, play, "received", "received", {OK: "yes", NOK: "no", UNDECIDED: "not observable"})

def processed(folder: Path, play: Line) -> str:
    """Return what became of the tickets in the delivery; in part: some reminders are declared not to be shown."""
    word = mark(folder, play, "processed", "exactly once", {OK: "yes", NOK: "no", UNDECIDED: "not observable", NOT_APPLICABLE: "not asked"})
    e = Evidence(folder, play)
    return "in part" if word == "yes" and any(x["ticket"]["kind"] == "reminder" and x["id"] in e.kept and not e.found[e.seen(x["ticket"])]
                                              for x in e.of("made") if e.facts["appointments"] == "received") else word

def mark(folder: Path, play: Line, name: str, demand: str, words: dict[str, str]) -> str:
    if demand not in play["facts"]["demands"] or not judged(folder, play):
        return str(play[name])  # nothing to tell it by
    return words[DEMANDS[demand](Evidence(folder, play))]

def unsound(folder: Path, play: Line) -> str | None:
    """Return what of the ledger cannot be: a line is missing, or speaks of what was never there."""
    made, begun, last, mode = set[int](), set[str](), "", play.get("mode", "business")
    for number, x in enumerate(Evidence(folder, play).lines("ledger.ndjson"), 1):
        if x["n"] != number:
            return f"line {number} is missing"
        if x.get("at", last) < last:
            return f"line {number} is older than the one before"
        last = x.get("at", last)
        made |= {x["id"]} if x["event"] == "made" else set()
        begun |= {x["id"]} if x["event"] == "fault" and "id" in x else set()
        if x["event"] in ("buffered", "dropped") and x["id"] not in made:
            return f"line {number}: ticket {x['id']} was never made"
        ended = [y["id"] for y in x.get("faults", [])] if x["event"] == "restored" else [x["id"]] if x["event"] in ("healed", "spent") else []
        if {*ended} - begun:
            return f"line {number} ends a fault that never began"
        if x["event"] == "installed" and ((play["wire"] == "taxation" and x["tag_set"] != play["tag_set"]) or x.get("mode", mode) != mode):
            return f"line {number}: the exchange was of another kind"
    told = {x["id"] for x in play["tickets"] if x["id"] is not None}
    written = {x["id"] for x in Evidence(folder, play).all if x["event"] in ("buffered", "dropped")}
    return f"tickets {sorted(written ^ told)} stand in ledger or run.json alone" if play["findings"] and written != told else None

AGAIN: dict[str, Callable[[Path, Line], Any]] = {"verdict": verdict, "received": received, "processed": processed, "displayed": displayed,
                                                 "recovery_seconds": recovery_seconds,
                                                 "unsound": lambda folder, play: unsound(folder, play) if judged(folder, play) else None}

def main() -> int:
    bundle, wrong = Path(sys.argv[1]), 0
    for play in json.loads((bundle / "run.json").read_text("utf-8"))["plays"]:
        again = {key: decide(bundle / "evidence" / play["play"], play) for key, decide in AGAIN.items()}
        other = [f"{key} {play.get(key)} != {found}" for key, found in again.items() if play.get(key) != found]
        sys.stdout.write(f"{play['play']:16} {play['verdict']:15} {again['verdict']:15} {', '.join(other)}".rstrip() + "\n")
        wrong += len(other)
    return int(wrong > 0)

if __name__ == "__main__":
    sys.exit(main())
