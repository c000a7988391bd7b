"""What a profile may choose about the account files (`[account]`)."""

from typing import Annotated, ClassVar

from oxo_tickets import Standing
from pydantic import Field

from oxo_simulator.profile_section import PortKind, WireSection

_OURS, _INFERRED = Standing.OURS, Standing.INFERRED

PORT_MAX = 65_535
DATA_PORTS_MAX = 32


class AccountSettings(WireSection):
    """Account files by FTP and SFTP (facts: oxe 3).

    Attributes:
        open: whether the wire is there at all.
        port: of the FTP control connection.
        sftp_port: of SFTP.
        data_ports: how many passive data connections there may be at once.
    """

    PORTS: ClassVar = (
        PortKind("account-ftp", key="port"),
        PortKind("account-sftp", key="sftp_port"),
        PortKind(
            "account-data", count_key="data_ports", count_max=DATA_PORTS_MAX, half_closing=True
        ),
    )

    open: Annotated[bool, _OURS] = False
    port: Annotated[int, Field(ge=0, le=PORT_MAX), _INFERRED] = 21
    sftp_port: Annotated[int, Field(ge=0, le=PORT_MAX), _INFERRED] = 22
    data_ports: Annotated[int, Field(ge=1, le=DATA_PORTS_MAX), _OURS] = 4
