"""Every shape of contract: the fast path's bytes are spyne's own, and keep the served schema."""

import itertools
from collections.abc import Callable
from datetime import datetime, time
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree
from oxo_simulator.contract_table import Contract
from oxo_simulator.exchange.port import Buffered
from oxo_simulator.taxation import codec, mapping
from oxo_simulator.taxation.answers import Answers
from oxo_simulator.taxation.transport import SoapTransport, soap_transport
from oxo_tickets import Facility, Kind, ReminderState, Service, Ticket, TrunkKind

XS = "{http://www.w3.org/2001/XMLSchema}"
NAMES = {
    "operations": {"get_tickets": "Fetch", "restart_timer": "Keep", "logout": "Bye"},
    "elements": {
        "max_tickets": "limit",
        "wait_seconds": "patience",
        "last_sequence": "to",
        "first_sequence": "from",
        "remaining": "left",
        "epoch": "series",
        "session_seconds": "idle",
        "list": "Records",
        "ticket": "Record",
    },
}
HOSTILE_NAMES = {
    "operations": {"get_tickets": "call_wrapper", "restart_timer": "class", "logout": "None"},
    "elements": {
        "max_tickets": "self",
        "wait_seconds": "ctx",
        "last_sequence": "Attributes",
        "first_sequence": "get_type_name",
        "remaining": "_type_info",
        "epoch": "Zähler-1.ü",
        "list": "ComplexModel",
        "ticket": "__dict__",
    },
}
SHAPES = [
    Contract.model_validate(
        {
            "soap": soap,
            "namespace": "http://pbx.example/b?a=1&b=2",
            "ticket_namespace": ticket_namespace,
            "login": login,
            "ticket_list": ticket_list,
            "response_suffix": "Reply",
            "result_suffix": result_suffix,
            **names,
        }
    )
    for soap, ticket_namespace, login, ticket_list, result_suffix, names in itertools.product(
        ("1.1", "1.2"),
        ("", "urn:r?x=1&y"),
        ("operation", "none"),
        ("elements", "text"),
        ("", "Outcome"),
        (NAMES, HOSTILE_NAMES),
    )
]


def shape_id(contract: Contract) -> str:
    words = [contract.soap, contract.login, contract.ticket_list, contract.result_suffix or "bare"]
    own = ["own namespace"] if contract.ticket_namespace else []
    return " ".join([*words, *own, contract.elements.ticket])


