"""What the published inter-working report fixes: its 29 case numbers and its list of functions.

The numbers never change (facts: iwr 6); titles are in our own words. The report needs them for two
things: to name the cases that a run did not play, and to derive its summary of functions from
cases, so that no function can be left blank (facts: iwr 9, row 12).
"""

from dataclasses import dataclass

PUBLISHED_CASES: dict[str, str] = {
    "CIC1": "connection through a proxy with login",
    "CIC2": "connection on ports 443 and 30443",
    "CIC3": "Basic authentication",
    "CIC4": "connection by host name",
    "CIC5": "session cookie accepted and returned",
    "CIC6": "ticket files over the network management centre's FTP access",
    "APP1": "appointment reminder: activation ticket",
    "APP2": "appointment reminder: cancellation ticket",
    "APP3": "appointment reminder: ticket of a failed reminder",
    "APP4": "appointment reminder: ticket of a completed reminder",
    "BU1": "calls before the first session",
    "BU2": "calls after a disconnection",
    "BU3": "several calls at once during a session",
    "BU4": "wake-ups programmed before the first session",
    "BU5": "wake-ups programmed after a disconnection",
    "BU6": "wake-up calls before the first session",
    "SMDR1": "outgoing call, dialled manually",
    "SMDR2": "outgoing call by redial",
    "SMDR3": "outgoing call by speed dial",
    "SMDR4": "diverted call",
    "SMDR5": "call from a booth over T0",
    "SMDR6": "call transferred from the booth to a room",
    "SMDR7": "room status change",
    "SMDR8": "room status set by the operator",
    "SMDR9": "wake-up deactivated by the operator",
    "SMDR10": "wake-up activated by the operator",
    "DIS101": "network link cut and restored",
    "DIS102": "collector powered off and started again",
    "DIS104": "warm reset of the exchange",
}
"""Id of every published case, and what it is about."""

NEVER_PUBLISHED = {
    "DIS103": "The published numbering goes from DIS102 to DIS104; the case does not exist.",
}
"""Holes in the published numbering: declared, never filled (facts: iwr 9, row 11)."""

OBJECTIVES: dict[str, str] = {
    "CIC": "The collector reaches the taxation service in every way a site may ask of it.",
    "APP": "Tickets of appointment reminders reach the collector.",
    "BU": "Tickets wait in the exchange while no session is open; none is missing afterwards.",
    "SMDR": "The collector reads the field under test of each ticket as the exchange wrote it.",
    "DIS": "No ticket is lost, repeated or altered when link, collector or exchange fails.",
}
"""Objective of each chapter (facts: iwr 9, row 15: the published one does not fit its cases)."""


@dataclass(frozen=True)
class Function:
    """One line of the summary: a function of call accounting and the cases that show it."""

    name: str
    cases: tuple[str, ...]


FUNCTIONS: tuple[Function, ...] = (
    Function(
        "Client connection, session establishment", ("CIC1", "CIC2", "CIC3", "CIC4", "CIC5", "CIC6")
    ),
    Function("Appointment reminder tickets", ("APP1", "APP2", "APP3", "APP4")),
    Function("Tickets kept while no session is open", ("BU1", "BU2", "BU3", "BU4", "BU5", "BU6")),
    Function("Outgoing call tickets", ("SMDR1", "SMDR2", "SMDR3")),
    Function("Diverted, booth and transferred call tickets", ("SMDR4", "SMDR5", "SMDR6")),
    Function("Room status tickets", ("SMDR7", "SMDR8")),
    Function("Wake-up tickets by the operator", ("SMDR9", "SMDR10")),
    Function("Defence against disruption of the link", ("DIS101", "DIS102", "DIS104")),
    Function("Incoming and conference calls (extra cases)", ("EXT2", "EXT3")),
    Function("Session logout (extra case)", ("EXT1",)),
)
"""The published list of functions, cut so that each has cases of its own.

Two of them have no published case (facts: iwr 9, rows 13 and 14): extra cases stand for them.
"""
