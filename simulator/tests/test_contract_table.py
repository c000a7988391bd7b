"""The table `[contract]`: what cannot work is refused with its place and what is allowed."""

from pathlib import Path
from typing import Any

import pytest
from oxo_simulator.contract_table import Contract
from oxo_simulator.profile import Profile, choices, described, keys, load_profile
from oxo_simulator.profile_section import ProfileError

PROFILES = Path(__file__).parents[1] / "oxo_simulator" / "profiles"


def site(folder: Path, table: str, more: str = "") -> str:
    """Write a profile file with this table behind a packaged profile's keys."""
    text = (PROFILES / "certify.toml").read_text("utf-8")
    file = folder / "site.toml"
    file.write_text(f"{more}\n{text}\n{table}\n", "utf-8")
    return str(file)


def test_without_a_table_the_contract_is_that_of_the_page() -> None:
    assert load_profile("certify").contract == Contract()
    assert list(Contract().operation_names.values()) == [
        "Login",
        "GetTickets",
        "AckTickets",
        "RestartSessionTimer",
        "Logout",
    ]


REFUSED = {
    "unknown key": ('sopa = "1.2"', r"contract\.sopa: no such key; allowed here: soap, namespace,"),
    "unknown operation": (
        '[contract.operations]\nget = "X"',
        r"contract\.operations\.get: no such key; allowed here: login, get_tickets, acknowledge,",
    ),
    "soap": ('soap = "1.3"', r"contract\.soap: .*'1.1' or '1.2', found '1.3'"),
    "login": ('login = "basic"', r"contract\.login: .*'operation' or 'none'"),
    "acknowledgement": ('acknowledgement = "yes"', "'explicit', 'next-request' or 'on-read'"),
    "ticket list": ('ticket_list = "cdata"', "'elements' or 'text'"),
    "empty namespace": ('namespace = ""', r"contract\.namespace: .*at least 1 item"),
    "blank in a namespace": ('namespace = "a b"', r"contract\.namespace: .*match pattern"),
    "namespace that no schema takes": (
        'ticket_namespace = "http://[bad"',
        r"contract\.ticket_namespace: .*a namespace is expected",
    ),
    "namespace beyond ASCII": ('namespace = "urn:é"', r"contract\.namespace: .*is expected"),
    "namespace of the envelope": (
        'ticket_namespace = "http://schemas.xmlsoap.org/soap/envelope/"',
        r"contract\.ticket_namespace: .*taken by envelope, schema or WSDL",
    ),
    "colon in a name": (
        '[contract.operations]\nlogin = "a:Login"',
        r"contract\.operations\.login: .*name of XML without colon .*found 'a:Login'",
    ),
    "digit before a name": ('[contract.elements]\nlist = "1st"', r"elements\.list: .*name of XML"),
    "empty name": ('[contract.elements]\nlist = ""', r"contract\.elements\.list: .*at least 1"),
    "long name": (f'[contract.elements]\nlist = "{"x" * 129}"', "at most 128 characters"),
    "no number is a name": ("[contract.elements]\nlist = 7", r"elements\.list: .*string"),
    "empty response suffix": ('response_suffix = ""', r"contract\.response_suffix: .*at least 1"),
    "blank suffix": ('result_suffix = "a b"', r"contract\.result_suffix: .*behind a name of XML"),
    "two operations with one name": (
        '[contract.operations]\nget_tickets = "Do"\nlogout = "Do"',
        r'contract\.operations\.logout: "Do" is operations\.get_tickets too; .* names of their own',
    ),
    "an answer like an operation": (
        '[contract.operations]\nget_tickets = "A"\nlogout = "AResponse"',
        r'operations\.logout: "AResponse" is operations\.get_tickets with response_suffix too',
    ),
    "an answer like a result": (
        'result_suffix = "Response"',
        r'contract\.operations\.login with result_suffix: "LoginResponse" is ',
    ),
    "list like ticket": (
        '[contract.elements]\nlist = "Ticket"\nticket = "Ticket"',
        r'contract\.elements\.ticket: "Ticket" is elements\.list too',
    ),
    "ticket like an operation": (
        '[contract.elements]\nticket = "Logout"',
        r'contract\.elements\.ticket: "Logout" is operations\.logout too',
    ),
    "two arguments with one name": (
        '[contract.elements]\nwait_seconds = "maxTickets"',
        r'elements\.wait_seconds: "maxTickets" is elements\.max_tickets too; members of one req',
    ),
    "two members with one name": (
        '[contract.elements]\nremaining = "firstSequence"',
        r'elements\.remaining: "firstSequence" is elements\.first_sequence too; members of one ans',
    ),
    "two members of Login with one name": (
        '[contract.elements]\nrelease = "epoch"',
        r'elements\.release: "epoch" is elements\.epoch too',
    ),
    "epoch beside the sequence": (
        'login = "none"\n[contract.elements]\nepoch = "remaining"',
        r'elements\.remaining: "remaining" is elements\.epoch too',
    ),
    "a thanks that is not spoken": (
        'acknowledgement = "next-request"\n[contract.operations]\nacknowledge = "Ack"',
        r'\.acknowledge: is named, but acknowledgement = "next-request" .* take .* = "explicit"',
    ),
    "a thanks after reading": (
        'acknowledgement = "on-read"\n[contract.operations]\nacknowledge = "AckTickets"',
        r'operations\.acknowledge: is named, but acknowledgement = "on-read"',
    ),
    "a login that is not there": (
        'login = "none"\n[contract.operations]\nlogin = "Login"',
        r'operations\.login: is named, but login = "none" .* or take login = "operation"',
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_table_that_cannot_work_is_refused_with_file_and_key(tmp_path: Path, case: str) -> None:
    table, words = REFUSED[case]
    with pytest.raises(ProfileError, match=words) as caught:
        load_profile(site(tmp_path, f"[contract]\n{table}"))
    assert "site.toml" in str(caught.value)


@pytest.mark.parametrize(
    "table",
    [
        'login = "none"\n[contract.elements]\nrelease = "epoch"',
        '[contract.operations]\nlogin = "Zugang-1.ö"',
        '[contract.elements]\nepoch = "remaining"',
        'acknowledgement = "on-read"\n[contract.operations]\nlogout = "AckTickets"',
        'login = "none"\n[contract.operations]\nlogout = "Login"',
        'ticket_namespace = "urn:oxo-sim:taxation:1"',
    ],
)
def test_what_does_not_meet_in_one_place_may_have_one_name(tmp_path: Path, table: str) -> None:
    load_profile(site(tmp_path, f"[contract]\n{table}"))


def test_overrides_are_told_apart_from_the_file() -> None:
    overrides = {"contract.operations.logout": "Login"}
    with pytest.raises(ProfileError, match=r"profile certify with overrides: contract\.operat"):
        load_profile("certify", overrides)
    with pytest.raises(ProfileError, match=r"override contract\.soap: .*found '2'"):
        load_profile("certify", {"contract.soap": "2"})
    profile = load_profile("certify", {"contract.elements.ticket": "Row"})
    assert profile.contract.elements.ticket == "Row"


def test_every_key_of_the_contract_is_a_choice_of_ours() -> None:
    listed = {one["key"]: one for one in choices(load_profile("certify"))}
    of_contract = [key for key in keys() if key.startswith("contract.")]
    assert len(of_contract) == 25
    for key in of_contract:
        assert listed[key]["standing"] == "ours"
    assert listed["contract.operations.get_tickets"]["value"] == "GetTickets"
    assert "wsdl_folder" not in listed, "without meaning here"


def test_a_key_without_meaning_in_this_shape_is_no_choice() -> None:
    shape = {"contract.login": "none", "contract.acknowledgement": "next-request"}
    listed = {one["key"] for one in choices(load_profile("certify", shape))}
    assert {"contract.login", "contract.elements.epoch"} <= listed
    assert not listed & {
        "contract.operations.login",
        "contract.elements.release",
        "contract.operations.acknowledge",
        "contract.elements.acknowledged",
    }


# the maker's files


def maker(folder: Path, **files: str) -> Path:
    where = folder / "maker"
    where.mkdir()
    for name, content in files.items():
        (where / name.replace("_", ".")).write_text(content, "utf-8")
    return where


def with_files(folder: Path) -> Profile:
    text = (PROFILES / "certify.toml").read_text("utf-8").replace('"served"', '"files"')
    file = folder / "site.toml"
    file.write_text(f'wsdl_folder = "maker"\n{text}', "utf-8")
    return load_profile(str(file))


def test_the_folder_lies_beside_the_file_that_names_it(tmp_path: Path) -> None:
    maker(tmp_path, taxation_wsdl="<w/>", types_xsd="<s/>", notes_txt="x")
    found = with_files(tmp_path).wsdl_files
    assert found is not None
    assert found.wsdl == "taxation.wsdl"
    assert found.files == {"taxation.wsdl": b"<w/>", "types.xsd": b"<s/>"}


def test_a_report_tells_the_folders_name_and_not_where_it_lies(tmp_path: Path) -> None:
    maker(tmp_path, taxation_wsdl="<w/>")
    listed = {one["key"]: one["value"] for one in choices(with_files(tmp_path))}
    assert listed["wsdl_folder"] == "maker"
    told = {one["key"]: one["value"] for one in described(load_profile("certify"))}
    assert told["wsdl_folder"] == "none"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "exactly one .wsdl file is expected, found none"),
        ({"a_wsdl": "", "b_WSDL": ""}, r"exactly one .wsdl file is expected, found a\.wsdl, b"),
        ({"a_wsdl": "x" * (1024 * 1024 + 1)}, r"a\.wsdl: more than 1048576 bytes"),
        ({"a_wsdl": "", **{f"s{n}_xsd": "" for n in range(64)}}, "65 files; at most 64"),
        (
            {"a_wsdl": "", **{f"s{n}_xsd": "x" * 1024 * 1024 for n in range(9)}},
            "more than 8388608 bytes together",
        ),
    ],
)
def test_a_folder_that_cannot_be_served_is_refused(
    tmp_path: Path, files: dict[str, str], words: str
) -> None:
    maker(tmp_path, **files)
    with pytest.raises(ProfileError, match=rf"site.toml: wsdl_folder: .*maker.*{words}"):
        with_files(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"wsdl_folder: .*maker: No such file or directory"):
        with_files(tmp_path)


@pytest.mark.parametrize("way", ["link", "folder"])
def test_what_leads_out_of_the_folder_is_refused(tmp_path: Path, way: str) -> None:
    where = maker(tmp_path, a_wsdl="")
    (tmp_path / "secret").write_text("s", "utf-8")
    if way == "link":
        (where / "b.xsd").symlink_to(tmp_path / "secret")
    else:
        (where / "b.xsd").mkdir()
    with pytest.raises(ProfileError, match=r"b\.xsd: a plain file in this folder is expected"):
        with_files(tmp_path)


@pytest.mark.parametrize(
    "overrides",
    [{"wsdl": "files"}, {"wsdl_folder": "/tmp"}],  # noqa: S108 -- never opened
)
def test_files_and_folder_come_together(overrides: dict[str, Any]) -> None:
    with pytest.raises(ProfileError, match='wsdl_folder: wsdl = "files" needs the folder'):
        load_profile("certify", overrides)
