"""The profile's section `[reset]`: how long a reset takes, and what the exchange keeps over it.

Real sockets wait for the phases, so they last in real time (facts: oxo 7.3). Only the warm reset is
documented (facts: oxo 1.5, DIS104: tickets are kept); what a cold reset and a power cut leave is
unknown, hence a switch each.
"""

from typing import Annotated, Literal

from oxo_tickets import Standing
from pydantic import Field

from oxo_simulator.profile_section import Section

_DOC, _OURS = Standing.DOCUMENTED, Standing.OURS


class ResetSettings(Section):
    """Resets: two phases, and for each kind whether what the exchange remembers outlives it."""

    refused_seconds: Annotated[float, Field(ge=0, le=600), _OURS]
    busy_seconds: Annotated[float, Field(ge=0, le=600), _OURS]
    warm_keeps: Annotated[bool, _DOC] = True
    cold_keeps: Annotated[bool, _OURS] = False
    power_cut_keeps: Annotated[bool, _OURS] = True
    power_cut_connections: Annotated[Literal["reset", "silent"], _OURS] = "reset"
