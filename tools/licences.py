"""Writes docs/licences.md: what the distribution runs with, and under which licence.

    .venv/bin/python tools/licences.py            writes the page
    .venv/bin/python tools/licences.py --check    exit 1 when the page is stale

The set and the versions are those of requirements/runtime.txt, as far as they concern Linux with
one of the Python versions that we support; the licences are read by pip-licenses from what is
installed. The page is the same whichever of these versions writes it.
"""

import argparse
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "licences.md"
LOCK = ROOT / "requirements" / "runtime.txt"
PYTHONS = ("3.11", "3.12", "3.13")
NOT_EVERYWHERE = {
    "legacy-cgi": "PSF-2.0",
    "pyasynchat": "Python Software Foundation License",
    "pyasyncore": "Python Software Foundation License",
}
"""Licences of packages that only some of the Python versions install, read from their metadata."""
IN_ITS_FILE = {"pyftpdlib": "MIT License"}
"""Licences of packages whose metadata name none, read from the licence file that they install."""
PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+?))? *\\?$"
)
HEAD = """# Licences of the dependencies

Written by `tools/licences.py` from `requirements/runtime.txt`; a test fails when it is stale. The
licence is worded as each package words it. None of them is part of this project's own files.

| package | version | licence | installed |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Pin:
    """One line of the lock file: name, version, and the Python versions that it concerns."""

    name: str
    version: str
    pythons: tuple[str, ...]


def main() -> int:
    """Write the page, or tell whether it is stale."""
    parser = argparse.ArgumentParser(description="licences of the runtime dependencies")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when stale")
    asked = parser.parse_args()
    text = page(pins(LOCK.read_text("utf-8")))
    if not asked.check:
        PAGE.write_text(text, "utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text("utf-8") == text:
        return 0
    print(f"{PAGE.relative_to(ROOT)} is stale: run tools/licences.py", file=sys.stderr)
    return 1


def pins(lock: str) -> list[Pin]:
    """Read the pinned packages of a lock file that Linux installs, sorted by name."""
    found = [match for line in lock.splitlines() if (match := PIN.match(line))]
    all_pins = [Pin(one["name"], one["version"], concerned(one["marker"])) for one in found]
    return sorted((pin for pin in all_pins if pin.pythons), key=lambda pin: pin.name)


def concerned(marker: str | None) -> tuple[str, ...]:
    """Return the Python versions on Linux that a marker lets install."""
    if marker is None:
        return PYTHONS
    linux = {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux"}
    return tuple(
        version
        for version in PYTHONS
        if Marker(marker).evaluate(
            {**linux, "python_version": version, "python_full_version": f"{version}.0"}
        )
    )


def page(wanted: list[Pin]) -> str:
    """Write the page.

    Raises:
        SystemExit: a package is not installed, is installed in another version, or states no
            licence; the text names it.
    """
    known = installed()
    return HEAD + "".join(f"{row(pin, known)}\n" for pin in wanted)


def row(pin: Pin, known: dict[str, tuple[str, str]]) -> str:
    """Write the line of one package."""
    if pin.pythons == PYTHONS:
        version, licence = known.get(pin.name, ("not installed", ""))
        if version != pin.version:
            raise SystemExit(f"{pin.name}: {pin.version} is locked, here it is {version}")
        if licence == "UNKNOWN":
            licence = IN_ITS_FILE.get(pin.name, "UNKNOWN")
    else:
        licence = NOT_EVERYWHERE.get(pin.name, "")
    if licence in ("", "UNKNOWN"):
        raise SystemExit(f"{pin.name}: states no licence that pip-licenses can read")
    where = "always" if pin.pythons == PYTHONS else f"Python {', '.join(pin.pythons)}"
    return f"| {pin.name} | {pin.version} | {licence} | {where} |"


def installed() -> dict[str, tuple[str, str]]:
    """Ask pip-licenses: canonical name -> version and licence."""
    asked = [sys.executable, "-m", "piplicenses", "--format=json", "--with-system"]
    told = subprocess.run(asked, capture_output=True, text=True, check=True)
    return {
        str(canonicalize_name(one["Name"])): (one["Version"], one["License"])
        for one in json.loads(told.stdout)
    }


if __name__ == "__main__":
    sys.exit(main())
