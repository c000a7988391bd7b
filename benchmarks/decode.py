"""How fast the decoders are, each beside a limit measured in the same run.

The limit of XML is lxml's parse of the same bytes, without looking at one tag; the limit of V24
is cutting the same bytes into lines. What counts is the ratio: it is the same on a slow machine.

    python benchmarks/decode.py [tickets]
"""

import sys

from lxml import etree
from oxo_collector.decoders.taxation_xml import decode_list
from oxo_collector.decoders.v24 import LAYOUTS, Statement, V24Decoder, to_ticket
from rounds import best_seconds

PIECE_BYTES = 4096

TICKET = (
    "<CallAccounting><TicketType>Call</TicketType><ChargedUserID>{user}</ChargedUserID>"
    "<SubscriberName>M. ORVELLE</SubscriberName>"
    "<CommunicationType>Outgoing</CommunicationType>"
    "<DialledNumber>0019900{number:04}</DialledNumber><BusinessCode>123456</BusinessCode>"
    "<Date>2020-02-{day:02}</Date><Time>{hour:02}:{minute:02}:{second:02}</Time>"
    "<RingingDuration>00:00:{second:02}</RingingDuration>"
    "<CallDuration>00:{minute:02}:{second:02}</CallDuration></CallAccounting>\n"
)
LINE = (
    "A{user}  --> N01 {day:02}/02/20 {hour:02}:{minute:02} 00:{minute:02}:{second:02}     2 ST"
    "       0019900{number:04}                M             1.70           123456 M. ORVELLE\r\n"
)


def filled(template: str, tickets: int) -> str:
    """Fill a template so many times, with values that differ as those of a busy day do."""
    return "".join(
        template.format(
            user=100 + n % 300,
            number=n % 10_000,
            day=1 + n // 2000 % 28,
            hour=n // 83 % 24,
            minute=n * 7 % 60,
            second=n * 13 % 60,
        )
        for n in range(tickets)
    )


def listing(data: bytes) -> int:
    """Decode a listing as it comes from a socket, in pieces, and count its tickets."""
    decoder = V24Decoder(LAYOUTS["132"])
    tickets = 0
    for begin in range(0, len(data), PIECE_BYTES):
        for event in decoder.receive(data[begin : begin + PIECE_BYTES]):
            if isinstance(event, Statement):
                to_ticket(event, "Europe/Paris")
                tickets += 1
    return tickets


def report(name: str, limit_name: str, tickets: int, seconds: float, limit: float) -> None:
    """Print one row: rates and their ratio."""
    print(
        f"{name:4} {tickets / seconds:10,.0f} tickets/s ({seconds / tickets * 1e6:5.1f} us each); "
        f"limit, {limit_name}: {tickets / limit:12,.0f} tickets/s; ratio {seconds / limit:.1f}"
    )


def main() -> None:
    """Measure both decoders and print two rows."""
    tickets = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    document = f"<CallAccountingList>{filled(TICKET, tickets)}</CallAccountingList>".encode()
    printed = filled(LINE, tickets).encode("iso-8859-1")
    assert len(decode_list(document, None)) == listing(printed) == tickets
    decoding = best_seconds(lambda: decode_list(document, "Europe/Paris"))
    parsing = best_seconds(lambda: etree.fromstring(document))
    report("XML", "lxml parse only", tickets, decoding, parsing)
    decoding = best_seconds(lambda: listing(printed))
    splitting = best_seconds(lambda: printed.split(b"\r\n"))
    report("V24", "splitting into lines", tickets, decoding, splitting)


if __name__ == "__main__":
    main()
