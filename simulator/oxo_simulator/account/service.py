"""What stands behind the desk of the account wire: its words, and who may come by what."""

from typing import Final

from oxo_simulator.account.settings import AccountSettings
from oxo_simulator.account.shelf import Shelf
from oxo_simulator.account.terms import WIRE
from oxo_simulator.exchange.outlet import Outlet
from oxo_simulator.ftp import STORING
from oxo_simulator.ftp.desk import Installed, Words

FTP_PORT: Final = "account-ftp"
SFTP_PORT: Final = "account-sftp"
SSH_MODE: Final = "plain FTP is off: the exchange is in SSH mode"

_READ_ONLY = "550 Permission denied: the account files can only be read."

WORDS: Final = Words(
    wire=WIRE,
    port=FTP_PORT,
    session="a",
    banner="OmniPCX account files: FTP service ready.",
    owner="adfexc",
    refused=dict.fromkeys((*STORING, "DELE"), _READ_ONLY),
)


def stand(settings: AccountSettings, outlet: Outlet, shelf: Shelf) -> Installed:
    """Return what stands behind the desk of a fresh exchange."""
    barred = None if settings.serves_ftp else SSH_MODE
    return Installed(settings, outlet, shelf, start_folder=settings.start_directory, barred=barred)
