"""The contract as spyne has it: version, WSDL, faults; the fast path's bytes against spyne's."""

import gc
import importlib
import importlib.metadata
import logging
from collections.abc import Callable
from datetime import datetime, time
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from lxml import etree
from oxo_simulator.contract_table import Contract
from oxo_simulator.exchange.port import Buffered
from oxo_simulator.taxation import codec, compat, contract, mapping
from oxo_simulator.taxation.answers import Answers
from oxo_simulator.taxation.contract import LoginAnswer
from oxo_simulator.taxation.envelope import Asked
from oxo_simulator.taxation.faults import SoapFault, second_login, unreadable
from oxo_simulator.taxation.transport import SoapRequest, SoapTransport
from oxo_tickets import Facility, Kind, ReminderState, Service, Ticket, TrunkKind

WHEN = datetime.fromisoformat("2026-11-22T14:32:07")
CONTRACT = Contract()
NS = {"t": CONTRACT.namespace, "xs": "http://www.w3.org/2001/XMLSchema"}


@pytest.fixture(scope="module")
def soap() -> SoapTransport:
    return SoapTransport(CONTRACT)


def request(inside: str) -> SoapRequest:
    body = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
        f'<s:Body xmlns="urn:oxo-sim:taxation:1">{inside}</s:Body></s:Envelope>'
    )
    return SoapRequest(body.encode(), "text/xml", None)


