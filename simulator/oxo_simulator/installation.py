"""An installation: the exchange that stands behind the ports, made anew whenever it is ordered.

Exchange, exchange time and ledger belong to it; ports, certificate and account do not.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from twisted.python.failure import Failure

from oxo_simulator.clock import VirtualClock, WallClock
from oxo_simulator.control.messages import Installation
from oxo_simulator.exchange.core import Exchange
from oxo_simulator.exchange.era import Era
from oxo_simulator.exchange.outlet import OutletTerms
from oxo_simulator.ledger import Ledger
from oxo_simulator.profile import Profile, load_profile


class Installed:
    """One installation: what is made anew with each."""

    def __init__(  # noqa: PLR0913 - what an installation is made of
        self,
        order: Installation,
        profile: Profile,
        *,
        number: int,
        token: str,
        ledger_file: Path,
        outlets: Sequence[OutletTerms],
        utc_now: Callable[[], datetime],
        broken: Callable[[Failure], None],
    ) -> None:
        self.order, self.profile = order, profile
        self.clock = VirtualClock()
        self.wall = WallClock(self.clock, profile.start, ZoneInfo(profile.zone))
        self._era = Era(self.wall)
        self.ledger = Ledger(
            ledger_file,
            utc_now,
            lambda: self.wall.now().local,
            lambda error: broken(Failure(error)),  # type: ignore[no-untyped-call]
        )
        self.exchange = Exchange(
            profile=profile,
            seed=order.seed,
            epoch=epoch_name(number, token),
            clock=self._era,
            record=self.ledger.append,
            outlets=outlets,
        )
        self.exchange.record(
            "installed",
            installation=number,
            seed=order.seed,
            epoch=self.exchange.epoch,
            profile=profile_name(order),
            tag_set=profile.tag_set,
            zone=profile.zone,
            mode=profile.mode,
        )

    def upgrade(
        self, order: Installation, profile: Profile, outlets: Sequence[OutletTerms]
    ) -> Exchange:
        """Let another release stand in the exchange's place, and return it; the ledger goes on."""
        before, era = self.exchange, self._era
        self.order, self.profile = order, profile
        self.wall = self.wall.in_zone(ZoneInfo(profile.zone))
        self._era = Era(self.wall)
        self.exchange = Exchange(
            profile=profile,
            seed=order.seed,
            epoch=before.epoch,
            clock=self._era,
            record=self.ledger.append,
            outlets=outlets,
        )
        self.exchange.follow(before)
        era.end()
        return self.exchange


def epoch_name(installation: int, token: str) -> str:
    """Name a count of sequences; the token makes it unlike any other."""
    return f"{installation}-{token}"


def profile_of(order: Installation) -> Profile:
    """Return the profile that an installation orders.

    Raises:
        ProfileError: names file or override, key, and what is allowed.
    """
    own = {"tag_set": order.tag_set, "start": order.start}
    named = {key: value for key, value in own.items() if value is not None}
    return load_profile(order.profile, {**order.overrides, **named})


def profile_name(order: Installation) -> str:
    """Return the profile's name: of a file, its own without folder and ending."""
    return Path(order.profile).name.removesuffix(".toml")


def fresh_ledger_file(folder: Path) -> Path:
    """Free the name `ledger.ndjson`; an older ledger gets a number behind it."""
    current = folder / "ledger.ndjson"
    if current.exists():
        # What others called so, such as ledger.copy.ndjson, is theirs.
        written = (old.suffixes[0][1:] for old in folder.glob("ledger.*.ndjson"))
        numbers = (int(text) for text in written if text.isascii() and text.isdigit())
        current.rename(folder / f"ledger.{max(numbers, default=0) + 1}.ndjson")
    return current
