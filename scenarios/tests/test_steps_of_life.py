"""Steps on the life of the exchange that no case has, each played over the wire.

A play that changes address, certificate or firmware is no matter of those behind it: what it left
is put right, or told to them.
"""

import shutil
from pathlib import Path
from typing import Any

import pytest
from oxo_scenarios.resources import features_folder

SCENARIOS = {
    "BU3": """
    Given an exchange without tickets on the <wire> wire
    And the collector is collecting
    When 5 calls are made
    And the collector has collected every ticket
    And the exchange moves to another address
    And 5 calls are made
    And the collector is stopped
    And the collector is started again
""",
    "DIS104": """
    Given an exchange without tickets on the <wire> wire
    And the collector is collecting
    When the link is cut
    And 5 calls are made
    And the exchange is given firmware "documented"
    And the link is restored
    And the exchange serves again
    And 5 calls are made
""",
}
"""Case -> how it is played here, up to its Then; its demands stay those of the catalogue."""


@pytest.fixture
def features(tmp_path: Path) -> Path:
    """Return a folder of features in which these cases are played otherwise."""
    folder = tmp_path / "features"
    shutil.copytree(features_folder(), folder)
    for name, case in (("buffer", "BU3"), ("disruption", "DIS104")):
        path = folder / f"{name}.feature"
        text = path.read_text("utf-8")
        begin = text.index("    Given", text.index(f"  @{case}\n"))
        end = text.index("    Then", begin)
        path.write_text(text[:begin] + SCENARIOS[case][1:] + text[end:], "utf-8")
    return folder


@pytest.mark.process
def test_address_and_firmware_change_in_a_play_and_in_no_other(
    certify: Any, features: Path
) -> None:
    cases = ("BU3", "DIS104", "EXT2")
    chosen = [word for case in cases for word in ("--case", case)]
    found = certify("--wire", "taxation", *chosen, bends=[f"features={features}"])
    assert found.verdicts() == {"bu3": "ok", "dis104": "ok", "ext2": "ok"}, found.out

    moved = found.lines("bu3", "ledger.ndjson")
    (order,) = [line for line in moved if line["event"] == "address"]
    assert order["address"] != order["previous"] == found.run["exchange"]["address"]
    later = [line for line in moved if line["n"] > order["n"]]
    assert [line for line in later if line["event"] == "acknowledged"], "it followed"
    assert [line["event"] for line in later[:1]] == ["certificate"]

    grown = found.lines("dis104", "ledger.ndjson")
    (firmware,) = [line for line in grown if line["event"] == "firmware"]
    assert firmware["profile"] == "documented"
    for play, event in (("dis104", "address"), ("ext2", "address"), ("ext2", "firmware")):
        assert event not in [line["event"] for line in found.lines(play, "ledger.ndjson")], play
