"""Judge a run bundle again, from its folder alone, importing nothing of the project.

Usage: recompute_verdicts.py BUNDLE. Reads what every case demanded and the evidence files, never
the findings; prints both verdicts of every play; ends with 1 where they differ.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

OK, NOK, UNDECIDED = "ok", "nok", "undecided"
UNSEEN, NOT_APPLICABLE = "not observable", "not applicable"
Line = dict[str, Any]
GRAVITY = ["error", NOK, UNDECIDED, UNSEEN, NOT_APPLICABLE, OK]
BLAME = {"subject": NOK, "bench": "error", "nobody": UNDECIDED}


class Evidence:
    """One play's evidence files and facts."""

    def __init__(self, bundle: Path, play: Line) -> None:
        self.folder, self.play, self.facts = bundle / "evidence" / play["play"], play, play["facts"]
        self.ledger = self.lines("ledger.ndjson")
        self.requests = self.lines("transcript.ndjson")
        dropped = {line["id"] for line in self.of("dropped")}
        self.made = [line["ticket"] for line in self.of("made") if line["id"] not in dropped]
        received_only = self.facts["appointments"] == "received"
        self.due = [t for t in self.made if not (received_only and t["kind"] == "reminder")]
        self.found = Counter(map(self.seen, self.lines("delivery.ndjson")))

    def lines(self, name: str) -> list[Line]:
        path = self.folder / name
        content = path.read_bytes() if path.exists() else b""
        return [json.loads(line) for line in content.splitlines()]

    def of(self, *events: str) -> list[Line]:
        return [line for line in self.ledger if line["event"] in events]

    def seen(self, ticket: Line) -> str:
        """Return the ticket through wire and delivery, as text that equal tickets share."""
        told: Line = {}
        for name in {*self.play["carried"], "kind", "local_time"} & {*self.play["shown"]}:
            value: Any = ticket.get(name)
            value = str(Decimal(value).normalize()) if name == "cost" and value else value
            value = (value or {}).get("taxation") if name == "extras" else value
            if value not in (None, [], {}) and not (value == "" and self.facts["blank_is_absent"]):
                told[name] = value
        return json.dumps(told, sort_keys=True)


def received(e: Evidence) -> str:
    waited = {line["sequence"] for line in e.of("buffered")}
    for event in ("offered", "acknowledged"):
        if waited - {s for x in e.of(event) for s in range(x["first"], x["last"] + 1)}:
            return NOK
    return OK if waited else UNDECIDED


def exactly_once(e: Evidence) -> str:
    due, made = Counter(map(e.seen, e.due)), Counter(map(e.seen, e.made))
    if due - e.found or e.found - made:
        return NOK
    return (OK if e.due else NOT_APPLICABLE) if e.made else UNDECIDED


def field(e: Evidence, name: str) -> str:
    if name not in e.play["carried"] or name in e.facts["coarser"]:
        return UNSEEN
    values = e.facts["values"]
    told = [t for t in e.made if t.get(name) is not None
            and t["kind"] in values.get("kind", [t["kind"]])
            and str(t[name]) in values.get(name, [str(t[name])])]  # fmt: skip
    asked = [t for t in told if t in e.due or e.found[e.seen(t)]]
    if not asked:
        return NOT_APPLICABLE if told else UNDECIDED
    if name not in e.play["shown"]:
        return UNSEEN
    return OK if all(e.found[e.seen(t)] for t in asked) else NOK


def through_the_proxy(e: Evidence) -> str:
    passages = [line for line in e.lines("proxy.ndjson") if line["method"] == "CONNECT"]
    ends = {x["outward"] for x in passages if (x["login"], x["status"]) == ("ok", 200)}
    around = [x for x in e.of("connection opened") if x["peer"] not in ends]
    return OK if ends and not around and e.of("session opened") else NOK


def served(e: Evidence, operation: str, port: str | None = None) -> bool:
    return any(r["operation"] == operation and r["status"] == 200 and port in (None, r["port"])
               for r in e.requests)  # fmt: skip


def on_port(e: Evidence, name: str) -> str:
    return OK if served(e, "Login", name) and served(e, "GetTickets", name) else NOK


def header(pairs: list[list[str]], name: str) -> str:
    return "; ".join(value for key, value in pairs if key.lower() == name)


def basic_authentication(e: Evidence) -> str:
    logins = [(header(r["request_headers"], "authorization").lower(), r["status"] == 401)
              for r in e.requests]  # fmt: skip
    good = all(
        refused ^ login.startswith("basic") and not (login and refused) for login, refused in logins
    )
    return OK if good and any(not refused for _, refused in logins) else NOK


def by_name(e: Evidence) -> str:
    name = e.facts["host_name"].lower()
    names = {(r["tls"] or {}).get("server_name") for r in e.requests}
    hosts = {re.sub(r":\d+$", "", header(r["request_headers"], "host")).lower() for r in e.requests}
    return OK if names == {name} and hosts == {name} and served(e, "Login") else NOK


