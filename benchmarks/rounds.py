"""What several programs here measure by: the best of a few rounds, and answers of like tickets."""

import time
from collections.abc import Callable

ROUNDS_COUNT = 5

CALL = (
    "<CallAccounting><TicketType>Call</TicketType><ChargedUserID>{user}</ChargedUserID>"
    "<SubscriberName>SUBSCRIBER {user}</SubscriberName>"
    "<CommunicationType>Outgoing</CommunicationType><DialledNumber>01990{sequence:05}</DialledNumber>"
    "<Date>2026-11-22</Date><Time>20:45:00</Time><RingingDuration>00:00:00</RingingDuration>"
    "<CallDuration>00:00:50</CallDuration><TrunkID>N01</TrunkID><Units>3</Units><Cost>0.36</Cost>"
    "<Currency>EUR</Currency><DialMode>Manual</DialMode><Service>Telephony</Service>"
    "</CallAccounting>"
)
ANSWER = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<GetTicketsResponse xmlns="urn:oxo-sim:taxation:1"><GetTicketsResult>'
    "<firstSequence>{first}</firstSequence><lastSequence>{last}</lastSequence>"
    "<remaining>0</remaining><CallAccountingList>{calls}</CallAccountingList>"
    "</GetTicketsResult></GetTicketsResponse></s:Body></s:Envelope>"
)
"""Of the taxation wire, with `CALL` for each ticket."""


def best_seconds(
    work: Callable[[], object], clock: Callable[[], float] = time.perf_counter
) -> float:
    """Return the shortest of a few rounds: noise only ever adds."""
    rounds = []
    for _ in range(ROUNDS_COUNT):
        begin = clock()
        work()
        rounds.append(clock() - begin)
    return min(rounds)
