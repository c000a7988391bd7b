"""Paths as FTP clients write them."""


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
