"""Words of a peer made fit to be printed."""


def one_line(text: str) -> str:
    """Return the text without anything that could start a line or steer a terminal.

    Words of a peer end in the log and on screens; they may not pretend to be lines of ours.
    """
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
