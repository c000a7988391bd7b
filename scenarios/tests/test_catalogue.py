"""The catalogue as it is, and every way it may be wrong."""

from collections import Counter
from pathlib import Path

import pytest
from oxo_scenarios.catalogue import Catalogue, CatalogueUnreadable, load_catalogue
from oxo_scenarios.judge.demands import DemandUnknown, demand_of
from oxo_scenarios.resources import FeaturesMissing, features_folder
from oxo_scenarios.wires import Claim

FROZEN = {
    "CIC1": ("CIC", ""),
    "CIC2": ("CIC", ""),
    "CIC3": ("CIC", ""),
    "CIC4": ("CIC", ""),
    "CIC5": ("CIC", ""),
    "CIC6": ("CIC", ""),
    "APP1": ("APP", "kind reminder_time reminder_state"),
    "APP2": ("APP", "kind reminder_time reminder_state"),
    "APP3": ("APP", "kind reminder_time reminder_state"),
    "APP4": ("APP", "kind reminder_time reminder_state"),
    "BU1": ("BU", ""),
    "BU2": ("BU", ""),
    "BU3": ("BU", ""),
    "BU4": ("BU", ""),
    "BU5": ("BU", ""),
    "BU6": ("BU", ""),
    "SMDR1": ("SMDR", "dialling_mode currency call_seconds"),
    "SMDR2": ("SMDR", "dialling_mode"),
    "SMDR3": ("SMDR", "dialling_mode"),
    "SMDR4": ("SMDR", "facilities charged_user"),
    "SMDR5": ("SMDR", "trunk_kind charged_user"),
    "SMDR6": ("SMDR", "facilities charged_user call_seconds"),
    "SMDR7": ("SMDR", "kind room_status room_problem"),
    "SMDR8": ("SMDR", "room_status"),
    "SMDR9": ("SMDR", "reminder_time reminder_state"),
    "SMDR10": ("SMDR", "reminder_time reminder_state"),
    "DIS101": ("DIS", ""),
    "DIS102": ("DIS", ""),
    "DIS104": ("DIS", ""),
    "EXT1": ("EXT", ""),
    "EXT2": ("EXT", "communication_type ring_seconds call_seconds"),
    "EXT3": ("EXT", "dialled_number call_seconds"),
    "EXT4": ("EXT", ""),
    "EXT5": ("EXT", ""),
    "EXT6": ("EXT", ""),
    "EXT7": ("EXT", ""),
    "EXT8": ("EXT", ""),
    "EXT9": ("EXT", ""),
}
"""Id -> its chapter and its fields under test, typed by hand: a case never moves or changes."""

VALUES = {
    "APP1": {"kind": ("reminder",), "reminder_state": ("activation",)},
    "SMDR1": {"dialling_mode": ("manual",), "currency": ("EUR",), "call_seconds": ("50",)},
    "SMDR2": {"dialling_mode": ("redial",)},
    "SMDR3": {"dialling_mode": ("individual speed dial", "collective speed dial")},
}
"""What tells two cases with the same field under test apart."""
PLAYED = [case for case, (chapter, _) in FROZEN.items() if chapter != "EXT"]
PUBLISHED = {"CIC": 6, "APP": 4, "BU": 6, "SMDR": 10, "DIS": 3}

SMALL = """
version = 1
declared_gaps = []
[[chapters]]
id = "BU"
title = "Ticket buffer"
objective = "Nothing is missing."
[[cases]]
id = "BU1"
chapter = "BU"
title = "Calls before the first session"
action = "Make calls."
expectation = "All are collected."
demands = ["received"]
limit_seconds = 20
standing = "documented"
"""


def test_ids_chapters_and_fields_under_test_are_frozen_and_in_order() -> None:
    cases = load_catalogue().cases
    told = [(case.id, (case.chapter, " ".join(case.fields))) for case in cases]
    assert told == list(FROZEN.items())
    assert {case.id: case.values for case in cases if case.values} == VALUES


