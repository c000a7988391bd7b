"""`oxo-certify` with something bent on purpose, so that tests see what the bench makes of it.

    bent_certify.py BEND[=VALUE]... -- run OPTION...

Every bend is a function below; its docstring says what is bent.
"""

import contextlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import msgspec
from oxo_scenarios import cli, resources
from oxo_scenarios.bench import ledger, output, play, stand
from oxo_scenarios.bench.exchange import Exchange
from oxo_scenarios.bench.trouble import BenchBroken
from oxo_scenarios.catalogue import load_catalogue
from oxo_scenarios.play import record


def _put(owner: Any, **new: Any) -> None:
    for name, value in new.items():
        setattr(owner, name, value)


def limit(seconds: str) -> None:
    """Every case has this limit."""
    catalogue = load_catalogue()
    replace = msgspec.structs.replace
    limits = {"limit_seconds": float(seconds)}
    cases = tuple(replace(case, **limits) for case in catalogue.cases)
    _put(cli, load_catalogue=lambda: replace(catalogue, cases=cases))


def log_bytes(number: str) -> None:
    """So much of a subject's log is kept."""
    _put(output, LOG_BYTES_MAX=int(number))


def assertion_in_start(_value: str) -> None:
    """The bench itself fails an assertion before a subject is started."""

    def start(self: Any, port: str | None = None) -> NoReturn:
        raise AssertionError(f"the bench forgot {self.planned.play} on {port}")

    _put(play.Play, start=start)


def ledger_without(event: str) -> None:
    """The bench loses the ledger lines of this event in case CIC3."""
    whole = ledger.evidence
    begin = play.Play.conclude

    def evidence(lines: Any) -> list[dict[str, Any]]:
        return [line for line in whole(lines) if line["event"] != event]

    def conclude(self: Any) -> Any:
        _put(ledger, evidence=evidence if self.planned.case.id == "CIC3" else whole)
        try:
            return begin(self)
        finally:
            _put(ledger, evidence=whole)

    _put(play.Play, conclude=conclude)


def judge_fails(case_id: str) -> None:
    """The judge cannot judge this case."""
    whole: Any = vars(record)["judge"]

    def judge(case: Any, *rest: Any) -> Any:
        if case.id == case_id:
            raise LookupError(f"{case_id} is beyond me")
        return whole(case, *rest)

    _put(record, judge=judge)


def survivor(_value: str) -> None:
    """Something of the subject is left over at the end of every play."""
    abandon = play.Play.abandon

    def leave(self: Any) -> None:
        abandon(self)
        raise BenchBroken("process 1 of the subject cannot be ended")

    _put(play.Play, abandon=leave)


def deaf(_value: str) -> None:
    """What the signals to end raise is lost, as in a finalizer."""
    _put(cli, _interrupt=lambda: None)


def secrets(folder: str) -> None:
    """The state folder of the exchange and the proxy's login are copied here."""
    kept = Path(folder)
    take_away, account = Exchange.take_token_away, stand.proxy_account

    def copied(self: Exchange) -> None:
        shutil.copytree(self.state_folder, kept / "state")
        take_away(self)
        left = [path.name for path in self.state_folder.iterdir()]
        (kept / "left.json").write_text(json.dumps(left), "utf-8")

    def noted() -> Any:
        made = account()
        (kept / "proxy.json").write_text(json.dumps(list(made)), "utf-8")
        return made

    _put(Exchange, take_token_away=copied)
    _put(stand, proxy_account=noted)


def features(folder: str) -> None:
    """The features are of this folder; the catalogue stays as it is."""
    _put(resources, features_folder=lambda: Path(folder))


BENDS: dict[str, Callable[[str], None]] = {
    bend.__name__: bend
    for bend in (
        limit, log_bytes, assertion_in_start, ledger_without, judge_fails, survivor, deaf, secrets,
        features,
    )
}  # fmt: skip


def main() -> None:
    """Bend, then run the command line."""
    with contextlib.suppress(ValueError):
        end = sys.argv.index("--")
        for word in sys.argv[1:end]:
            name, _, value = word.partition("=")
            BENDS[name](value)
        sys.argv[1 : end + 1] = []
    cli.main()


if __name__ == "__main__":
    main()
