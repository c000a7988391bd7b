"""What a profile may choose about the account files (`[account]`, facts: oxe 3).

Form, names and times of the files are documented or seen; where sources contradict each other, or
nothing is known, two behaviours exist and this page has a key for them. How a record is filled is
section `[ed52]`.
"""

from typing import Annotated, ClassVar, Literal, Self

from oxo_tickets import Standing
from pydantic import AfterValidator, Field, model_validator

from oxo_simulator.ftp.paths import folder_path, leads_to
from oxo_simulator.profile_section import PortKind, WireSection

_DOC, _OURS, _INFERRED = Standing.DOCUMENTED, Standing.OURS, Standing.INFERRED

PORT_MAX = 65_535
DATA_PORTS_MAX = 32

FolderPath = Annotated[str, AfterValidator(folder_path)]


class AccountSettings(WireSection):
    """Account files by FTP and SFTP (facts: oxe 3).

    Attributes:
        open: whether the wire is there at all.
        port: of the FTP control connection.
        sftp_port: of SFTP.
        data_ports: how many passive data connections there may be at once.
        user: name of the account.
        transfer: by what files are fetched. An exchange in SSH mode has SFTP alone.
        plain_ftp: what a client finds at the FTP port of an exchange in SSH mode: a closed port, or
            a service that lets nobody log in (530).
        compress_over_ssh: whether the command `account compress` over SSH closes the open file.
        tls: whether FTP's `AUTH TLS` is known, or asked of everybody.
        hourly: whether the open file is closed at every full hour.
        close_minutes_idle: the open file is closed after so many minutes without a ticket.
        retention_days: a closed file stays for so many days.
        directory: where the files lie.
        start_directory: where a client is after its login: there, or above it.
        index: whether `ACCOUNT.LIS` is there.
        open_file: what is to be seen of the open file, as `tax.tmp`: nothing, what has been
            spilled to the disk, or all of it.
        memory_records: so many records of the open file stay in memory before they are spilled.
        layout: of the records in a file.
        first_file: the five letters of a fresh exchange's first file.
        idle_seconds: a connection ends after so long without a command.
        stall_seconds: a transfer ends after so long without progress.
        close_wait_seconds: so long a client may take to close FTP's data connection behind the
            file's end; one that still holds it then counts as served.
        login_attempts_max: so many wrong passwords end a connection.
        login_delay_seconds: so long the answer to a wrong password takes.
        connections_max: connections of clients at once.
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
    user: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$"), _DOC] = "adfexc"
    transfer: Annotated[Literal["ftp", "sftp", "both"], _OURS] = "both"
    plain_ftp: Annotated[Literal["closed", "refused"], _OURS] = "closed"
    compress_over_ssh: Annotated[bool, _INFERRED] = True
    tls: Annotated[Literal["off", "offered", "required"], _OURS] = "off"
    hourly: Annotated[bool, _DOC] = True
    close_minutes_idle: Annotated[int, Field(ge=1, le=1440), _DOC] = 90
    retention_days: Annotated[int, Field(ge=1, le=366), _INFERRED] = 31
    directory: Annotated[FolderPath, _DOC] = "/usr4/account"
    start_directory: Annotated[FolderPath, _OURS] = "/"
    index: Annotated[bool, _DOC] = True
    open_file: Annotated[Literal["hidden", "spilled", "shown"], _INFERRED] = "spilled"
    memory_records: Annotated[int, Field(ge=1, le=30_000), _INFERRED] = 500
    layout: Annotated[Literal["ED5.2", "older"], _DOC] = "ED5.2"
    first_file: Annotated[str, Field(pattern=r"^[A-Z]{5}$"), _OURS] = "AAAAA"
    idle_seconds: Annotated[int, Field(ge=1, le=3600), _OURS] = 300
    stall_seconds: Annotated[int, Field(ge=1, le=3600), _OURS] = 60
    close_wait_seconds: Annotated[float, Field(ge=0, le=60), _OURS] = 2.0
    login_attempts_max: Annotated[int, Field(ge=1, le=10), _OURS] = 3
    login_delay_seconds: Annotated[float, Field(ge=0, le=10), _OURS] = 1.0
    connections_max: Annotated[int, Field(ge=1, le=64), _OURS] = 8

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not leads_to(self.start_directory, self.directory):
            raise ValueError(
                f"start_directory: {self.directory} or a folder above it is expected, not "
                f"{self.start_directory}"
            )
        return self

    @property
    def folder(self) -> str:
        """Where the files lie (`Settings` of the desk)."""
        return self.directory

    @property
    def serves_ftp(self) -> bool:
        """Whether files are fetched by FTP."""
        return self.transfer != "sftp"

    @property
    def serves_sftp(self) -> bool:
        """Whether files are fetched by SFTP."""
        return self.transfer != "ftp"