def test_every_published_case_is_played_or_a_declared_gap() -> None:
    catalogue = load_catalogue()
    missing = [
        case for gap in catalogue.declared_gaps if gap.kind == "not yet played" for case in gap.ids
    ]
    chapters = Counter(case.rstrip("0123456789") for case in [*PLAYED, *missing])
    assert not set(missing) & set(PLAYED)
    assert chapters == PUBLISHED
    never = [gap.ids for gap in catalogue.declared_gaps if gap.kind == "never published"]
    assert never == [("DIS103",)]


def names(text: str, *wires: str) -> list[str]:
    """Return the names of the plays of the only case of a small catalogue."""
    return [each.play for each in Catalogue.from_toml(text).plays(Claim(wires or ["taxation"]))]


def test_a_case_is_played_in_both_modes_and_under_another_tag_set_in_its_first_alone() -> None:
    assert names(SMALL) == ["bu1", "bu1.hotel"]
    both = SMALL + 'tag_sets = ["observed", "extended"]\n'
    assert names(both) == ["bu1.observed", "bu1", "bu1.hotel"]
    assert names(SMALL + 'modes = ["hotel"]\n') == ["bu1.hotel"]
    assert names(SMALL + 'wire = "nmc"\ntag_sets = ["alz"]\n', "nmc") == [
        "bu1.nmc",
        "bu1.hotel.nmc",
    ]


def test_on_another_wire_a_case_is_played_once_in_the_first_mode_that_it_applies_in() -> None:
    text = SMALL + "on = {v24 = {}}\n"
    assert names(text, "v24") == ["bu1.v24"]
    excluded = text + 'not_applicable = {business = "hotel mode alone"}\n'
    assert names(excluded, "taxation", "v24") == ["bu1", "bu1.hotel", "bu1.hotel.v24"]
    reasons = [each.not_applicable for each in Catalogue.from_toml(excluded).plays()]
    assert reasons == ["hotel mode alone", None, None]


def test_where_a_wire_carries_nothing_of_a_case_the_catalogue_says_so_with_its_reason() -> None:
    text = SMALL + 'on = {nmc = {not_carried = "no record of it"}, v24 = {}}\n'
    plays = Catalogue.from_toml(text).plays(Claim(["nmc", "v24"]))
    assert {each.play: each.case.not_carried for each in plays} == {
        "bu1.nmc": "no record of it",
        "bu1.v24": None,
    }


def test_a_chapter_beyond_the_published_report_marks_its_plays_as_extra() -> None:
    assert {each.extra for each in Catalogue.from_toml(SMALL).plays()} == {False}
    beyond = SMALL.replace("objective", "published = false\nobjective", 1)
    assert {each.extra for each in Catalogue.from_toml(beyond).plays()} == {True}


def test_what_another_wire_lacks_a_case_does_not_put_to_the_test_there() -> None:
    under_test = 'fields = ["currency"]\n'
    text = SMALL.replace('["received"]', '["received", "field currency"]') + under_test
    text += 'on = {v24 = {demands = ["received"], fields = [], limit_seconds = 7}}\n'
    (there,) = Catalogue.from_toml(text).plays(Claim(["v24"]))
    assert (there.case.fields, there.case.limit_seconds) == ((), 7)
    wrong = text.replace("fields = []", 'fields = ["cost"]')
    with pytest.raises(CatalogueUnreadable, match="BU1 on v24: no demand 'field cost'"):
        Catalogue.from_toml(wrong)


def test_only_call_tickets_are_played_under_both_tag_sets() -> None:
    plays = [planned.play for planned in load_catalogue().plays(Claim(["taxation"]))]
    assert len(plays) == len(set(plays))
    assert [play for play in plays if "observed" in play][:3] == [
        f"smdr{n}.observed" for n in (1, 2, 3)
    ]
    assert {"bu2", "bu2.hotel"} <= set(plays)


