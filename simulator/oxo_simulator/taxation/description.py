"""What a GET for the contract's description gives: our WSDL, the maker's files, or nothing."""

from urllib.parse import unquote

from oxo_simulator.taxation.settings import TaxationSettings
from oxo_simulator.taxation.wsdl import Wsdl

PATH = "/services/taxation"
BESIDE = "/services/"
"""Where relative names in a document at `PATH` point to."""


def has_path(settings: TaxationSettings, path: str) -> bool:
    """Tell whether anything is served there: the service itself, and beside it the files."""
    return path == PATH or (settings.wsdl == "files" and path.startswith(BESIDE))


def asks(path: str, query: str) -> bool:
    """Tell whether a GET is for the description."""
    return path != PATH or query.lower() == "wsdl" or query.lower().startswith("xsd=")


def description(
    settings: TaxationSettings, own: Wsdl, path: str, query: str, address: str
) -> bytes | None:
    """Return the document, or `None` where there is none.

    Args:
        settings: of the profile.
        own: our description of the contract.
        path: of the request.
        query: behind its question mark.
        address: of the service, as this client reached it.
    """
    is_wsdl = path == PATH and query.lower() == "wsdl"
    if settings.wsdl == "served":
        return own.at(address) if is_wsdl else None
    if settings.wsdl == "withheld" or settings.wsdl_files is None:
        return None
    if is_wsdl:
        return settings.wsdl_files.files[settings.wsdl_files.wsdl]
    name = query.partition("=")[2] if path == PATH else path.removeprefix(BESIDE)
    return settings.wsdl_files.files.get(unquote(name))
