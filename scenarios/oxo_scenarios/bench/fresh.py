"""What is new in a delivery that lives longer than a play. Pure.

A subject of its own machine goes on writing into the same file, folder or list from case to case.
What stood there when the play began is taken out, line by line: as often as a line stood there
before, so often it is passed over. So it does not matter where new lines are put. A file that
was not there before is new as a whole.
"""

from collections import Counter
from collections.abc import Mapping

Holding = Mapping[str, bytes]
"""The content of a delivery: name of a file (or of the only place) -> its bytes."""


def fresh(before: Holding, after: Holding, *, header: bool) -> bytes:
    """Return what is in `after` and was not in `before`, in the order of the names.

    With `header` the first line of each file names its columns: it is kept once, as long as the
    files agree; a file with another header keeps its own, which the reader will not take.
    """
    told: list[bytes] = []
    first: bytes | None = None
    for name, content in after.items():
        heading, lines = _parted(content, header=header)
        if heading is not None:
            if heading != first:
                told.append(heading)
            first = first or heading
        told += _new(before.get(name, b""), lines, header=header)
    return b"".join(told)


def fresh_count(before: Holding, after: Holding, *, header: bool) -> int:
    """Return how many lines are in `after` and were not in `before`: no headers, no blank lines."""
    return sum(
        bool(line.strip())
        for name, content in after.items()
        for line in _new(before.get(name, b""), _parted(content, header=header)[1], header=header)
    )


def _parted(content: bytes, *, header: bool) -> tuple[bytes | None, list[bytes]]:
    """Return the line that names the columns, if there is one, and those after it."""
    lines = content.splitlines(keepends=True)
    if lines and not lines[-1].endswith(b"\n"):
        lines[-1] += b"\n"
    return (lines[0], lines[1:]) if header and lines else (None, lines)


def _new(before: bytes, lines: list[bytes], *, header: bool) -> list[bytes]:
    known = Counter(line.rstrip(b"\r\n") for line in before.splitlines()[int(header) :])
    found = []
    for line in lines:
        text = line.rstrip(b"\r\n")
        if known[text]:
            known[text] -= 1
        else:
            found.append(line)
    return found
