"""What a profile may choose about the taxation wire (docs/taxation.md, facts: oxo 7.3)."""

from dataclasses import dataclass, field
from typing import Literal

from oxo_simulator.contract_table import Contract
from oxo_simulator.wsdl_folder import WsdlFiles


@dataclass(frozen=True, kw_only=True)
class TaxationSettings:
    """Each field is one key of a profile; none of them is documented, all are ours.

    Attributes:
        tag_set: `observed` writes the tags seen in public programs only, `extended` all of them.
        batch_tickets_max: most tickets in one answer, whatever is asked.
        idle_seconds: a session ends after so many seconds without a call.
        cookie_name: name of the session cookie.
        without_cookie: a call without known session is a fault, or opens a session.
        second_login: a login takes a living session over, or is refused.
        wsdl: whether `?wsdl` is answered (facts: oxo 1.6, hardened releases withhold it), by
            our own description, or by the maker's files.
        wsdl_files: these files, where `wsdl` says so.
        contract: names and shape.
    """

    tag_set: Literal["observed", "extended"] = "observed"
    batch_tickets_max: int = 100
    idle_seconds: int = 300
    cookie_name: str = "SESSIONID"
    without_cookie: Literal["fault", "new-session"] = "fault"
    second_login: Literal["take-over", "refuse"] = "take-over"
    wsdl: Literal["served", "withheld", "files"] = "served"
    wsdl_files: WsdlFiles | None = None
    contract: Contract = field(default_factory=Contract)