def full_ticket() -> Ticket:
    return Ticket(
        kind=Kind.REMINDER,
        local_time=datetime.fromisoformat("2026-11-22T14:32:07"),
        charged_user="",
        dialled_number="*31#'\"<&>\r\n\t]]>&#13;",
        trunk="01",
        trunk_kind=TrunkKind.T0,
        ring_seconds=1,
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


def with_unknown_tags() -> Ticket:
    extras = {"taxation": {"NodeID": "3", "Entity": "North <wing>"}}
    local_time = datetime.fromisoformat("2026-11-22T14:32:07")
    return Ticket(kind=Kind.ROOM_STATUS, local_time=local_time, extras=extras)


def spyne_rows(soap: SoapTransport, tickets: list[Buffered]) -> list[Any]:
    rows = []
    for buffered in tickets:
        record = mapping.wire_ticket(buffered.ticket, "extended")
        row = soap.schema.ticket()
        for tag in codec.LAYOUT:
            value = getattr(record, tag.value)
            if value is not None:
                setattr(row, tag.name, etree.fromstring(f"<a>{tag.spell(value)}</a>").text or "")
        rows.append(row)
    return rows


def listed(soap: SoapTransport, tickets: list[Buffered]) -> Any:
    """Return the list's value as spyne takes it: its own types, or the text of a document."""
    contract = soap.contract
    if contract.ticket_list == "elements":
        return soap.schema.ticket_list(tickets=spyne_rows(soap, tickets))
    # The inner document is lxml's: no line of the encoder's own envelope.
    root = etree.Element(
        etree.QName(contract.tickets_in, contract.elements.list), nsmap={None: contract.tickets_in}
    )
    for row in spyne_rows(soap, tickets):
        ticket = etree.SubElement(root, etree.QName(contract.tickets_in, contract.elements.ticket))
        for tag in codec.LAYOUT:
            if (value := getattr(row, tag.name)) is not None:
                etree.SubElement(ticket, etree.QName(contract.tickets_in, tag.name)).text = value
    return etree.tostring(root, encoding="unicode")


def spyne_answer(soap: SoapTransport, tickets: list[Buffered]) -> bytes:
    """Let spyne itself serialise the answer: its classes, its serialiser, no line of ours."""
    contract = soap.contract
    values = {
        "epoch": "e-<1>",
        "first_sequence": tickets[0].sequence if tickets else 0,
        "last_sequence": tickets[-1].sequence if tickets else 0,
        "remaining": 4,
        "list": listed(soap, tickets),
    }
    keys = [key for key, _ in soap.schema.members["get_tickets"]]
    result = soap.schema.results.get("get_tickets")
    chosen = [values[key] for key in keys]
    context = soap._context()
    name = f"{{{contract.namespace}}}{contract.operations.get_tickets}"
    context.descriptor = soap.app.interface.service_method_map[name][0]
    context.out_object = chosen
    if result is not None:
        context.out_object = [result(**dict(zip(keys, chosen, strict=True)))]
    return soap._finished(context, None)


@pytest.mark.parametrize("contract", SHAPES, ids=shape_id)
def test_the_fast_path_writes_the_bytes_of_spyne(
    contract: Contract, paper_exchange: Callable[..., Any]
) -> None:
    soap = soap_transport(contract)
    for count in (0, 1, 3):
        exchange = paper_exchange()
        exchange.put(*[full_ticket(), *(one.ticket for one in paper_exchange(2).buffer)][:count])
        ours = Answers("extended", contract).get_tickets(exchange.buffer, 4, "e-<1>")
        assert ours == spyne_answer(soap, exchange.buffer)


def schemas(soap: SoapTransport) -> etree.XMLSchema:
    """Compile the WSDL's schemas: one that imports all of them."""
    root = etree.fromstring(soap.wsdl.at("https://localhost:10443/services/taxation"))
    found = {schema.get("targetNamespace") or "": schema for schema in root.iter(f"{XS}schema")}

    class Inside(etree.Resolver):
        def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:  # noqa: ARG002
            schema = found[(system_url or "").removeprefix("in:")]
            return self.resolve_string(etree.tostring(schema), context)

    parser = etree.XMLParser()
    parser.resolvers.add(Inside())
    for schema in found.values():
        for imported in schema.iter(f"{XS}import"):
            imported.set("schemaLocation", f"in:{imported.get('namespace')}")
    everything = etree.Element(f"{XS}schema")
    for namespace in found:
        within = {"namespace": namespace, "schemaLocation": f"in:{namespace}"}
        etree.SubElement(everything, f"{XS}import", within)
    return etree.XMLSchema(etree.fromstring(etree.tostring(everything), parser))


@pytest.mark.parametrize("contract", SHAPES, ids=shape_id)
def test_answers_keep_the_schema_that_is_served(
    contract: Contract, paper_exchange: Callable[..., Any]
) -> None:
    """The schema compiles, so it is unambiguous; tags that no source knows are allowed."""
    exchange = paper_exchange(1)
    exchange.put(full_ticket(), with_unknown_tags())
    answer = etree.fromstring(Answers("extended", contract).get_tickets(exchange.buffer, 0, "e-1"))
    (body,) = answer.iterfind("{*}Body")
    schemas(soap_transport(contract)).assertValid(body[0])
    assert b"North" in etree.tostring(answer)


@pytest.mark.parametrize("contract", SHAPES, ids=shape_id)
def test_a_list_as_text_holds_what_a_list_of_elements_is(
    contract: Contract, paper_exchange: Callable[..., Any]
) -> None:
    exchange = paper_exchange(1)
    exchange.put(full_ticket(), with_unknown_tags())
    answer = etree.fromstring(Answers("extended", contract).get_tickets(exchange.buffer, 0, "e-1"))
    (found,) = answer.iter(f"{{{contract.namespace}}}{contract.elements.list}")
    if contract.ticket_list == "text":
        assert len(found) == 0
        found = etree.fromstring(found.text or "")
        assert found.tag == f"{{{contract.tickets_in}}}{contract.elements.list}"
    assert [one.tag for one in found] == [
        f"{{{contract.tickets_in}}}{contract.elements.ticket}"
    ] * 3
    tags = [etree.QName(tag) for one in found for tag in one]
    unknown = [tag.localname for tag in tags if tag.namespace is None]
    assert unknown == ["NodeID", "Entity"]
    assert {tag.namespace for tag in tags} == {None, contract.tickets_in}
    assert found[1].findtext("{*}DialledNumber") == "*31#'\"<&>\r\n\t]]>&#13;"
