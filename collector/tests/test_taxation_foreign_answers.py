"""Answers under foreign contracts, byte by byte: every key flipped, halves, garbage.

The examples are those of docs/taxation.md, Foreign contracts.
"""

import re
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oxo_collector.decoders.outcome import Malformed
from oxo_collector.decoders.taxation_fault import FaultAnswer
from oxo_collector.decoders.taxation_soap import (
    AcknowledgeAnswer,
    Answer,
    LoginAnswer,
    LogoutAnswer,
    RestartAnswer,
    TicketsAnswer,
    decode_answer,
)
from oxo_collector.taxation.contract import OWN, Contract, Operation
from oxo_tickets import CommunicationType, Direction, Kind, Ticket

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "taxation.md"
TABLES = re.findall(r"^```toml\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
FOREIGN = Contract.model_validate(tomllib.loads(TABLES[1])["contract"])
"""The invented contract in which everything is different."""

TAGS = (
    "<TicketType>Call</TicketType><ChargedUserID>101</ChargedUserID>"
    "<SubscriberName>Zoë &amp; Söhne &lt;RdC&gt;</SubscriberName>"
    "<CommunicationType>Outgoing</CommunicationType><DialledNumber>0199000001</DialledNumber>"
    "<Date>2026-11-22</Date><Time>09:00:01</Time><RingingDuration>00:00:00</RingingDuration>"
    "<CallDuration>00:00:01</CallDuration>"
)
FIRST = Ticket(
    kind=Kind.CALL,
    local_time=datetime.fromisoformat("2026-11-22T09:00:01"),
    direction=Direction.OUTGOING,
    communication_type=CommunicationType.OUTGOING,
    charged_user="101",
    dialled_number="0199000001",
    subscriber_name="Zoë & Söhne <RdC>",
    ring_seconds=0,
    call_seconds=1,
)

SOAP_1_1 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_1_2 = "http://www.w3.org/2003/05/soap-envelope"
OURS = "urn:oxo-sim:taxation:1"


def own_answer(inner: str) -> bytes:
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        f'<soap11env:Envelope xmlns="{OURS}" xmlns:soap11env="{SOAP_1_1}">'
        f"<soap11env:Body>{inner}</soap11env:Body></soap11env:Envelope>"
    ).encode()


def foreign_answer(inner: str) -> bytes:
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        f'<soap12env:Envelope xmlns="http://pbx.example/billing/2" xmlns:soap12env="{SOAP_1_2}">'
        f"<soap12env:Body>{inner}</soap12env:Body></soap12env:Envelope>"
    ).encode()


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fetched(first: int, last: int, left: int, listed: str) -> bytes:
    return foreign_answer(
        f"<FetchRecordsReply><series>e-1</series><from>{first}</from><to>{last}</to>"
        f"<left>{left}</left><Records>{listed}</Records></FetchRecordsReply>"
    )


RECORDS = f'<Records xmlns="http://pbx.example/records"><Record>{TAGS}</Record></Records>'
NO_RECORDS = '<Records xmlns="http://pbx.example/records"/>'
FETCHED = fetched(1, 1, 1, escaped(RECORDS))

LISTED = f"<CallAccountingList><CallAccounting>{TAGS}</CallAccounting></CallAccountingList>"
OWN_ANSWERS: dict[Operation, tuple[bytes, Answer]] = {
    "login": (
        own_answer(
            "<LoginResponse><LoginResult><epoch>e-1</epoch><release>R3.2</release>"
            "<sessionSeconds>300</sessionSeconds></LoginResult></LoginResponse>"
        ),
        LoginAnswer("e-1", "R3.2", 300),
    ),
    "get_tickets": (
        own_answer(
            "<GetTicketsResponse><GetTicketsResult><firstSequence>1</firstSequence>"
            f"<lastSequence>1</lastSequence><remaining>1</remaining>{LISTED}"
            "</GetTicketsResult></GetTicketsResponse>"
        ),
        TicketsAnswer(1, 1, 1, (FIRST,)),
    ),
    "acknowledge": (
        own_answer(
            "<AckTicketsResponse><AckTicketsResult><acknowledged>1</acknowledged>"
            "</AckTicketsResult></AckTicketsResponse>"
        ),
        AcknowledgeAnswer(1),
    ),
    "restart_timer": (
        own_answer(
            "<RestartSessionTimerResponse><RestartSessionTimerResult>"
            "<sessionSeconds>300</sessionSeconds>"
            "</RestartSessionTimerResult></RestartSessionTimerResponse>"
        ),
        RestartAnswer(300),
    ),
    "logout": (
        own_answer("<LogoutResponse><LogoutResult></LogoutResult></LogoutResponse>"),
        LogoutAnswer(),
    ),
}


