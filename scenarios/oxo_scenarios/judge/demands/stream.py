"""Demands on the conversation of the stream: that the subject gives its sign of life."""

from oxo_tickets import Standing

from oxo_scenarios.judge.demands.demand import (
    TRANSCRIPT,
    Answer,
    Demand,
    counted,
    nok,
    ok,
    undecided,
)
from oxo_scenarios.judge.sight import Sight

REQUEST, RESPONSE = "TEST_REQ", "TEST_RSP"


def keep_alive_answered(sight: Sight, _argument: str) -> Answer:
    """The subject answers every keep-alive request of the exchange.

    Decided by the transcript: every TEST_REQ but the last, which the end of the case may have
    overtaken, has its TEST_RSP. Without a request it is undecided.
    """
    said = [(line["sender"], str(line["text"])) for line in sight.evidence.transcript]
    asked = sum(sender == "exchange" and REQUEST in text for sender, text in said)
    told = sum(sender == "collector" and RESPONSE in text for sender, text in said)
    if not asked:
        return undecided("the exchange sent no keep-alive request")
    if not told or asked - told > 1:
        return nok(f"{asked - told} of {counted(asked, 'keep-alive request')} not answered")
    return ok("keep-alive answered", requests=asked, answers=told)


DEMANDS = (Demand("keep-alive answered", keep_alive_answered, (TRANSCRIPT,), Standing.FIELD),)
