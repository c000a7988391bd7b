"""The project's entrance: sets the virtual environment up, then runs what was asked.

    python3 tools/project.py certify [options of `oxo-certify run`]
    python3 tools/project.py test [options of tox]
    python3 tools/project.py report [bundle folder]
    python3 tools/project.py fuzz [--seconds 600]
    python3 tools/project.py environment

Needs nothing but Python 3.11 to 3.13. Everything is installed into `.venv` from the hash-locked
files in `requirements/`; a second call finds it ready.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSIONS = ((3, 11), (3, 12), (3, 13))
ENVIRONMENT = ROOT / ".venv"
LOCKS = {"certify": "runtime.txt", "report": "runtime.txt", "test": "development.txt"}


def main() -> int:
    """Obey the command line."""
    asked, *rest = sys.argv[1:] or ["help"]
    if asked not in {*LOCKS, "fuzz", "environment"}:
        print(__doc__)
        return 2
    prepare(ENVIRONMENT, LOCKS.get(asked, "development.txt"))
    commands = {"certify": certify, "test": test, "report": report, "fuzz": fuzz}
    return commands[asked](rest) if asked in commands else 0


def certify(options: list[str]) -> int:
    """Certify our collector, or the subject that the options name, against the simulator."""
    return call(ENVIRONMENT / "bin" / "oxo-certify", "run", *options)


def test(options: list[str]) -> int:
    """Run every environment of tox.ini, those of other interpreters where they are found."""
    return call(ENVIRONMENT / "bin" / "tox", *options)


def fuzz(options: list[str]) -> int:
    """Play the property tests with new examples for a time."""
    return call(ENVIRONMENT / "bin" / "python", ROOT / "tools" / "fuzz.py", *options)


def report(options: list[str]) -> int:
    """Render the Allure report of a bundle, the newest one when none is named."""
    bundles = sorted(path.parent for path in (ROOT / "reports" / "out").glob("*/run.json"))
    if not options and not bundles:
        print("no run bundle below reports/out/ yet: `make certify` makes one")
        return 2
    return call("sh", ROOT / "tools" / "allure.sh", *(options or [str(bundles[-1])]))


def prepare(folder: Path, lock: str) -> None:
    """Bring the virtual environment in line with the lock files; says nothing when it is."""
    stamp = folder / "installed"
    wanted = fingerprint(lock)
    ready = stamp.read_text("utf-8").split() if stamp.exists() else []
    if wanted in ready:
        return
    interpreter = suitable_python()
    print(f"setting up {folder.name} with {interpreter} (once; about a minute)", flush=True)
    if not (folder / "bin" / "python").exists():
        run(interpreter, "-m", "venv", folder)
    install(folder, "--require-hashes", "-r", ROOT / "requirements" / "build.txt")
    install(folder, "--require-hashes", "-r", ROOT / "requirements" / lock)
    install(folder, "--no-deps", "--no-index", "-e", ROOT)
    # The development lock holds everything that the runtime lock holds.
    locks = {lock, "runtime.txt"} if lock == "development.txt" else {lock}
    stamp.write_text("\n".join(sorted(fingerprint(name) for name in locks)), "utf-8")


def install(folder: Path, *what: str | Path) -> None:
    """Install by pip; the two source-only dependencies build with the locked build tools."""
    run(folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--quiet",
        "--disable-pip-version-check", "--no-build-isolation", *what)  # fmt: skip


def fingerprint(lock: str) -> str:
    """Name a state of the lock files, the project's metadata and its place."""
    digest = hashlib.sha256(str(ROOT).encode())
    for part in ("requirements/build.txt", f"requirements/{lock}", "pyproject.toml"):
        digest.update((ROOT / part).read_bytes())
    return digest.hexdigest()


def suitable_python() -> str:
    """Find an interpreter that the project supports: this one, else on the path or in pyenv."""
    if sys.version_info[:2] in VERSIONS:
        return sys.executable
    for major, minor in VERSIONS:
        found = shutil.which(f"python{major}.{minor}", path=search_path())
        if found:
            return found
    raise SystemExit(
        f"Python 3.11, 3.12 or 3.13 is needed; this is {sys.version.split()[0]}, "
        "and none of them is on the path"
    )


def search_path() -> str:
    """Return the path, with pyenv's interpreters of other versions behind it."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    others = [
        str(folder / "bin")
        for major, minor in VERSIONS
        for folder in sorted(pyenv.glob(f"{major}.{minor}.*"))
    ]
    # pyenv's shims answer for every version, even for those not chosen: they come last.
    given = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join([*(p for p in given if "shims" not in p), *others])


def call(*command: str | Path) -> int:
    """Run a command in the environment and return its exit status."""
    path = f"{ENVIRONMENT / 'bin'}{os.pathsep}{search_path()}"
    environment = {**os.environ, "PATH": path, "PYTHONUTF8": "1"}
    return subprocess.run([str(part) for part in command], env=environment, check=False).returncode


def run(*command: str | Path) -> None:
    """Run a set-up command; its failure ends everything with its own words."""
    ended = subprocess.run([str(part) for part in command], check=False)
    if ended.returncode:
        raise SystemExit(f"set-up failed: {' '.join(str(part) for part in command)}")


if __name__ == "__main__":
    raise SystemExit(main())
