"""The maker's own WSDL and XSD files, read once, served as they are.

Names are looked up among what was read; no request ever becomes a path. So there is nothing to
traverse, and a file that changes later is served as it was when the exchange was installed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

FILE_COUNT_MAX = 64
FILE_BYTES_MAX = 1024 * 1024
FOLDER_BYTES_MAX = 8 * 1024 * 1024
ENDINGS = (".wsdl", ".xsd")


class WsdlFolderUnusable(ValueError):
    """The folder cannot be served (the operator's fault): which one, why, and what is expected."""


class WsdlFiles(NamedTuple):
    """What a folder holds: the name of its one WSDL, and every file's bytes by its name."""

    wsdl: str
    files: Mapping[str, bytes]


def read_wsdl_folder(folder: Path) -> WsdlFiles:
    """Read a folder of one `.wsdl` and any `.xsd` files; what else lies there is left alone.

    Raises:
        WsdlFolderUnusable: it says why.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS)
        files = _read(folder, paths)
    except OSError as error:
        raise WsdlFolderUnusable(f"{error.filename or folder}: {error.strerror}") from error
    wsdl = [name for name in files if name.lower().endswith(".wsdl")]
    if len(wsdl) != 1:
        found = ", ".join(wsdl) or "none"
        raise WsdlFolderUnusable(f"{folder}: exactly one .wsdl file is expected, found {found}")
    return WsdlFiles(wsdl[0], files)


def _read(folder: Path, paths: list[Path]) -> dict[str, bytes]:
    if len(paths) > FILE_COUNT_MAX:
        raise WsdlFolderUnusable(f"{folder}: {len(paths)} files; at most {FILE_COUNT_MAX}")
    inside = folder.resolve()
    files, total = {}, 0
    for path in paths:
        if not path.is_file() or path.resolve().parent != inside:
            raise WsdlFolderUnusable(f"{path}: a plain file in this folder is expected")
        with path.open("rb") as opened:
            content = opened.read(FILE_BYTES_MAX + 1)
        total += len(content)
        if len(content) > FILE_BYTES_MAX:
            raise WsdlFolderUnusable(f"{path}: more than {FILE_BYTES_MAX} bytes")
        if total > FOLDER_BYTES_MAX:
            raise WsdlFolderUnusable(f"{folder}: more than {FOLDER_BYTES_MAX} bytes together")
        files[path.name] = content
    return files
