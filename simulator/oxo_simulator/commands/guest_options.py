"""What three commands ask of a guest: the options, and the fields of a message that they become."""

from pathlib import Path
from typing import Annotated, Any

import typer

from oxo_simulator.commands.secret import secret

GuestName = Annotated[str | None, typer.Option(help="Up to 20 characters.")]
Language = Annotated[str | None, typer.Option(help="One character.")]
DirectNumber = Annotated[str | None, typer.Option(help="The guest's own number.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(help="Its first line is the room's password; - reads standard input."),
]
Barring = Annotated[str | None, typer.Option(help="Class of barring, one character.")]
Disturb = Annotated[
    bool | None, typer.Option("--do-not-disturb/--may-disturb", help="The set is silent.")
]
Deposit = Annotated[str | None, typer.Option(help="Money paid in advance, all of it.")]
WakeUp = Annotated[str | None, typer.Option(help="HH:MM of a wake-up.")]


def of_guest(  # noqa: PLR0913, PLR0917 - one parameter per option, in their order
    guest_name: str | None,
    language: str | None,
    direct_number: str | None,
    password_file: Path | None,
    barring: str | None,
    do_not_disturb: bool | None,  # noqa: FBT001 - in the order of the options
    deposit: str | None,
) -> dict[str, Any]:
    """Return the fields that every message about a guest has; the password is read here."""
    return {
        "guest_name": guest_name,
        "language": language,
        "direct_number": direct_number,
        "password": None if password_file is None else secret(password_file),
        "barring": barring,
        "do_not_disturb": do_not_disturb,
        "deposit": deposit,
    }
