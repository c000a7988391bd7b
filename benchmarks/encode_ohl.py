"""How fast tickets become frames of the hotel link, beside joining the same bytes.

The limit is `bytes.join` over the pieces of each frame, already encoded, with the check value
computed: what remains is the cost of places, fill and spelling. What counts is the ratio: it is the
same on a slow machine. The wire itself waits for an answer after each frame, so that no exchange
ever needs this rate; a slow encoder would show here first.

    python benchmarks/encode_ohl.py [tickets]
"""

import sys
from datetime import datetime, timedelta
from decimal import Decimal

from oxo_simulator.ohl.codec import ETX, STX, lrc
from oxo_simulator.ohl.mapping import FrameWriter
from oxo_simulator.ohl.reader import Frame, FrameReader
from oxo_tickets import Direction, Kind, Ticket
from rounds import best_seconds


def tickets(count: int) -> list[Ticket]:
    """Return calls whose values differ as those of a busy day do."""
    begin = datetime.fromisoformat("2026-11-22T08:00:00")
    return [
        Ticket(
            kind=Kind.CALL,
            direction=Direction.OUTGOING if n % 3 else Direction.INCOMING,
            local_time=begin + timedelta(seconds=n),
            charged_user=str(100 + n % 300),
            dialled_number=f"0019900{n % 10_000:04}",
            call_seconds=n % 3600,
            units=n % 100,
            cost=Decimal(n % 1000) / 100,
        )
        for n in range(count)
    ]


def main() -> None:
    """Print one row for writing and one for reading."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    made, writer = tickets(count), FrameWriter()
    frames = [writer.ticket(ticket) for ticket in made]
    contents = [frame[1:-3] for frame in frames]
    start, end = bytes([STX]), bytes([ETX])

    def join() -> list[bytes]:
        return [b"".join((start, text, lrc(text).encode(), end)) for text in contents]

    if join() != frames:
        raise SystemExit("the limit does not make the same bytes")
    seconds, limit = best_seconds(lambda: [writer.ticket(t) for t in made]), best_seconds(join)
    print(
        f"write {count / seconds:9,.0f} frames/s ({seconds / count * 1e6:5.1f} us each); "
        f"limit, joining the same bytes: {count / limit:9,.0f} frames/s; "
        f"ratio {seconds / limit:.1f}"
    )
    stream = b"".join(frames)
    reader = FrameReader()
    if sum(isinstance(each, Frame) for each in reader.feed(stream)) != count:
        raise SystemExit("not every frame was read")
    seconds = best_seconds(lambda: FrameReader().feed(stream))
    limit = best_seconds(lambda: stream.split(end))
    print(
        f"read  {count / seconds:9,.0f} frames/s ({seconds / count * 1e6:5.1f} us each); "
        f"limit, splitting the same bytes: {count / limit:9,.0f} frames/s; "
        f"ratio {seconds / limit:.1f}"
    )


if __name__ == "__main__":
    main()
