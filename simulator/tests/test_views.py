"""What an operator is shown of the exchange, made from what there is."""

from types import SimpleNamespace
from typing import Any

from oxo_simulator.control.messages import Installation
from oxo_simulator.installation import profile_of
from oxo_simulator.views import profile_state


def test_what_belongs_to_the_process_is_not_to_be_ordered_again() -> None:
    set_at_start = {"name": "pbx9", "account.port": 2021, "mode": "hotel"}
    order = Installation(overrides=set_at_start, tag_set="observed")
    installed: Any = SimpleNamespace(order=order, profile=profile_of(order))
    found = profile_state(installed)
    assert (found.source, found.overrides, found.tag_set) == (
        "certify",
        {"mode": "hotel"},
        "observed",
    )