def changed(**keys: Any) -> Contract:
    return Contract.model_validate(keys)


def operation(key: str, name: str) -> Contract:
    return changed(operations={key: name})


def element(key: str, name: str) -> Contract:
    return changed(elements={key: name})


# --- answers


def test_the_foreign_answers() -> None:
    for body, expected in (
        (FETCHED, TicketsAnswer(1, 1, 1, (FIRST,), "e-1")),
        (fetched(0, 0, 0, escaped(NO_RECORDS)), TicketsAnswer(0, 0, 0, (), "e-1")),
        (fetched(0, 0, 0, ""), TicketsAnswer(0, 0, 0, (), "e-1")),
        (
            foreign_answer("<KeepAliveReply><idleLimit>300</idleLimit></KeepAliveReply>"),
            RestartAnswer(300),
        ),
        (foreign_answer("<ReleaseReply/>"), LogoutAnswer()),
    ):
        assert decode_answer(body, None, FOREIGN) == expected


def test_the_foreign_list_as_elements_with_a_result_element() -> None:
    contract = FOREIGN.model_copy(update={"ticket_list": "elements", "result_suffix": "Outcome"})
    tags = TAGS.replace("</", "</t:").replace("<", "<t:").replace("<t:/t:", "</t:")
    record = f'<t:Record xmlns:t="http://pbx.example/records">{tags}</t:Record>'
    body = (
        fetched(1, 1, 1, record)
        .replace(b"<FetchRecordsReply>", b"<FetchRecordsReply><FetchRecordsOutcome>")
        .replace(b"</FetchRecordsReply>", b"</FetchRecordsOutcome></FetchRecordsReply>")
    )
    assert decode_answer(body, None, contract) == TicketsAnswer(1, 1, 1, (FIRST,), "e-1")


class Flip(NamedTuple):
    """One key that is different, and what follows from it.

    Attributes:
        asked: the operation whose answer it changes.
        contract: ours but for the key.
        differences: what is different in the answer: before, after.
        refusal: what is said of our own answer; `*` stands for anything.
    """

    asked: Operation
    contract: Contract
    differences: tuple[tuple[str, str], ...]
    refusal: str

    def answer(self) -> bytes:
        """Return the answer as this contract has it."""
        text = OWN_ANSWERS[self.asked][0].decode()
        for before, after in self.differences:
            assert before in text
            text = text.replace(before, after)
        return text.encode()


def renamed_operation(asked: Operation) -> Flip:
    name = OWN.name(asked)
    refusal = f"unknown answer '{name}Response' instead of 'DoResponse' (operations.{asked}, *)"
    return Flip(asked, operation(asked, "Do"), ((f"{name}Res", "DoRes"),), refusal)


def renamed_element(asked: Operation, key: str) -> Flip:
    name = getattr(OWN.elements, key)
    where = f"{OWN.name(asked)}Result"
    refusal = f"Other stands 0 times in {where}, not once (elements.{key}); found there: *"
    return Flip(asked, element(key, "Other"), ((f"{name}>", "Other>"),), refusal)


