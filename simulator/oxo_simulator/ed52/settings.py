"""What a profile may choose about the record ED5.2 (`[ed52]`), whichever wire carries it.

Only what two public sources, or two real sites, do differently is a key (facts: oxe 2.1 to 2.4).
"""

from typing import Annotated, Literal

from oxo_tickets import Standing
from pydantic import Field

from oxo_simulator.ed52.mapping import Manner
from oxo_simulator.profile_section import Section

_FIELD, _INFERRED, _OURS = Standing.FIELD, Standing.INFERRED, Standing.OURS

User = Annotated[str, Field(pattern=r"^[0-9A-D*#]{1,30}$")]


class Ed52Settings(Section):
    """Section `[ed52]` of a profile.

    Attributes:
        node: of the exchange, 100 x subnetwork + node.
        cost_decimals: of the currency; a cost is a whole number of its last decimal.
        trunk_group: of every trunk.
        routed: outgoing calls pass the route table (ARS), so that the number as dialled stands in
            a column of its own beside the number called.
        transit: whether a transit call tells number and trunk, or leaves them blank.
        non_ticketed: users whose records hide every number behind `-` and `*`.
        hidden_digits: so many last digits of the number called are `-`, on outgoing calls.
    """

    node: Annotated[int, Field(ge=0, le=9998), _FIELD] = 102
    cost_decimals: Annotated[int, Field(ge=0, le=4), _OURS] = 2
    trunk_group: Annotated[int, Field(ge=0, le=32_766), _FIELD] = 211
    routed: Annotated[bool, _FIELD] = False
    transit: Annotated[Literal["told", "blank"], _OURS] = "told"
    non_ticketed: Annotated[tuple[User, ...], Field(max_length=1000), _FIELD] = ()
    hidden_digits: Annotated[int, Field(ge=0, le=30), _INFERRED] = 0

    @property
    def manner(self) -> Manner:
        """What of a record's values the profile chooses."""
        return Manner(
            self.node,
            self.cost_decimals,
            self.trunk_group,
            self.routed,
            self.transit,
            frozenset(self.non_ticketed),
            self.hidden_digits,
        )
