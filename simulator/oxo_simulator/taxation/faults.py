"""What the taxation service answers instead of a result, and whose fault that is."""


class SoapFault(Exception):
    """A request that is answered by a SOAP fault.

    Attributes:
        code: fault code of docs/taxation.md, such as `Client.Session`.
        text: what was wrong and what would be right, for the collector's log.
        refusal: the `reason` of the ledger line `refused`; `None` writes none.
    """

    def __init__(self, code: str, text: str, refusal: str | None = None) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.refusal = refusal


def unreadable(text: str) -> SoapFault:
    """Return the fault of a request that does not keep the contract: the collector's fault."""
    return SoapFault("Client.Request", text, "bad request")


def no_session(text: str) -> SoapFault:
    """Return the fault of a call without a living session."""
    return SoapFault("Client.Session", text, "no session")


def second_login() -> SoapFault:
    """Return the fault of a login while another session lives, where the profile refuses it."""
    text = "another session lives; this exchange refuses a second login until it ends"
    return SoapFault("Client.Session", text, "second login")


def never_offered(last: int, highest: int) -> SoapFault:
    """Return the fault of acknowledging what no answer ever contained."""
    text = f"lastSequence {last} was never offered; the highest sequence offered is {highest}"
    return SoapFault("Client.Acknowledgement", text, "never offered")


def internal() -> SoapFault:
    """Return the exchange's own fault; its detail stays in the exchange's log."""
    return SoapFault("Server", "internal error of the exchange")
