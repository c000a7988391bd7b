"""Profiles: what is wrong is named with its place and what is allowed; every key has an effect."""

from pathlib import Path

import pytest
from oxo_simulator.profile import (
    FURTHER_WIRES,
    SHARED_SECTIONS,
    choices,
    keys,
    load_profile,
    packaged,
)
from oxo_simulator.profile_section import ProfileError

CERTIFY = Path(__file__).parents[1] / "oxo_simulator" / "profiles" / "certify.toml"


@pytest.mark.parametrize("name", packaged())
def test_every_packaged_profile_can_be_used(name: str) -> None:
    profile = load_profile(name)
    listed = {choice["key"] for choice in choices(profile)}
    assert {"session.without_cookie", "buffer.capacity"} <= listed
    assert "metering.unanswered_incoming" not in listed, "documented, not chosen"


def test_the_packaged_profiles_differ_as_the_facts_say() -> None:
    assert packaged() == ("certify", "documented", "r3.2-iwr", "r6-hardened")
    assert not load_profile("r3.2-iwr").ports.alternate.open
    assert load_profile("documented").ports.alternate.open
    assert load_profile("r6-hardened").wsdl == "withheld"
    assert not load_profile("documented").metering.unanswered_incoming
    certify = load_profile("certify")
    assert certify.metering.unanswered_incoming
    assert (certify.tag_set, certify.batch_tickets_max) == ("extended", 20)
    assert max(certify.reset.refused_seconds, certify.reset.busy_seconds) <= 1


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("session.idle_seconds", 0, "override session.idle_seconds: .*greater than or equal to 1"),
        ("session.second_login", "share", "'take-over' or 'refuse', found 'share'"),
        ("zone", "Mars/Base", "override zone: .*IANA zone .*found 'Mars/Base'"),
        ("zone", "../etc/passwd", "IANA zone"),
        ("start", "2020-02-24T14:00:00+01:00", "without offset"),
        ("start", "0001-01-01T00:00:00", "1900-01-01 to 2999-12-31 is expected"),
        ("start", "9999-12-30T23:00:00", "1900-01-01 to 2999-12-31 is expected"),
        ("release", "R3\x00", "match pattern"),
        ("charging.currency", "\ufffe", "match pattern"),
        ("ports.standard.number", 70_000, "less than or equal to 65535"),
        ("charging.unit_value", "1.234", "2 decimal places"),
        ("session.cookie_name", "a b", "match pattern"),
        ("user", "a:b", "match pattern"),
        ("installation", "a\x00b.toml", "override installation: .*no file has a NUL in its name"),
        ("wsdl_folder", "a\x00b", "override wsdl_folder: .*no file has a NUL in its name"),
        ("session.idle", 1, "override session.idle: no such key; near it: session.idle_seconds"),
        ("ports", 1, "override ports: no such key"),
    ],
)
def test_a_wrong_override_is_named(key: str, value: object, words: str) -> None:
    with pytest.raises(ProfileError, match=words):
        load_profile("certify", {key: value})


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "idle_seconds = 300",
            "idle = 300",
            r"session\.idle: no such key; allowed here: idle_seco",
        ),
        ("idle_seconds = 300", "", r"site.toml: session.idle_seconds: is missing; expected int"),
        ('wsdl = "served"', 'wsdl = "hidden"', "wsdl: Input should be 'served', 'with"),
        ("[buffer]", "[buffet]", r"buffer: is missing; expected a table with capacity, alarm_per"),
        ('name = "', "name = ", r"site.toml: no TOML: .*line 3"),
    ],
)
def test_a_wrong_file_is_named_with_its_key(tmp_path: Path, old: str, new: str, words: str) -> None:
    file = tmp_path / "site.toml"
    text = CERTIFY.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(ProfileError, match=words) as caught:
        load_profile(str(file))
    assert "site.toml" in str(caught.value)


def test_a_profile_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ProfileError, match="no profile 'certfy'; packaged are certify, doc"):
        load_profile("certfy")
    with pytest.raises(ProfileError, match=r"gone\.toml does not exist"):
        load_profile("gone.toml")


def test_a_file_without_end_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "long.toml"
    file.write_bytes(b"#" * 70_000)
    with pytest.raises(ProfileError, match="more than 65536 bytes"):
        load_profile(str(file))


def test_an_override_is_laid_over_the_file() -> None:
    profile = load_profile("certify", {"session.idle_seconds": "5", "ports.alternate.open": False})
    assert profile.session.idle_seconds == 5
    assert not profile.ports.alternate.open
    value = {c["key"]: c["value"] for c in choices(profile)}["session.idle_seconds"]
    assert value == "5"


def test_every_key_has_a_standing() -> None:
    wires = tuple(f"{name}." for name in (*FURTHER_WIRES, *SHARED_SECTIONS))
    assert len([key for key in keys() if not key.startswith(wires)]) > 50
    assert set(keys().values()) <= {"documented", "field", "inferred", "ours"}


def test_a_file_that_this_machine_does_not_give_is_named() -> None:
    with pytest.raises(ProfileError, match=r"profile file a+: File name too long"):
        load_profile(f"{'a' * 5000}.toml")


@pytest.mark.parametrize("wire", FURTHER_WIRES)
def test_what_is_chosen_for_a_closed_wire_is_no_choice(wire: str) -> None:
    listed = {choice["key"] for choice in choices(load_profile("certify"))}
    assert not [key for key in listed if key.startswith(f"{wire}.")]
    opened = load_profile("certify", {f"{wire}.open": True})
    assert [each for each in choices(opened) if each["key"].startswith(f"{wire}.")]
