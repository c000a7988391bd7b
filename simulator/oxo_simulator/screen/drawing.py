"""The screen as text: a view in, exactly as many lines as the terminal has out. Pure.

Each part says how many lines it needs at least and which it would like; a short terminal gets the
parts in the order of their weight, a narrow one the beginning of each line. The line for orders is
always the last.
"""

from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Any, NamedTuple

from rich.text import Text

from oxo_simulator.commands.line import fault_words
from oxo_simulator.commands.telephony import instant, pace_name
from oxo_simulator.control.messages import LedgerLine, LinkState, SetState, WireState
from oxo_simulator.screen.view import Line, Said, View

HEAD, GOOD, WARNING, BAD, FAINT = "bold", "green", "yellow", "bold red", "dim"
ROOMY_LINES = 32
"""A terminal so high has a blank line between the parts."""
BAR_CHARACTERS = (6, 40)
"""Least and most length of the bar of a buffer."""
HEAD_LINES, SAID_LINES = 2, 2
"""So many lines of the head, and of log and answers, are shown at least."""
BESIDE_BAR_CHARACTERS = 70
PERCENT = 100
INCOMING = "incoming"


class Part(NamedTuple):
    """A part of the screen: its lines by weight, and how many it needs at least."""

    lines: Sequence[Text]
    least: int


