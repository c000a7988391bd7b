"""`oxo-sim`: run a simulated exchange, and steer one that runs.

Everything slow (Twisted, the SOAP library, certificates) is loaded by `run` alone, inside it.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oxo_simulator.commands import hotel, life, line, orders, sets, telephony, traffic, wire
from oxo_simulator.commands.console import (
    DEFAULT_STATE,
    RUN_FAILED,
    WRONG_USAGE,
    Json,
    State,
    fail,
    json_is_wanted,
    pair,
)
from oxo_simulator.control.client import ControlError

if TYPE_CHECKING:
    from oxo_simulator.outside import Outside

UsageError: Any = typer.BadParameter.__bases__[0]
"""Whatever Typer finds wrong with a command line."""

Ephemeral = Annotated[
    bool,
    typer.Option(
        "--ephemeral",
        help="For the program that starts it: end when standard input ends, and remove the "
        "folder, which must not exist.",
    ),
]
RealLink = Annotated[
    bool,
    typer.Option(
        "--real-link",
        help="A link with devices of its own, whose cut is that of a cable (Linux, root).",
    ),
]
Screen = Annotated[
    bool | None,
    typer.Option(
        "--screen/--no-screen",
        help="A living screen with a line for orders; on a terminal that is the default.",
    ),
]

app = typer.Typer(
    name="oxo-sim",
    help="A simulated OXO Connect: run one, place calls, disturb its link, read its ledger.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line; an operator's error is one line, and status 1 or 2."""
    try:
        if json_is_wanted():
            sys.exit(app(standalone_mode=False))
        app()
    except ControlError as error:
        fail(str(error))
    except UsageError as error:
        fail(error.format_message(), WRONG_USAGE)


def _show_version(value: bool) -> None:  # noqa: FBT001 - Typer's callback
    if value:
        from importlib.metadata import version  # noqa: PLC0415 - only here

        typer.echo(f"oxo-sim {version('oxo-interop')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Steer a simulated exchange."""


@app.command()
def run(  # noqa: PLR0913 - one parameter per option
    *,
    state: State = DEFAULT_STATE,
    profile: Annotated[str, typer.Option(help="Packaged profile, or a .toml file.")] = "certify",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Profile key, e.g. session.idle_seconds=5.")
    ] = None,
    tag_set: Annotated[str | None, typer.Option(help="observed or extended.")] = None,
    seed: Annotated[int, typer.Option(help="Of every random choice.")] = 1,
    time: Annotated[
        str, typer.Option(help="Exchange time: manual, real, or so many times as fast.")
    ] = "manual",
    listen: Annotated[str, typer.Option(help="Address for collectors.")] = "127.0.0.1",
    port: Annotated[
        list[str] | None,
        typer.Option(
            help="standard=443, nmc=0 ...; 0 is a free one. A wire so named can be opened."
        ),
    ] = None,
    name: Annotated[list[str] | None, typer.Option(help="Further name in the certificate.")] = None,
    control_port: Annotated[int, typer.Option(min=0, max=65535, help="0 is a free one.")] = 0,
    password_file: Annotated[
        Path | None,
        typer.Option(
            envvar="OXO_SIM_PASSWORD_FILE",
            help="First line is the password; else that of the folder is kept, or one is made.",
        ),
    ] = None,
    ephemeral: Ephemeral = False,
    real_link: RealLink = False,
    screen: Screen = None,
    json: Json = False,
) -> None:
    """Run an exchange until SIGTERM or SIGINT; on a terminal with a living screen."""
    shown = _screen_is_wanted(screen, elsewhere=json or ephemeral)
    from twisted.internet import reactor  # noqa: PLC0415, TID251 - the real one, and slow

    from oxo_simulator.running import Start, run_until_signal  # noqa: PLC0415 - slow

    order = Start(
        folder=state,
        profile=profile,
        overrides=dict(pair("--set", text) for text in set_ or ()),
        tag_set=tag_set,
        seed=seed,
        time=time,
        listen=listen,
        ports=dict(pair("--port", text) for text in port or ()),
        names=tuple(name or ()),
        control_port=control_port,
        password_file=password_file,
        ephemeral=ephemeral,
        real_link=real_link,
        json=json,
    )
    if wrong := run_until_signal(order, reactor, _on_terminal() if shown else None):
        fail(wrong.text, WRONG_USAGE if wrong.usage else RUN_FAILED)


def _on_terminal() -> "Outside":
    from oxo_simulator.screen.on_terminal import OnTerminal  # noqa: PLC0415 - only here

    return OnTerminal(app)


def _screen_is_wanted(ordered: bool | None, *, elsewhere: bool) -> bool:  # noqa: FBT001 - or open
    """Tell whether there is to be a screen; `elsewhere`: a program reads what `run` says."""
    if ordered is False:
        return False
    from oxo_simulator.screen.terminal import is_ours  # noqa: PLC0415 - only here

    possible = not elsewhere and is_ours(sys.stdin, sys.stdout)
    if ordered and not possible:
        needs = "--screen: a terminal in the foreground is expected, without --json or --ephemeral"
        fail(needs, WRONG_USAGE)
    return possible and (ordered is not None or os.environ.get("TERM", "dumb") != "dumb")


for _group in (telephony, hotel, sets, traffic, life, wire, orders, line):
    app.registered_commands += _group.app.registered_commands
