"""Paths as FTP clients write them, and as profiles do."""

import re

_FOLDER = re.compile(r"/|(/[A-Za-z0-9][A-Za-z0-9._-]{0,63}){1,8}")


def climbs(cwd: str, path: str) -> bool:
    """Tell whether a path leads above the root, from the present folder."""
    depth = 0
    for part in (path if path.startswith("/") else f"{cwd}/{path}").split("/"):
        if part == "..":
            depth -= 1
        elif part not in ("", "."):
            depth += 1
        if depth < 0:
            return True
    return False


def leads_to(above: str, folder: str) -> bool:
    """Tell whether a folder is `folder`, or one above it."""
    return above == folder or folder.startswith(f"{above.rstrip('/')}/")


def folder_path(path: str) -> str:
    """Return a profile's path of a folder, if it is one.

    Raises:
        ValueError: says what is expected (the operator's fault).
    """
    if not _FOLDER.fullmatch(path):
        raise ValueError("a path from the root is expected, such as / or /tickets")
    return path
