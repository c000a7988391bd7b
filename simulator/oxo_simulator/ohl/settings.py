"""What a profile may choose about the hotel link."""

from typing import Annotated

from oxo_tickets import Standing
from pydantic import Field

from oxo_simulator.profile_section import Section


class OhlSettings(Section):
    """Section `[ohl]` of a profile."""

    open: Annotated[bool, Standing.OURS] = False
    port: Annotated[int, Field(ge=0, le=65535), Standing.DOCUMENTED] = 5010