def drawn(view: View | None, line: Line, said: Sequence[Said], width: int, height: int) -> Text:
    """Return the whole screen; `view` is `None` before the first look."""
    width, height = max(1, width), max(1, height)
    parts = [] if view is None else _parts(view, width)
    room = height - 1
    answer = len(_said(list(said)[-line.answer_lines :], width, room)) if line.answer_lines else 0
    least = min(max(SAID_LINES, answer), max(height // 2, room - HEAD_LINES))
    parts.insert(1, Part(_said(said, width, room), least))
    gaps = len(parts) - 1 if height >= ROOMY_LINES else 0
    shares = _shared([(part.least, len(part.lines)) for part in parts], room - gaps)
    shown = [list(part.lines[:share]) for part, share in zip(parts, shares, strict=True)]
    answers = shown.pop(1 if view is not None else 0)[::-1]
    lines = [each for part in shown for each in (*part, *([Text()] if gaps else []))]
    lines += [Text()] * (room - len(lines) - len(answers))
    lines += [*answers, _prompt(line, width)]
    return Text("\n").join(_fitted(each, width) for each in lines)


def _fitted(line: Text, width: int) -> Text:
    """Let a line do nothing to the terminal but be read, and no farther than its edge."""
    if not line.plain.isprintable():
        line.plain = "".join(each if each.isprintable() else "?" for each in line.plain)
    line.no_wrap = True
    line.truncate(width, overflow="crop")
    return line


def _said(said: Sequence[Said], width: int, room: int) -> list[Text]:
    """Return the last lines of log and answers, the last one first, long ones in several."""
    lines: list[Text] = []
    for each in reversed(said):
        if len(lines) >= room:
            break
        rows = (
            wrap(each.text, width, subsequent_indent=" ", break_on_hyphens=False)
            if width > 1
            else []
        )
        lines += [Text(row, each.style) for row in reversed(rows or [each.text])]
    return lines


def _parts(view: View, width: int) -> list[Part]:
    return [
        Part(_head(view), 2),
        Part(_wires(view, width), 1 + len(view.wires)),
        Part(_sets(view), 2),
        Part(_trunks(view), 1),
        Part(_link(view.link), 1),
        Part(_tickets(view.tickets), 3),
    ]


def _shared(wanted: Sequence[tuple[int, int]], room: int) -> list[int]:
    """Share lines out: to each part what it needs, then what it would like, in turns."""
    shares = [0] * len(wanted)
    for place, (least, most) in enumerate(wanted):
        shares[place] = max(0, min(least, most, room - sum(shares)))
    while sum(shares) < room:
        open_parts = [n for n, (_, most) in enumerate(wanted) if shares[n] < most]
        if not open_parts:
            break
        for place in open_parts[: room - sum(shares)]:
            shares[place] += 1
    return shares


def _head(view: View) -> list[Text]:
    state, link = view.state, view.link
    first = Text(f"{instant(state)} {state.zone}, {pace_name(state)}", HEAD)
    first.append(f"   {state.name}, {state.mode}, {state.release}, {state.profile}", "not bold")
    second = Text()
    second.append(state.phase, GOOD if state.phase == "serving" else BAD)
    second.append("   link ").append(link.state, GOOD if link.state == "whole" else BAD)
    licence = ("open", GOOD) if state.licence else ("closed", WARNING)
    second.append("   licence ").append(*licence)
    second.append(f"   {_count(state.tickets_made, 'ticket')} made")
    second.append(f", {_count(state.sessions, 'session')}")
    second.append(f"   epoch {state.epoch}", FAINT)
    return [first, second]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _wires(view: View, width: int) -> list[Text]:
    bar = min(max(width - BESIDE_BAR_CHARACTERS, BAR_CHARACTERS[0]), BAR_CHARACTERS[1])
    wire_of = {port.name: port.wire for port in view.state.ports}
    carried = [wire_of.get(one.port) for one in view.link.connections]
    head = f"{'wire':<10}{'buffer':<{bar}}{'waiting':>14}  {'of it':>5}  {'alarm':<6}"
    head += f"{'connections':>11} {'sessions':>8}"
    return [Text(head, HEAD), *(_wire(one, bar, carried.count(one.name)) for one in view.wires)]


def _wire(wire: WireState, bar: int, connections: int) -> Text:
    line = Text(f"{wire.name:<10}")
    if not wire.open:
        return line.append("closed by the profile", FAINT)
    capacity = max(1, wire.capacity)
    filled = min(bar, -(-wire.waiting * bar // capacity))
    mark = min(bar - 1, wire.alarm_percent * bar // PERCENT)
    cells = ["#" if place < filled else "." for place in range(bar)]
    cells[mark] = "|"
    style = BAD if wire.alarm else GOOD if wire.waiting else FAINT
    line.append("".join(cells), style)
    line.append(f"{f'{wire.waiting} of {wire.capacity}':>14}")
    line.append(f"  {wire.waiting * PERCENT // capacity:>3} %")
    line.append(f"  {'ALARM' if wire.alarm else '':<6}", BAD)
    line.append(f"{connections:>11} {wire.sessions:>8}")
    line.append("".join(f"  {word}" for word in _own(wire)), FAINT)
    return line


def _own(wire: WireState) -> Iterable[str]:
    """Say what only some wires have."""
    if wire.files is not None:
        yield f"{wire.files} files"
    if wire.main is not None:
        yield f"main {wire.main}"


def _sets(view: View) -> list[Text]:
    ringing = [one.user for one in view.appointments if one.state == "ringing"]
    groups = (
        ("in use", [one.number for one in view.sets if one.talking], GOOD),
        ("ringing", ringing, WARNING),
        ("busy", _in(view.sets, "busy"), WARNING),
        ("do not disturb", _in(view.sets, "do not disturb"), WARNING),
        ("out of service", _in(view.sets, "out of service"), BAD),
        ("diverted", [f"{one.number} to {one.diverted_to}" for one in view.sets
                      if one.diverted_to], ""),
        ("appointments", [f"{one.user} at {one.time}" for one in view.appointments], ""),
    )  # fmt: skip
    told = [(name, members, style) for name, members, style in groups if members]
    summary = ", ".join(f"{name} {len(members)}" for name, members, _ in told) or "all are quiet"
    head = Text("sets      ", HEAD).append(f"{len(view.sets)}; {summary}", "not bold")
    return [head, *(_listed(f"  {name}", members, style) for name, members, style in told)]


def _in(sets: Sequence[SetState], state: str) -> list[str]:
    return [one.number for one in sets if one.state == state]


def _listed(name: str, members: Sequence[str], style: str) -> Text:
    return Text(f"{name:<18}").append(", ".join(members), style)


def _trunks(view: View) -> list[Text]:
    used = sum(one.occupied for one in view.trunks)
    channels = sum(one.channels for one in view.trunks)
    line = Text("trunks    ", HEAD).append(f"{used} of {channels} channels in use", "not bold")
    told = [f"{one.name} {one.kind} {one.occupied}/{one.channels}" for one in view.trunks]
    return [line, Text("  " + ", ".join(told), FAINT)]


def _link(link: LinkState) -> list[Text]:
    head = Text("link      ", HEAD)
    head.append(link.state, f"not bold {GOOD if link.state == 'whole' else BAD}")
    real = ", real" if link.real else ""
    head.append(f"{real}, {_count(len(link.connections), 'connection')}", "not bold")
    lines = [head]
    for each in link.in_force:
        heals = each.heals_in_seconds
        left = "" if heals is None else f", heals in {heals:.0f} s"
        lines.append(Text(f"  {each.id} {fault_words(each.fault)}{left}", BAD))
    lines += [
        Text(f"  armed for {each.when}: {fault_words(each.fault)}", WARNING) for each in link.armed
    ]
    told = [f"{one.name} {one.port} {one.peer}" for one in link.connections]
    return [*lines, *([Text("  " + ", ".join(told), FAINT)] if told else [])]


def _tickets(made: Sequence[LedgerLine]) -> list[Text]:
    head = Text("tickets   ", HEAD).append(
        "the last ones first" if made else "none yet", "not bold"
    )
    told = [f"  {one.detail['id']:>5}  {ticket_words(one.detail['ticket'])}" for one in made]
    return [head, *map(Text, reversed(told))]


def ticket_words(ticket: Mapping[str, Any]) -> str:
    """Say what a canonical ticket tells, in one line."""
    words = [str(ticket["local_time"]).replace("T", " ")]
    way = "<-" if ticket.get("direction") == INCOMING else "->"
    user, number = ticket.get("charged_user") or "-", ticket.get("dialled_number")
    words.append(f"{user} {way} {number}" if number else user)
    seconds, cost = ticket.get("call_seconds"), ticket.get("cost")
    words += [f"{seconds} s"] if seconds is not None else []
    words += [f"{cost} {ticket.get('currency') or ''}".strip()] if cost is not None else []
    return "  ".join([*words, _kind_words(ticket)])


def _kind_words(ticket: Mapping[str, Any]) -> str:
    told = str(ticket.get("communication_type") or ticket["kind"])
    if time := ticket.get("reminder_time"):
        told += f" {str(time)[:5]} {ticket.get('reminder_state') or ''}".rstrip()
    if status := ticket.get("room_status"):
        told += f" {status}"
    problem = ticket.get("room_problem")
    return told if problem is None else f"{told}, problem {problem}"


def _prompt(line: Line, width: int) -> Text:
    """Draw the line for orders, so that its cursor is seen."""
    sign = "... " if line.busy else "> "
    hidden = max(0, len(sign) + line.cursor + 1 - width)
    shown = Text(sign, HEAD)
    if not line.text:
        shown.append(" ", "reverse")
        return shown.append(
            "call, appointment, set, cut, restore, reset ... help, q", f"not bold {FAINT}"
        )
    text = line.text + " "
    shown.append(text[hidden : line.cursor])
    shown.append(text[line.cursor], "reverse")
    return shown.append(text[line.cursor + 1 :])