def cookie_returned(e: Evidence) -> str:
    given: set[str] = set()
    later = []
    for r in e.requests:
        if given and r["operation"] not in (None, "Login") and r["status"] != 401:
            later.append(given & set(header(r["request_headers"], "cookie").split("; ")))
        given |= {
            part
            for part in header(r["answer_headers"], "set-cookie").split("; ")
            if "[redacted" in part
        }
    if all(later) and served(e, "Login") and not given:
        return UNDECIDED
    return OK if later and all(later) and served(e, "Login") else NOK


def first_is(*events: str) -> Callable[[Evidence], str]:
    return lambda e: OK if [x["event"] for x in e.of(*events)][:1] == [events[0]] else UNDECIDED


def link_cut(e: Evidence) -> str:
    told = " ".join("cut" if x["event"] == "fault" and x["fault"]["kind"] == "cut" else x["event"]
                    for x in e.of("fault", "held", "made", "restored"))  # fmt: skip
    stretches = re.findall(r"\bcut\b(.*?)\brestored\b", told)
    return OK if any("held" in s and "made" in s for s in stretches) else UNDECIDED


def pending(e: Evidence, event: str, line: int) -> set[int]:
    """Return the sequences of which this event was told up to a line, and no acknowledgement."""
    early = [x for x in e.ledger if x["n"] <= line]

    def sequences(name: str) -> set[int]:
        lines = [x for x in early if x["event"] == name]
        if name == "buffered":
            return {x["sequence"] for x in lines}
        return {s for x in lines for s in range(x["first"], x["last"] + 1)}

    return sequences(event) - sequences("acknowledged")


def warm_reset(e: Evidence) -> str:
    at = next((x["n"] for x in e.of("reset") if x["kind"] == "warm"), None)
    back = at and any(x["phase"] == "serving" and x["n"] > at for x in e.of("phase"))
    return OK if at and back and pending(e, "buffered", at) else UNDECIDED


def failure_message(e: Evidence) -> str:
    if e.facts["failure_pattern"] is None or e.facts["failure_log"] is None:
        return UNSEEN if e.facts["failure_pattern"] is None else UNDECIDED
    log = (e.folder / "subject.log").read_bytes()[slice(*e.facts["failure_log"])]
    text = log.decode("utf-8", "replace")
    return OK if re.search(e.facts["failure_pattern"], text, re.IGNORECASE) else NOK


def restarted(e: Evidence, how: str) -> str:
    kills = [r["after_line"] for r in e.facts["restarts"] if r["signal"] == "KILL"]

    def caught(line: int) -> bool:
        early = [x for x in e.ledger if x["n"] <= line]
        told = " ".join("armed" if x.get("when") == how else x["event"] for x in early)
        if how == "acknowledged":
            return bool(re.search(r"\barmed\b.*\backnowledged\b.*\bfault\b", told))
        return "held" in told.split() and bool(pending(e, "offered", line))

    if not any(map(caught, kills)):
        return UNDECIDED
    return OK if any(x["n"] > kills[-1] for x in e.of("session opened")) else NOK


DEMANDS: dict[str, Callable[..., str]] = {
    "received": received, "exactly once": exactly_once, "field": field,
    "through the proxy": through_the_proxy, "basic authentication": basic_authentication,
    "on port": on_port,
    "by name": by_name, "cookie returned": cookie_returned,
    "buffered first": first_is("buffered", "session opened"),
    "session first": first_is("session opened", "made"),
    "link cut": link_cut, "warm reset": warm_reset, "failure message": failure_message,
    "restarted": restarted,
}  # fmt: skip


def verdict(bundle: Path, play: Line) -> str:
    if play["verdict"] == NOT_APPLICABLE:  # declared; nothing was played
        return (
            NOK
            if (bundle / "evidence" / play["play"] / "ledger.ndjson").exists()
            else NOT_APPLICABLE
        )
    facts = play["facts"]
    words = [BLAME[incident["fault"]] for incident in facts["incidents"]]
    words += [NOK] if facts["unreadable"] else []
    if (bundle / "evidence" / play["play"] / "ledger.ndjson").exists():
        evidence = Evidence(bundle, play)
        for demand in facts["demands"]:
            name, _, argument = (demand, "", "") if demand in DEMANDS else demand.rpartition(" ")
            word = DEMANDS[name](evidence, *([argument] if argument else []))
            silent = word == NOT_APPLICABLE or (word == UNSEEN and name != "field")
            words += [] if silent else [word]
    return min(words, key=GRAVITY.index, default=UNDECIDED)


def main() -> int:
    bundle = Path(sys.argv[1])
    plays = json.loads((bundle / "run.json").read_text("utf-8"))["plays"]
    wrong = 0
    for play in plays:
        again = verdict(bundle, play)
        wrong += again != play["verdict"]
        sys.stdout.write(f"{play['play']:16} {play['verdict']:15} {again}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
