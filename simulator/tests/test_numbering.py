"""An exchange of one's own: a file of sets, groups and trunks, and what cannot be one."""

import os
from pathlib import Path

import pytest
from oxo_simulator.exchange.directory import Directory, SetClass, SubscriberUnknown
from oxo_simulator.exchange.numbering import NumberingPlan, PlanUnusable
from oxo_simulator.exchange.trunks import CHANNELS
from oxo_simulator.profile import load_profile
from oxo_simulator.profile_section import ProfileError
from oxo_tickets import UserKind

OWN = """
[[set]]
number = "20001234"
name = "Lobby"
class = "operator"

[[set]]
number = "301"
class = "booth"
monitoring = "outgoing"

[[group]]
number = "5"
class = "hunting group"
members = ["301", "20001234"]

[[trunk]]
name = "N07"

[[trunk]]
name = "V01"
channels = 3
"""

GROUP_OF_ONE = "[[set]]\nnumber = '101'\n[[group]]\nnumber = '5'\nclass = 'hunting group'\n"


def site(folder: Path, plan: str) -> str:
    """Write a profile file with a plan beside it; return its path."""
    (folder / "plan.toml").write_text(plan, "utf-8")
    packaged = Path(__file__).parents[1] / "oxo_simulator" / "profiles" / "certify.toml"
    head = 'installation = "plan.toml"\n'
    (folder / "site.toml").write_text(head + packaged.read_text("utf-8"), "utf-8")
    return str(folder / "site.toml")


def test_the_default_installation_is_the_published_reports() -> None:
    directory = Directory.from_seed(1)
    classes = {number: each.set_class for number, each in directory.subscribers.items()}
    assert classes["100"] is SetClass.OPERATOR
    assert classes["128"] is SetClass.BUSINESS
    assert classes["120"] is SetClass.BOOTH
    assert classes["140"] is SetClass.DATA
    rooms = [number for number, each in classes.items() if each is SetClass.ROOM]
    assert rooms == [str(number) for number in range(106, 117)]
    kinds = {number: (group.kind, group.members) for number, group in directory.groups.items()}
    assert kinds == {
        "500": (UserKind.HUNTING_GROUP, ("130", "131", "132", "133")),
        "9": (UserKind.ATTENDANT_GROUP, ("100",)),
    }


def test_an_own_installation_lies_beside_its_profile(tmp_path: Path) -> None:
    plan = load_profile(site(tmp_path, OWN)).numbering
    assert plan is not None
    directory = plan.directory(1)
    assert list(directory.subscribers) == ["20001234", "301"]
    assert directory["20001234"].name == "Lobby"
    assert directory["301"].name
    assert (directory["301"].set_class, directory["301"].monitoring) == ("booth", "outgoing")
    assert [member.number for member in directory.members(directory.groups["5"])] == [
        "301", "20001234",
    ]  # fmt: skip
    assert directory.groups["5"].name == "Hunting 5"
    assert dict(plan.channels()) == {"N07": 2, "V01": 3}
    with pytest.raises(SubscriberUnknown, match=r"user '7' is no set or group .* groups 5$"):
        directory.party("7")


def test_who_is_not_there_is_told_from_the_lowest_to_the_highest_number() -> None:
    plan = NumberingPlan.of({"set": [{"number": number} for number in ("2001", "106", "2000")]})
    with pytest.raises(SubscriberUnknown, match=r"there are 106 to 2001$"):
        plan.directory(1).party("7")


def test_without_trunks_there_are_the_default_ones() -> None:
    assert NumberingPlan.of({"set": [{"number": "100"}]}).channels() is CHANNELS


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ("", "set: Field required"),
        ("[[set]]\nnumber = '12'", "plan.toml: set.1.number: '12'; 3 to 8 digits are expected"),
        ("[[set]]\nnumber = '123456789'", "set.1.number"),
        ("[[set]]\nnumber = 100", "set.1.number: Input should be a valid string"),
        ("[[set]]\nnumber = '100'\nclass = 'king'", "set.1.class: Input should be 'operator'"),
        ("[[set]]\nnumber = '100'\ncolour = 'red'", "set.1.colour: Extra inputs"),
        ("[[set]]\nnumber = '100'\n[[set]]\nnumber = '100'", "number 100 stands there twice"),
        ("[[set]]\nnumber = '100'\n[[set]]\nnumber = '1001'", "number 1001 begins with 100"),
        (
            "[[trunk]]\nname = 'Q1'\n[[set]]\nnumber = '100'",
            "trunk.1.name: 'Q1'; L, N, P or V and",
        ),
        ("[[trunk]]\nname = 'N1'\nchannels = 0\n[[set]]\nnumber = '100'", "trunk.1.channels"),
        (
            "[[set]]\nnumber='100'\n[[group]]\nnumber='5'\nclass='hunting group'\nmembers=['7']",
            "group 5: member 7 is no set",
        ),
        (
            "[[set]]\nnumber = '100'\n" + "[[trunk]]\nname = 'N1'\n" * 2,
            "trunk N1 stands there twice",
        ),
        (
            GROUP_OF_ONE + "members = ['101', '101']",
            "group 5: member 101 stands there twice",
        ),
        ('[[set]]\nnumber = "100"\nname = "\\uffff"', "set.1.name: '\\uffff'; printable"),
        ('[[set]]\nnumber = "100"\nname = "a\\u0085b"', "set.1.name: 'a\\x85b'; printable"),
        ("[[set", "no TOML"),
    ],
)
def test_a_plan_that_cannot_be_is_named_with_its_file(
    tmp_path: Path, plan: str, words: str
) -> None:
    with pytest.raises(ProfileError, match=r"plan\.toml: ") as caught:
        load_profile(site(tmp_path, plan))
    assert words in str(caught.value)
    assert "after validation, not 0" not in str(caught.value)


def test_a_plan_that_is_not_there_or_endless_is_named(tmp_path: Path) -> None:
    profile = site(tmp_path, "#" * (1024 * 1024 + 1))
    with pytest.raises(ProfileError, match=r"plan\.toml: more than 1048576 bytes"):
        load_profile(profile)
    (tmp_path / "plan.toml").unlink()
    os.mkfifo(tmp_path / "plan.toml")
    with pytest.raises(ProfileError, match=r"plan\.toml: no regular file"):
        load_profile(profile)
    (tmp_path / "plan.toml").unlink()
    with pytest.raises(ProfileError, match=r"installation: .*plan\.toml: No such file"):
        load_profile(profile)


def test_a_plan_by_itself_says_what_is_wrong() -> None:
    with pytest.raises(PlanUnusable, match=r"^set: "):
        NumberingPlan.of({"set": []})
