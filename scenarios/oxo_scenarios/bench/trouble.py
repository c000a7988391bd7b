"""What can go wrong in a play, and whose fault it is."""


class BenchBroken(RuntimeError):
    """The bench itself failed; nothing is said about the subject. The text says what to repair."""


class UsageWrong(ValueError):
    """The operator asked for what cannot be; the text says what is allowed."""


class SubjectFailed(AssertionError):
    """The subject ended, did not start or did not do its part within its limit."""


class NotHeld(AssertionError):
    """A demand that a step asks for is nok. The judge has said so already: only the step fails."""


class NotDone(RuntimeError):
    """What only hands can do was not done: nobody's fault; it says nothing of the subject."""