GET: Operation = "get_tickets"
OPERATIONS: tuple[Operation, ...] = ("login", GET, "acknowledge", "restart_timer", "logout")
FLIPS = [
    Flip(
        "login", changed(soap="1.2"), ((SOAP_1_1, SOAP_1_2),),
        "SOAP 1.1 instead of SOAP 1.2 (soap)",
    ),
    Flip(
        "login", changed(namespace="urn:n"), ((OURS, "urn:n"),),
        f"LoginResponse is in the namespace {OURS!r} instead of 'urn:n' (namespace)",
    ),
    Flip(
        GET, changed(ticket_namespace="urn:t"),
        (("<CallAccounting>", '<CallAccounting xmlns="urn:t">'),),
        f"CallAccounting is in the namespace {OURS!r} instead of 'urn:t' (ticket_namespace)",
    ),
    Flip(
        GET, changed(login="none"), (("<firstS", "<epoch>e-1</epoch><firstS"),),
        "epoch stands 0 times in GetTicketsResult, not once (elements.epoch); found there: *",
    ),
    Flip(
        GET, changed(ticket_list="text"),
        ((LISTED, f"<CallAccountingList>{escaped(LISTED)}</CallAccountingList>"),),
        "CallAccountingList holds elements, no text (ticket_list)",
    ),
    Flip(
        "acknowledge", changed(response_suffix="Reply"),
        (("AckTicketsResponse", "AckTicketsReply"),),
        "unknown answer 'AckTicketsResponse' instead of 'AckTicketsReply' (*, response_suffix)",
    ),
    Flip(
        "restart_timer", changed(result_suffix="Out"),
        (("RestartSessionTimerResult", "RestartSessionTimerOut"),),
        "RestartSessionTimerOut stands 0 times in RestartSessionTimerResponse, not once"
        " (result_suffix); found there: 'RestartSessionTimerResult'",
    ),
    Flip(
        "restart_timer", changed(result_suffix=""),
        (("<RestartSessionTimerResult>", ""), ("</RestartSessionTimerResult>", "")),
        "sessionSeconds stands 0 times in RestartSessionTimerResponse, not once"
        " (elements.session_seconds); found there: 'RestartSessionTimerResult'",
    ),
    *map(renamed_operation, OPERATIONS),
    *(renamed_element("login", key) for key in ("epoch", "release", "session_seconds")),
    *(renamed_element(GET, key) for key in ("first_sequence", "last_sequence", "remaining")),
    renamed_element(GET, "list"),
    renamed_element("restart_timer", "session_seconds"),
    renamed_element("acknowledge", "acknowledged"),
    Flip(
        GET, element("ticket", "Other"), (("CallAccounting>", "Other>"),),
        "no Other in CallAccountingList (elements.ticket); found there: 'CallAccounting'",
    ),
]  # fmt: skip


@pytest.mark.parametrize("flip", FLIPS)
def test_a_key_flipped_reads_its_answer_and_refuses_ours_by_name(flip: Flip) -> None:
    ours, meaning = OWN_ANSWERS[flip.asked]
    assert decode_answer(ours, None, OWN, flip.asked) == meaning
    if isinstance(meaning, TicketsAnswer) and flip.contract.login == "none":
        meaning = TicketsAnswer(1, 1, 1, (FIRST,), "e-1")
    assert decode_answer(flip.answer(), None, flip.contract, flip.asked) == meaning
    refused = decode_answer(ours, None, flip.contract, flip.asked)
    assert isinstance(refused, Malformed)
    assert (refused.raw, refused.place) == (ours, "document")
    begin, _, end = flip.refusal.partition("*")
    told = re.sub("contract keys?: ", "", refused.reason)
    assert told.startswith(begin)
    assert told.endswith(end)


@pytest.mark.parametrize("flip", [one for one in FLIPS if one.contract.login != "none"])
def test_the_flipped_answer_is_not_taken_for_one_of_ours(flip: Flip) -> None:
    found = decode_answer(flip.answer(), None, OWN, flip.asked)
    assert isinstance(found, Malformed)
    assert found.raw == flip.answer()
    assert "(contract key" in found.reason


def test_a_member_more_is_no_fault() -> None:
    """So that an exchange which tells the epoch although it has a login is read."""
    body = OWN_ANSWERS[GET][0].replace(b"<firstS", b"<epoch>e-1</epoch><firstS")
    assert decode_answer(body, None) == OWN_ANSWERS[GET][1]


def test_what_is_asked_without_a_login_has_no_login_answer() -> None:
    found = decode_answer(OWN_ANSWERS["login"][0], None, changed(login="none"), "get_tickets")
    assert isinstance(found, Malformed)
    assert "unknown answer 'LoginResponse' instead of 'GetTicketsResponse'" in found.reason