class PaperOperations:
    """Answers every operation from paper; keeps what was asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[Any] = []
        self.unknowns: list[Any] = []
        self._error = error

    def _note(self, *what: Any) -> None:
        self.asked.append(what)
        if self._error is not None:
            raise self._error

    def login(self) -> LoginAnswer:
        self._note("login")
        return LoginAnswer("e-1", "R3.2 <1>", 300)

    def get_tickets(self, tickets_max: int) -> bytes:
        self._note("get", tickets_max)
        return b"<rendered/>"

    def acknowledge(self, last: int) -> int:
        self._note("acknowledge", last)
        return 2

    def restart_timer(self) -> int:
        self._note("restart")
        return 300

    def logout(self) -> None:
        self._note("logout")

    def unknown(self, asked: Asked, action: str | None) -> None:
        self.unknowns.append((asked.soap, asked.namespace, asked.operation, action))


def faultcode(body: bytes) -> str:
    return etree.fromstring(body).findtext(".//faultcode") or ""


def faultstring(body: bytes) -> str:
    return etree.fromstring(body).findtext(".//faultstring") or ""


def test_spyne_is_the_version_that_compat_was_tried_with() -> None:
    assert importlib.metadata.version("spyne") == compat.SPYNE_VERSION


def test_spyne_is_quiet_and_leaves_the_garbage_alone() -> None:
    assert not logging.getLogger("spyne.application.client").isEnabledFor(logging.CRITICAL)
    interval = importlib.import_module("spyne.const").MIN_GC_INTERVAL
    assert interval == float("inf")


def test_no_garbage_is_collected_for_a_request(
    soap: SoapTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def collected(*_: object) -> int:
        raise AssertionError("garbage collected in a request")

    monkeypatch.setattr(gc, "collect", collected)
    assert soap.answer(request("<Login/>"), PaperOperations()).fault is None


def test_the_six_of_others_stays_as_it_is() -> None:
    import six  # noqa: PLC0415 -- after compat has made its copy

    assert not hasattr(six, "get_function_name")


@pytest.mark.parametrize(
    ("request_xml", "asked", "answer"),
    [
        (
            "<Login/>",
            ("login",),
            (
                "<LoginResponse><LoginResult><epoch>e-1</epoch><release>R3.2 &lt;1&gt;</release>"
                "<sessionSeconds>300</sessionSeconds></LoginResult></LoginResponse>"
            ),
        ),
        (
            "<AckTickets><lastSequence>9000000000</lastSequence></AckTickets>",
            ("acknowledge", 9_000_000_000),
            (
                "<AckTicketsResponse><AckTicketsResult><acknowledged>2</acknowledged>"
                "</AckTicketsResult></AckTicketsResponse>"
            ),
        ),
        (
            "<RestartSessionTimer/>",
            ("restart",),
            (
                "<RestartSessionTimerResponse><RestartSessionTimerResult><sessionSeconds>300"
                "</sessionSeconds></RestartSessionTimerResult></RestartSessionTimerResponse>"
            ),
        ),
        ("<Logout/>", ("logout",), "<LogoutResponse><LogoutResult/></LogoutResponse>"),
    ],
)
def test_operations(
    soap: SoapTransport, request_xml: str, asked: tuple[Any, ...], answer: str
) -> None:
    operations = PaperOperations()
    got = soap.answer(request(request_xml), operations)
    assert operations.asked == [asked]
    assert got.fault is None
    assert got.body.decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<soap11env:Envelope xmlns="urn:oxo-sim:taxation:1" '
        'xmlns:soap11env="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<soap11env:Body>{answer}</soap11env:Body></soap11env:Envelope>"
    )


def test_a_ticket_answer_passes_spyne_by(soap: SoapTransport) -> None:
    operations = PaperOperations()
    asked = "<GetTickets><maxTickets>7</maxTickets><waitSeconds>0</waitSeconds></GetTickets>"
    got = soap.answer(request(asked), operations)
    assert (got.body, got.operation, got.fault) == (b"<rendered/>", "GetTickets", None)
    assert operations.asked == [("get", 7)]


@pytest.mark.parametrize(
    ("request_xml", "hint"),
    [
        ("<Loggin/>", "unknown operation"),
        ('<Login xmlns="urn:other"/>', "unknown operation"),
        ('<Login xmlns=""/>', "unknown operation"),
        ("<LoginResponse/>", "unknown operation"),
        ("<GetTickets/>", "maxTickets"),
        ("<GetTickets><waitSeconds>0</waitSeconds></GetTickets>", "maxTickets"),
        ("<GetTickets><maxTickets>5</maxTickets></GetTickets>", "waitSeconds"),
        (
            "<GetTickets><waitSeconds>0</waitSeconds><maxTickets>5</maxTickets></GetTickets>",
            "maxTickets",
        ),
        (
            "<GetTickets><maxTickets>0</maxTickets><waitSeconds>0</waitSeconds></GetTickets>",
            "less than the minimum",
        ),
        (
            "<GetTickets><maxTickets>1</maxTickets><waitSeconds>-1</waitSeconds></GetTickets>",
            "less than the minimum",
        ),
        (
            "<GetTickets><maxTickets>many</maxTickets><waitSeconds>0</waitSeconds></GetTickets>",
            "not a valid value",
        ),
        ("<AckTickets><lastSequence/></AckTickets>", "not a valid value"),
        (f"<AckTickets><lastSequence>{'9' * 40}</lastSequence></AckTickets>", "not a valid value"),
        ("<Logout>now</Logout>", "content"),
        ("<Logout><now/></Logout>", "content"),
    ],
)
def test_what_is_against_the_contract_is_the_collectors_fault(
    soap: SoapTransport, request_xml: str, hint: str
) -> None:
    operations = PaperOperations()
    got = soap.answer(request(request_xml), operations)
    assert operations.asked == []
    assert faultcode(got.body) == "soap11env:Client.Request"
    assert hint in faultstring(got.body)
    assert "SCHEMAV" not in faultstring(got.body)
    assert got.fault is not None
    assert got.fault.refusal == "bad request"


def test_a_fault_of_the_operation_goes_back_as_it_is(soap: SoapTransport) -> None:
    got = soap.answer(request("<Login/>"), PaperOperations(second_login()))
    assert faultcode(got.body) == "soap11env:Client.Session"
    assert faultstring(got.body) == second_login().text
    assert got.operation == "Login"
    assert got.fault is not None
    assert got.fault.refusal == "second login"


def test_a_break_inside_is_the_exchanges_fault_and_tells_nothing(
    soap: SoapTransport, capsys: pytest.CaptureFixture[str]
) -> None:
    got = soap.answer(request("<Login/>"), PaperOperations(KeyError("hunter2")))
    assert faultcode(got.body) == "soap11env:Server"
    assert b"hunter2" not in got.body
    assert "taxation.operation_failed" in capsys.readouterr().out


def test_a_long_fault_text_is_cut_in_the_middle(soap: SoapTransport) -> None:
    text = faultstring(soap.fault_bytes(unreadable("a" * 5000 + "b" * 5000)))
    half = contract.FAULT_TEXT_MAX // 2
    assert text == "a" * half + " … " + "b" * half


def test_a_fault_text_cannot_break_the_document(soap: SoapTransport) -> None:
    assert faultstring(soap.fault_bytes(unreadable("</faultstring>&\x00\ud800"))) == (
        "</faultstring>&\ufffd\ufffd"
    )


def full_ticket() -> Ticket:
    return Ticket(
        kind=Kind.REMINDER,
        local_time=WHEN,
        charged_user="",
        dialled_number="*31#'\"<&>\r\n\t]]>",
        initial_user="500",
        trunk="01",
        trunk_kind=TrunkKind.T0,
        ring_seconds=1,
        call_seconds=2,
        units=3,
        cost=Decimal("0.30"),
        currency="€",
        service=Service.DATA,
        facilities=(Facility.FORWARDING, Facility.TRANSFER),
        subscriber_name="\U0001f4de Zoë \ud800",
        account_code=" ",
        reminder_time=time(7, 0),
        reminder_state=ReminderState.FAILED,
    )


def spyne_answer(soap: SoapTransport, tickets: list[Buffered], tag_set: mapping.TagSet) -> bytes:
    """Let spyne itself serialise the answer: its classes, its serialiser, no line of ours."""
    rows = []
    for buffered in tickets:
        record = mapping.wire_ticket(buffered.ticket, tag_set)
        row = soap.schema.ticket()
        for tag in codec.LAYOUT:
            value = getattr(record, tag.value)
            if value is not None:
                unescaped = etree.fromstring(f"<a>{tag.spell(value)}</a>").text or ""
                setattr(row, tag.name, unescaped)
        rows.append(row)
    listed = soap.schema.ticket_list(tickets=rows)
    result = soap.schema.results["get_tickets"](
        first_sequence=tickets[0].sequence if tickets else 0,
        last_sequence=tickets[-1].sequence if tickets else 0,
        remaining=4,
        list=listed,
    )
    context = soap._context()
    context.descriptor = soap.app.interface.service_method_map[
        f"{{{CONTRACT.namespace}}}GetTickets"
    ][0]
    context.out_object = [result]
    return soap._finished(context, None)


@pytest.mark.parametrize("tag_set", ["observed", "extended"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_fast_path_writes_the_bytes_of_spyne(
    soap: SoapTransport,
    paper_exchange: Callable[..., Any],
    tag_set: mapping.TagSet,
    count: int,
) -> None:
    exchange = paper_exchange()
    plain = paper_exchange(2).buffer
    exchange.put(*[full_ticket(), *(one.ticket for one in plain)][:count])
    tickets = exchange.buffer
    assert Answers(tag_set, CONTRACT).get_tickets(tickets, 4, "") == spyne_answer(
        soap, tickets, tag_set
    )


def test_a_ticket_is_rendered_once_while_it_waits(
    paper_exchange: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: list[Any] = []

    def counting(record: codec.WireTicket, **names: Any) -> bytes:
        rendered.append(record)
        return codec.ticket_bytes(record, **names)

    monkeypatch.setattr("oxo_simulator.taxation.answers.ticket_bytes", counting)
    exchange, answers = paper_exchange(3), Answers("observed", CONTRACT)
    first = answers.get_tickets(exchange.waiting(2), 1, "")
    assert answers.get_tickets(exchange.waiting(2), 1, "") == first
    answers.get_tickets(exchange.waiting(3), 0, "")
    assert len(rendered) == 3
    answers.forget(2)
    assert list(answers._rendered) == [3]


def wsdl_schema(soap: SoapTransport) -> etree.XMLSchema:
    root = etree.fromstring(soap.wsdl.at("https://localhost:10443/services/taxation"))
    (schema,) = root.iter("{http://www.w3.org/2001/XMLSchema}schema")
    return etree.XMLSchema(etree.fromstring(etree.tostring(schema)))


@pytest.mark.parametrize("tag_set", ["observed", "extended"])
def test_answers_keep_the_schema_of_the_wsdl(
    soap: SoapTransport, paper_exchange: Callable[..., Any], tag_set: mapping.TagSet
) -> None:
    """The schema compiles, so it is unambiguous, and allows tags that no source knows."""
    exchange = paper_exchange(1)
    unknown = {"taxation": {"NodeID": "3", "Entity": "North wing"}}
    exchange.put(full_ticket(), Ticket(kind=Kind.ROOM_STATUS, local_time=WHEN, extras=unknown))
    answer = etree.fromstring(Answers(tag_set, CONTRACT).get_tickets(exchange.buffer, 0, ""))
    response = answer.find(".//t:GetTicketsResponse", NS)
    assert response is not None
    wsdl_schema(soap).assertValid(response)
    assert (b"North wing" in etree.tostring(answer)) == (tag_set == "extended")


def test_the_wsdl_names_the_address_of_each_request(soap: SoapTransport) -> None:
    for address in ("https://127.0.0.1:30443/services/taxation", "https://oxo/services/taxation"):
        root = etree.fromstring(soap.wsdl.at(address))
        locations = [e.get("location") for e in root.iter("{*}address")]
        assert locations == [address]
    assert b"address.invalid" not in soap.wsdl.at("https://oxo/services/taxation")


def test_the_wsdl_has_the_operations_and_a_usable_transport(soap: SoapTransport) -> None:
    root = etree.fromstring(soap.wsdl.at("https://oxo/"))
    port_type = root.find("{http://schemas.xmlsoap.org/wsdl/}portType")
    assert port_type is not None
    names = [operation.get("name") for operation in port_type]
    assert names == list(CONTRACT.operation_names.values())
    binding = root.find(".//{http://schemas.xmlsoap.org/wsdl/soap/}binding")
    assert binding is not None
    assert binding.get("transport") == "http://schemas.xmlsoap.org/soap/http"
    assert binding.get("style") == "document"


def test_required_members_are_required_and_tags_are_not(soap: SoapTransport) -> None:
    root = etree.fromstring(soap.wsdl.at("https://oxo/"))
    for element in root.iterfind(".//xs:sequence/xs:element", NS):
        name = element.get("name")
        optional = element.get("minOccurs") == "0"
        of_ticket = name in {tag.name for tag in codec.LAYOUT} | {"CallAccounting"}
        assert optional == of_ticket, name
        assert element.get("nillable") is None


def test_soap_faults_say_whose_fault_it_is() -> None:
    fault = SoapFault("Client.Request", "what", "bad request")
    assert str(fault) == "Client.Request: what"
    assert SimpleNamespace(**vars(fault)).refusal == "bad request"
