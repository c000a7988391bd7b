"""A real cable is pulled: what a cut of the whole link is where the link is a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oxo_simulator.link.faults.disturbance import Disturbance

if TYPE_CHECKING:
    from oxo_simulator.link.relay import Link


class Unplug(Disturbance):
    """Nothing passes; the systems on both sides find out for themselves."""

    def strike(self, link: Link) -> None:
        """Pull it."""
        link.cable.cut(self)

    def can_end(self, link: Link) -> bool:
        """Plug it in, and tell whether it is still there to be plugged in."""
        try:
            link.cable.mend(self)
        except OSError:
            return False
        return True

    def lift(self, link: Link) -> None:
        """Plug it in, where nobody else has pulled it."""
        link.cable.mend(self)

    def account(self) -> dict[str, Any]:
        """Say that nothing was held in the link itself."""
        return {"real": True}