def test_an_answer_to_another_question_is_an_answer() -> None:
    """The session says so; it is no matter of the contract."""
    assert decode_answer(OWN_ANSWERS["logout"][0], None, OWN, "get_tickets") == LogoutAnswer()


def test_tickets_without_any_namespace_are_tickets() -> None:
    unqualified = OWN_ANSWERS["get_tickets"][0].replace(
        b"<CallAccounting>", b'<CallAccounting xmlns="">'
    )
    for contract in (OWN, changed(ticket_namespace="urn:t")):
        assert decode_answer(unqualified, None, contract) == OWN_ANSWERS["get_tickets"][1]


def test_one_stray_element_does_not_make_the_list_a_foreign_one() -> None:
    two = (
        OWN_ANSWERS["get_tickets"][0]
        .replace(b"</CallAccounting><", b"</CallAccounting><Note/><")
        .replace(b"<lastSequence>1<", b"<lastSequence>2<")
    )
    found = decode_answer(two, None)
    assert isinstance(found, TicketsAnswer)
    assert found.tickets[0] == FIRST
    assert isinstance(found.tickets[1], Malformed)


@pytest.mark.parametrize("epoch", ["", " \n"])
def test_without_a_login_an_empty_epoch_is_no_answer(epoch: str) -> None:
    body = FETCHED.replace(b"<series>e-1", f"<series>{epoch}".encode())
    assert decode_answer(body, None, FOREIGN) == Malformed("series is empty", body, "document")


# --- the list as text


@pytest.mark.parametrize(
    "text",
    [
        f"<![CDATA[{RECORDS}]]>",
        escaped('<?xml version="1.0" encoding="utf-16"?>' + RECORDS),
        escaped('\ufeff<?xml version="1.0"?>\n' + RECORDS),
        escaped(" \n" + RECORDS + "\n"),
        escaped(RECORDS.replace(' xmlns="http://pbx.example/records"', "")),
    ],
)
def test_the_spellings_of_a_list_as_text(text: str) -> None:
    answer = TicketsAnswer(1, 1, 1, (FIRST,), "e-1")
    assert decode_answer(fetched(1, 1, 1, text), None, FOREIGN) == answer


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (escaped(RECORDS[:-1]), "the text of Records: not well formed"),
        (escaped("<!DOCTYPE x>" + RECORDS), "the text of Records: document type refused"),
        (
            escaped('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + RECORDS),
            "the text of Records: document type refused",
        ),
        (escaped(RECORDS.replace("Records", "Liste")), "the text of Records has the root 'Liste'"),
        (escaped(escaped(RECORDS)), "the text of Records: not well formed"),
        ("", "0 tickets in an answer of sequence 1 to 1"),
        (escaped(RECORDS.replace("</Records>", "<Record/></Records>")), "2 tickets in an answer"),
        (escaped(RECORDS.replace("</Records>", "x</Records>")), "text between the tickets"),
        (escaped(RECORDS.replace("example/records", "x")), "Record is in the namespace"),
        (
            escaped(RECORDS.replace("Record>", "Ticket>")),
            "no Record in Records (contract key: elements.ticket)",
        ),
        (RECORDS, "Records holds elements, no text"),
        ("x" * 11_000_000, "not well formed"),
    ],
)
def test_a_text_that_is_no_list_is_kept_whole(text: str, reason: str) -> None:
    body = fetched(1, 1, 1, text)
    found = decode_answer(body, None, FOREIGN)
    assert isinstance(found, Malformed)
    assert reason in found.reason
    assert (found.raw, found.place) == (body, "document")


def test_one_bad_ticket_in_a_text_stays_alone_with_its_own_bytes() -> None:
    listed = RECORDS.replace("</Records>", "<Record><Date>22/11/26</Date></Record></Records>")
    found = decode_answer(fetched(1, 2, 0, escaped(listed)), None, FOREIGN)
    assert isinstance(found, TicketsAnswer)
    assert found.tickets[0] == FIRST
    assert found.tickets[1] == Malformed(
        "Date '22/11/26' is no date YYYY-MM-DD",
        b"<Record><Date>22/11/26</Date></Record>",
        "ticket 2",
    )


