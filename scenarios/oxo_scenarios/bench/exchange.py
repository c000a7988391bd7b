"""The simulated exchange of one run: a process of its own, steered by its control client.

Its state folder holds the control token; it lies in a temporary folder that no subject is told
of. What a subject needs from it (the authority's certificate) is copied elsewhere.
"""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec
from cryptography.hazmat.primitives import serialization
from oxo_simulator.control.client import ControlClient, ControlError
from oxo_simulator.control.messages import ExchangeState
from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from oxo_scenarios.bench.connect import Account
from oxo_scenarios.bench.mortal import dies_with_bench
from oxo_scenarios.bench.trouble import BenchBroken, UsageWrong

START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 10.0
LOOK_SECONDS = 0.02
"""How often the bench looks whether the exchange has written its description."""
LOG_TAIL_BYTES_MAX = 2000
HOST_KEY_FILE = "sftp_host_key"
IMPOSSIBLE_STATUS = 1
"""With this status it ends when this machine does not allow what was asked, such as an address."""
USAGE_STATUS = 2
"""With this status `oxo-sim` ends when the operator's words (here: the profile) are wrong."""


class SshKey(NamedTuple):
    """A host key: the public one as OpenSSH writes it, and its SHA-256."""

    public: str
    fingerprint: str


class _NotYet(Exception):
    pass


class Exchange:
    """One `oxo-sim run`; use it as a context manager."""

    def __init__(
        self,
        folder: Path,
        profile: str,
        options: Sequence[str] = (),
        *,
        state_folder: Path | None = None,
        asked: bool = False,
    ) -> None:
        """Keep its state under `folder`, which nobody else may read, or in the operator's own.

        `asked`: the operator chose address, ports or folder, and may be wrong about them.
        """
        self.folder = folder
        self.state_folder = state_folder or folder / "state"
        self._wrong = (USAGE_STATUS, IMPOSSIBLE_STATUS) if asked else (USAGE_STATUS,)
        self._log = folder / "oxo-sim.log"
        self._command = [
            *simulator_command(), "run", "--state", str(self.state_folder), "--profile", profile,
            "--port", "standard=0", "--port", "alternate=0", *options,
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self.control: ControlClient
        self.token = ""

    def __enter__(self) -> Self:
        """Start it and wait until it listens.

        Raises:
            BenchBroken: it does not start; the text ends with what it printed.
            UsageWrong: it does not know the profile, or cannot listen as the operator asked; the
                text is its own.
        """
        with self._log.open("wb") as log:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own command
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=dies_with_bench(signal.SIGTERM),  # noqa: PLW1509 - see there
                )
            except OSError as error:
                raise BenchBroken(f"cannot start {self._command[0]}: {error}") from error
        try:
            self._wait()
            self.control = ControlClient.from_state(self.state_folder)
            self.take_token_away()
            self.control.state()
        except ControlError as error:
            self._end()
            raise BenchBroken(f"the simulated exchange does not answer: {error}") from error
        except BaseException:
            # An operator's interruption too: nothing else would end the process.
            self._end()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        """End the process."""
        try:
            self.control.close()
        finally:
            self._end()

    def take_token_away(self) -> None:
        """Keep the token in memory alone: a subject of the same user could read it on disk."""
        path = self.state_folder / "control.token"
        self.token = path.read_text("ascii").strip()
        path.unlink()

    def account(self) -> Account:
        """Return the account of the taxation wire."""
        described = json.loads((self.state_folder / "exchange.json").read_text("utf-8"))
        password = (self.state_folder / "taxation.password").read_text("utf-8").strip()
        return Account(described["user"], password)

    def wire_account(self, wire: str) -> Account | None:
        """Return the account of a wire, as the profile names it; `None` without such a wire."""
        try:
            told = (self.state_folder / f"{wire}.password").read_text("utf-8").strip()
        except FileNotFoundError:
            return None
        return Account(self.profile_value(f"{wire}.user"), told)

    def host_key(self) -> SshKey:
        """Return the key that SSH shows.

        Raises:
            BenchBroken: the exchange has none, or none that can be read.
        """
        try:
            secret = (self.state_folder / HOST_KEY_FILE).read_bytes()
            key = serialization.load_ssh_private_key(secret, None).public_key()
        except (OSError, ValueError) as error:
            raise BenchBroken(f"the exchange's host key cannot be read: {error}") from error
        told = key.public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        ).decode("ascii")
        return SshKey(told, self.control.account_host_key().fingerprint)

    def profile_value(self, key: str) -> str:
        """Return the value of a profile key, as text."""
        keys = {each.key: each.value for each in self.control.profile().keys}
        return keys[key]

    def state(self) -> ExchangeState:
        """Return who and how the exchange is."""
        return self.control.state()

    def unknown_operations(self) -> list[dict[str, Any]]:
        """Return the operations that subjects called and the profile does not know."""
        told: Sequence[Any] = getattr(self.state(), "unknown_operations", ())
        return [as_operation(msgspec.to_builtins(one)) for one in told]

    def check(self) -> None:
        """See that the process lives.

        Raises:
            BenchBroken: it has ended.
        """
        if self._process is not None and self._process.poll() is not None:
            raise BenchBroken(
                f"the simulated exchange ended with status {self._process.returncode}: "
                + self._tail()
            )

    def _wait(self) -> None:
        """Wait until the description is there; it is written when everything listens."""

        def look() -> None:
            if self._process is not None and self._process.poll() in self._wrong:
                raise UsageWrong(self._tail().removeprefix("oxo-sim: "))
            self.check()
            if not (self.state_folder / "exchange.json").exists():
                raise _NotYet

        try:
            Retrying(
                stop=stop_after_delay(START_SECONDS_MAX),
                wait=wait_fixed(LOOK_SECONDS),
                retry=retry_if_exception_type(_NotYet),
            )(look)
        except RetryError as error:
            raise BenchBroken(
                f"the simulated exchange was not ready within {START_SECONDS_MAX} s: {self._tail()}"
            ) from error

    def _end(self) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_SECONDS_MAX)

    def _tail(self) -> str:
        return self._log.read_bytes()[-LOG_TAIL_BYTES_MAX:].decode("utf-8", "replace").strip()


def as_operation(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return an unknown operation in the shape of docs/bundle.md; what is not told is blank."""
    lines = told.get("profile_lines") or []
    return {
        "operation": str(told.get("operation") or "(none)"),
        "namespace": str(told.get("namespace") or ""),
        "soap_action": str(told.get("soap_action") or ""),
        "count": int(told.get("count") or 1),
        "profile_lines": lines.splitlines() if isinstance(lines, str) else list(map(str, lines)),
    }


def own_commands() -> Path:
    """Return the folder where the commands of this installation stand."""
    return Path(sys.executable).parent


def simulator_command() -> list[str]:
    """Return how `oxo-sim` is called: the one of this installation, else the one on PATH.

    Raises:
        BenchBroken: there is none.
    """
    beside = own_commands() / "oxo-sim"
    found = str(beside) if beside.exists() else shutil.which("oxo-sim")
    if found is None:
        raise BenchBroken("oxo-sim is not installed beside this command")
    return [found]
