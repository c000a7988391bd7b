"""Faults of the taxation service: SOAP 1.1 and 1.2 say the same in different elements.

The contract's codes are those of 1.1 with a dot: `Client.Session`. In 1.2 `Sender` stands for
`Client` and `Receiver` for `Server`, and the word behind the dot is the subcode
(docs/taxation.md, Foreign contracts; ours).
"""

from collections.abc import Mapping

import msgspec
from lxml import etree

from oxo_collector.decoders.taxation_members import child, text
from oxo_collector.decoders.xml_document import XML_BLANKS, local_name, namespace
from oxo_collector.taxation.contract import ENVELOPES

SIDES: Mapping[str, str] = {"Sender": "Client", "Receiver": "Server"}


class FaultAnswer(msgspec.Struct, frozen=True):
    """The exchange refused: `Client.Session`, `Server.Busy`, ... without prefix, and its words."""

    code: str
    text: str


def fault(element: etree._Element) -> FaultAnswer:
    """Read a `Fault` of the version that its own namespace tells.

    Raises:
        Unreadable: it has no code or no text.
    """
    if namespace(element) == ENVELOPES["1.2"]:
        return _fault_of_1_2(element)
    return FaultAnswer(_word(text(element, "faultcode")), text(element, "faultstring"))


def _fault_of_1_2(element: etree._Element) -> FaultAnswer:
    code = child(element, "Code")
    side = _word(text(code, "Value"))
    words = [SIDES.get(side, side)]
    if any(local_name(one) == "Subcode" for one in code):
        words.append(_word(text(child(code, "Subcode"), "Value")))
    reasons = [one for one in child(element, "Reason") if local_name(one) == "Text"]
    return FaultAnswer(".".join(words), reasons[0].text or "" if reasons else "")


def _word(qualified: str) -> str:
    return qualified.strip(XML_BLANKS).rpartition(":")[2]