# --- faults


def fault_of_1_2(code: str, subcode: str = "", reason: str = "no &amp; never") -> bytes:
    below = f"<e:Subcode><e:Value>{subcode}</e:Value></e:Subcode>" if subcode else ""
    return (
        f'<e:Envelope xmlns:e="{SOAP_1_2}"><e:Body><e:Fault><e:Code><e:Value>{code}</e:Value>'
        f'{below}</e:Code><e:Reason><e:Text xml:lang="en">{reason}</e:Text></e:Reason>'
        "<e:Role></e:Role></e:Fault></e:Body></e:Envelope>"
    ).encode()


@pytest.mark.parametrize("contract", [FOREIGN, OWN])
@pytest.mark.parametrize(
    ("code", "subcode", "expected"),
    [
        ("e:Sender", "Session", "Client.Session"),
        ("e:Sender", "x:Acknowledgement", "Client.Acknowledgement"),
        ("Sender", " Request\n", "Client.Request"),
        ("e:Receiver", "Busy", "Server.Busy"),
        ("e:Receiver", "", "Server"),
        ("e:VersionMismatch", "", "VersionMismatch"),
        ("e:MustUnderstand", "odd", "MustUnderstand.odd"),
    ],
)
def test_faults_of_1_2_have_the_codes_of_1_1(
    contract: Contract, code: str, subcode: str, expected: str
) -> None:
    body = fault_of_1_2(code, subcode)
    assert decode_answer(body, None, contract) == FaultAnswer(expected, "no & never")


def test_a_fault_of_1_1_is_understood_where_1_2_is_spoken() -> None:
    body = (
        f'<e:Envelope xmlns:e="{SOAP_1_1}"><e:Body><e:Fault><faultcode>e:VersionMismatch'
        "</faultcode><faultstring>1.1 please</faultstring></e:Fault></e:Body></e:Envelope>"
    ).encode()
    expected = FaultAnswer("VersionMismatch", "1.1 please")
    assert decode_answer(body, None, FOREIGN) == expected


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (b"<e:Value>e:Sender</e:Value>", b"", "Value stands 0 times in Code"),
        (b"e:Reason", b"e:Why", "Reason stands 0 times in Fault"),
        (b"<e:Value>Session</e:Value>", b"", "Value stands 0 times in Subcode"),
    ],
)
def test_half_a_fault_of_1_2_is_none(before: bytes, after: bytes, reason: str) -> None:
    found = decode_answer(fault_of_1_2("e:Sender", "Session").replace(before, after), None, FOREIGN)
    assert isinstance(found, Malformed)
    assert reason in found.reason


def test_a_fault_without_words_is_a_fault() -> None:
    body = fault_of_1_2("e:Sender", "Session").replace(b"e:Text", b"e:Word")
    assert decode_answer(body, None, FOREIGN) == FaultAnswer("Client.Session", "")


# --- halves and garbage


@pytest.mark.parametrize("body", [FETCHED, fault_of_1_2("e:Sender", "Session")])
def test_cut_at_every_offset_it_is_kept_whole(body: bytes) -> None:
    for cut in range(len(body)):
        found = decode_answer(body[:cut], None, FOREIGN, "get_tickets")
        assert isinstance(found, Malformed), cut
        assert found.raw == body[:cut]


def test_a_text_cut_at_every_offset_is_never_a_list() -> None:
    for cut in range(1, len(RECORDS)):
        body = fetched(1, 1, 1, escaped(RECORDS[:cut]))
        assert isinstance(decode_answer(body, None, FOREIGN), Malformed), cut


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_damage_gives_an_answer_or_the_bytes_as_they_came(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from([FETCHED, fault_of_1_2("e:Sender", "Session")])))
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(begin, min(len(body), begin + 12)))
        body[begin:end] = data.draw(st.binary(max_size=12))
    found = decode_answer(bytes(body), None, FOREIGN, "get_tickets")
    if isinstance(found, Malformed):
        assert found.raw == bytes(body)
    else:
        assert isinstance(found, TicketsAnswer | FaultAnswer)