def test_every_case_of_buffer_calls_and_disruption_is_there_on_every_other_wire() -> None:
    """Played, or with the reason why the wire carries nothing of it; the file is on its own."""
    catalogue = load_catalogue()
    chapters = ("BU", "SMDR", "DIS")
    expected = [case for case, (chapter, _) in FROZEN.items() if chapter in chapters]
    for wire in ("nmc", "v24", "ohl", "account", "stream"):
        found = list(catalogue.plays(Claim([wire])))
        told = [each.case.id for each in found if each.case.chapter in chapters]
        assert told == expected
        assert {(planned.wire, planned.case.wire) for planned in found} == {(wire, wire)}
        lacking = [each.case for each in found if each.case.not_carried]
        assert all(f"the {wire} wire does not carry" in str(c.not_carried) for c in lacking)
    first = next(catalogue.plays(Claim(["nmc"])))
    assert (first.play, first.tag_set) == ("cic6.nmc", "alz")


def test_a_case_says_of_another_wire_only_what_is_otherwise_there() -> None:
    catalogue = load_catalogue()
    own = catalogue.case("BU2")
    (there,) = [x.case for x in catalogue.plays(Claim(["v24"])) if x.case.id == "BU2"]
    assert "restarted acknowledged" in own.demands
    assert there.demands == ("restarted idle", "received", "exactly once")
    assert there.action != own.action
    assert (there.title, there.limit_seconds, there.chapter) == (
        own.title, own.limit_seconds, own.chapter,
    )  # fmt: skip


def test_the_judge_knows_every_demand_and_says_in_a_sentence_what_it_asks() -> None:
    for case in [planned.case for planned in load_catalogue().plays()]:
        for words in case.demands:
            sentence = demand_of(words).demand.sentence
            assert sentence.endswith("."), words
            assert len(sentence) > 20, words


@pytest.mark.parametrize("words", ["", "field", "field ", "received twice", "by heart"])
def test_an_unknown_demand_is_refused_with_those_there_are(words: str) -> None:
    with pytest.raises(DemandUnknown, match=r"there are: received.*field NAME.*on port NAME"):
        demand_of(words)


def test_a_case_is_found_in_any_letter_case_and_a_gap_says_why() -> None:
    catalogue = load_catalogue()
    assert catalogue.case("bu2").id == "BU2"
    with pytest.raises(LookupError, match="is never published: the published report"):
        catalogue.case("dis103")
    with pytest.raises(LookupError, match="no case BU9; there are CIC1"):
        catalogue.case("BU9")
    with pytest.raises(LookupError, match="no chapter OHL; there are CIC, APP"):
        catalogue.chapter("OHL")
    assert catalogue.chapter("bu").title == "Ticket buffer"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"BU1"', "7", r"Expected `str`, got `int` - at `\$.cases\[0\].id`"),
        ("limit_seconds", "limit", "unknown field `limit`"),
        ('chapter = "BU"', 'chapter = "XX"', "case BU1: chapter 'XX' is none of BU"),
        ("limit_seconds = 20", "limit_seconds = 0", "limit_seconds is 0"),
        ('["received"]', "[]", "needs at least one demand"),
        ("declared_gaps = []", 'declared_gaps = [{ids=["BU1"], kind="not yet played", reason="x"}]',
         "is also a declared gap"),
        ("standing =", 'tag_sets = ["all"]\nstanding =', "taxation/all is not in the carriage"),
        ("standing =", 'fields = ["colour"]\nstanding =', "'colour' is no ticket field"),
        ("standing =", 'fields = ["currency"]\nstanding =', "no demand 'field currency'"),
        ("standing =", 'values = {currency = ["EUR"]}\nstanding =', "which is not under test"),
        ("standing =", "on = {telex = {}}\nstanding =", "played on 'telex', which is none of nmc"),
        ("standing =", "on = {taxation = {}}\nstanding =", "which is none of nmc, v24, ohl"),
        ("standing =", "on = {nmc = {colour = 1}}\nstanding =", "unknown field `colour`"),
        ("standing =", 'modes = ["night"]\nstanding =', "Invalid enum value 'night'"),
        ("standing =", "modes = []\nstanding =", "modes are one or both of business, hotel"),
        ("standing =", 'modes = ["hotel", "hotel"]\nstanding =', "each once"),
        ("standing =", 'modes = ["hotel"]\nnot_applicable = {business = "x"}\nstanding =',
         "not_applicable.business: it is not played in that mode"),
        ("version = 1", "version = [", "Invalid value|Unclosed|Expected"),
    ],
)  # fmt: skip
def test_a_wrong_catalogue_names_file_case_and_key(old: str, new: str, words: str) -> None:
    assert Catalogue.from_toml(SMALL).cases[0].id == "BU1"
    assert old in SMALL
    with pytest.raises(CatalogueUnreadable, match=words) as caught:
        Catalogue.from_toml(SMALL.replace(old, new), "some/catalogue.toml")
    assert str(caught.value).startswith("some/catalogue.toml: ")


