"""What can go wrong in a play, and whose fault it is."""


class BenchBroken(RuntimeError):
    """The bench itself failed; nothing is said about the subject. The text says what to repair."""


class SubjectFailed(AssertionError):
    """The subject ended, did not start or did not do its part within its limit."""
