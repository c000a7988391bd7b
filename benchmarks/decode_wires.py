"""How fast the decoders of the binary and printed wires are, beside splitting the same bytes.

Splitting is what no reader can do without: an ALZ file into pieces of 122 bytes, a hotel link's
stream at its end characters, a listing into lines. What counts is the ratio: it is the same on a
slow machine. Records differ as those of a busy day do, so that no cache flatters the result.

    python benchmarks/decode_wires.py [records]
"""

import sys
from collections.abc import Callable
from typing import NamedTuple

from oxo_collector.decoders.alz import RECORD_BYTES, decode_alz
from oxo_collector.decoders.ohl import Frame, OhlDecoder
from oxo_collector.decoders.ohl_ticket import piece_of
from oxo_collector.decoders.v24 import LAYOUTS, Statement, V24Decoder, to_ticket
from rounds import best_seconds

PIECE_BYTES = 4096
ZONE = "Europe/Paris"

LINE = (
    "A{user}  --> N01 {day:02}/02/20 {hour:02}:{minute:02} 00:{minute:02}:{second:02}     2 ST"
    "       0019900{number:04}                M             1.70           123456 M. ORVELLE\r\n"
)
BODY = (
    "J{user}     O{units:06}{day:02}0220{hour:02}{minute:02}{second:02}00{minute:02}{second:02}"
    "0019900{number:04}               {cost:010}"
)


class Wire(NamedTuple):
    """One wire: its bytes, how they are split, and how they are decoded."""

    name: str
    data: bytes
    split: Callable[[bytes], int]
    decode: Callable[[bytes], int]


def figures(number: int) -> dict[str, int]:
    """Return the values of one record."""
    return {
        "user": 100 + number % 300,
        "number": number % 10_000,
        "units": number % 65_536,
        "cost": number * 17 % 10_000_000,
        "day": 1 + number // 2000 % 28,
        "hour": number // 83 % 24,
        "minute": number * 7 % 60,
        "second": number * 13 % 60,
    }


def alz_record(number: int) -> bytes:
    """Return 122 bytes of an outgoing call."""
    told = figures(number)
    digits = f"0019900{told['number']:04}".rjust(26, "0")
    record = bytearray(b" " * RECORD_BYTES)
    record[0:14] = b"\0" + f"{told['user']:>8}".encode() + b"\0\x021  "
    record[14:20] = bytes([told["day"], 2, 20, told["second"], told["minute"], told["hour"]])
    record[20:27] = bytes([0, told["minute"], told["second"], *divmod(told["units"], 256), 0, 0])
    record[27:44] = bytes([11]) + bytes.fromhex(digits) + b"\0\0\0"
    record[44:48] = (told["cost"] % 60_000).to_bytes(2, "big") + b"\x1b\x58"
    record[48:57] = bytes([6]) + bytes.fromhex("0000000000123456")
    record[57:74] = b"M. ORVELLE".rjust(16) + b"\xff"
    record[110:122] = b"\0  \1" + bytes(8)
    return bytes(record)


def ohl_frame(number: int) -> bytes:
    """Return the frame of an outgoing call."""
    body = BODY.format(**figures(number)).encode()
    value = 0
    for byte in body:
        value ^= byte
    return b"\x02" + body + b"%02X\x03" % value


def split_records(data: bytes) -> int:
    """Cut an ALZ file into its records."""
    return len([data[n : n + RECORD_BYTES] for n in range(0, len(data), RECORD_BYTES)])


def split_frames(data: bytes) -> int:
    """Cut a stream at the ends of its frames."""
    return len(data.split(b"\x03")) - 1


def split_lines(data: bytes) -> int:
    """Cut a listing into its lines."""
    return len(data.split(b"\r\n")) - 1


def decode_records(data: bytes) -> int:
    """Decode an ALZ file as it lies in memory after a transfer."""
    return sum(1 for _ in decode_alz(data, ZONE))


def pieces(data: bytes) -> list[bytes]:
    """Return a stream as it comes from a socket."""
    return [data[n : n + PIECE_BYTES] for n in range(0, len(data), PIECE_BYTES)]


def decode_frames(data: bytes) -> int:
    """Decode a hotel link's stream in pieces."""
    decoder = OhlDecoder()
    count = 0
    for piece in pieces(data):
        for event in decoder.receive(piece):
            count += isinstance(event, Frame) and piece_of(event, ZONE) is not None
    return count


def decode_lines(data: bytes) -> int:
    """Decode a listing in pieces."""
    decoder = V24Decoder(LAYOUTS["132"])
    count = 0
    for piece in pieces(data):
        for event in decoder.receive(piece):
            if isinstance(event, Statement):
                to_ticket(event, ZONE)
                count += 1
    return count


def wires(records: int) -> list[Wire]:
    """Make the bytes of each wire."""
    alz = b"".join(alz_record(n) for n in range(records))
    ohl = b"".join(ohl_frame(n) for n in range(records))
    v24 = "".join(LINE.format(**figures(n)) for n in range(records)).encode()
    return [
        Wire("ALZ", alz, split_records, decode_records),
        Wire("OHL", ohl, split_frames, decode_frames),
        Wire("V24", v24, split_lines, decode_lines),
    ]


def measure(wire: Wire, records: int) -> None:
    """Print one row: rates and their ratio."""
    assert wire.split(wire.data) == wire.decode(wire.data) == records, wire.name
    split = best_seconds(lambda: wire.split(wire.data))
    decode = best_seconds(lambda: wire.decode(wire.data))
    print(
        f"{wire.name} {records / decode:10,.0f} tickets/s ({decode / records * 1e6:5.1f} us each);"
        f" splitting: {records / split:12,.0f} records/s; ratio {decode / split:.0f}"
    )


def main() -> None:
    """Measure each wire."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    for wire in wires(records):
        measure(wire, records)


if __name__ == "__main__":
    main()