WRONG = """
[[wrong_collectors]]
id = "stores-twice"
title = "Stores twice"
habit = "It keeps what it has already."
must_fail = ["BU1"]
also_fails = { "*" = "whatever is said again" }
"""


def test_eight_wrong_collectors_are_named_with_the_cases_that_find_them_out() -> None:
    wrong = load_catalogue().wrong_collectors
    assert len({each.id for each in wrong}) == len(wrong) == 8
    assert all(each.must_fail and each.habit for each in wrong)
    folders = Path(__file__).resolve().parent / "subjects" / "wrong"
    for each in wrong:
        assert each.wire == "nmc" or (folders / each.id / "subject.toml").exists(), each.id


def test_a_wrong_collector_is_explained_by_its_cases_or_by_what_is_said_of_all_others() -> None:
    (wrong,) = Catalogue.from_toml(SMALL + WRONG).wrong_collectors
    assert wrong.explains("BU1")
    assert wrong.explains("BU2")
    (strict,) = Catalogue.from_toml(SMALL + WRONG.replace("also", "#also")).wrong_collectors
    assert not strict.explains("BU2")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('["BU1"]', '["BU7"]', "wrong collector stores-twice: no case BU7 on taxation"),
        ('["BU1"]', "[]", "needs a case that it must fail"),
        ('"*"', "BU1", "BU1 must fail, and so not also"),
        ('["BU1"]', '["BU1"]\nwire = "nmc"', "no case BU1 on nmc"),
    ],
)
def test_a_wrong_collector_that_names_no_case_is_refused(old: str, new: str, words: str) -> None:
    with pytest.raises(CatalogueUnreadable, match=words):
        Catalogue.from_toml(SMALL + WRONG.replace(old, new))


def test_an_id_is_given_once() -> None:
    twice = SMALL + SMALL[SMALL.index("[[cases]]") :]
    with pytest.raises(CatalogueUnreadable, match="BU1: stands twice"):
        Catalogue.from_toml(twice)


def test_a_missing_or_huge_or_binary_catalogue_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueUnreadable, match=r"catalogue.toml: .*No such file"):
        load_catalogue(tmp_path)
    path = tmp_path / "catalogue.toml"
    path.write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(CatalogueUnreadable, match="longer than 1048576 bytes"):
        load_catalogue(tmp_path)
    path.write_bytes(b"\xff")
    with pytest.raises(CatalogueUnreadable, match="utf-8"):
        load_catalogue(tmp_path)


def test_features_are_found_inside_the_package_first_then_beside_it(tmp_path: Path) -> None:
    package = tmp_path / "scenarios" / "oxo_scenarios"
    (package / "features").mkdir(parents=True)
    with pytest.raises(FeaturesMissing, match=r"oxo_scenarios/features nor .*/features"):
        features_folder(package)
    beside = tmp_path / "features"
    beside.mkdir()
    (beside / "catalogue.toml").touch()
    assert features_folder(package) == beside
    (package / "features" / "catalogue.toml").touch()
    assert features_folder(package) == package / "features"
