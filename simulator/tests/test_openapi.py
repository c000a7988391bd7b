"""The description of the control API: well formed, true, and the same as what is served."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import jsonschema
import msgspec
import pytest
import requests
from oxo_simulator.control import messages
from oxo_simulator.control.client import ControlClient
from oxo_simulator.control.messages import (
    AppointmentOrder,
    ArmedFault,
    CertificateOrder,
    Fault,
    Installation,
    Message,
    TrafficOrder,
)
from oxo_simulator.control.openapi import document
from oxo_simulator.control.routes import ROUTES
from oxo_simulator.control.server import ControlServer
from oxo_simulator.ephemeral import EphemeralExchange
from oxo_simulator.simulation import Simulation
from oxo_tickets import Kind, Ticket
from twisted.internet.task import Clock

PAGE = Path(__file__).resolve().parents[2] / "docs" / "control.md"
METHODS = {"get", "post", "delete"}
OPERATION_KEYS = {"operationId", "summary", "parameters", "requestBody", "responses"}


@pytest.fixture(scope="module")
def described() -> Any:
    """Return the document as whoever asks for it reads it."""
    return json.loads(msgspec.json.encode(document()))


def operations(described: Any) -> Iterator[tuple[str, str, Any]]:
    for path, item in described["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_the_routes_served_are_the_routes_described(described: Any) -> None:
    simulation = create_autospec(Simulation, instance=True)
    for part in ("link", "orders", "calls", "hotel", "traffic"):
        setattr(simulation, part, None)
    server = ControlServer(simulation, "token", Clock())
    served = {
        (method.lower(), re.sub(r"<(\w+)>", r"{\1}", rule.rule))
        for rule in server.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
    }
    assert served == {(method, path) for method, path, _ in operations(described)}
    assert len(served) == len(ROUTES)


def test_each_operation_is_a_method_of_the_client(described: Any) -> None:
    names = [operation["operationId"] for _, _, operation in operations(described)]
    assert len(set(names)) == len(names)
    for name in names:
        assert callable(getattr(ControlClient, name)), name


def test_the_document_is_well_formed(described: Any) -> None:
    assert described["openapi"] == "3.1.0"
    assert described["security"] == [{"bearer": []}]
    assert described["components"]["securitySchemes"]["bearer"] == {
        "type": "http", "scheme": "bearer",
    }  # fmt: skip
    for method, path, operation in operations(described):
        assert method in METHODS
        assert set(operation) <= OPERATION_KEYS, path
        assert {"200", "401", "500"} <= set(operation["responses"])
        assert ("requestBody" in operation) == (method == "post")
        assert operation.get("requestBody", {"required": True})["required"]
        named = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", path))
    for schema in described["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for reference in references(described):
        found = described
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        assert found


def test_every_message_is_described(described: Any) -> None:
    kinds = {
        name
        for name in messages.__all__
        if isinstance(kind := getattr(messages, name), type)
        and issubclass(kind, msgspec.Struct)
        and kind is not Message
    }
    assert kinds <= set(described["components"]["schemas"])


def test_the_page_has_the_routes_and_their_messages() -> None:
    rows = re.findall(
        r"^\| `([A-Z]+) ([^?`]+)[^`]*` \| (.*?) \|", PAGE.read_text("utf-8"), re.MULTILINE
    )
    told = {(method, path): set(re.findall(r"`(\w+)`", shapes)) for method, path, shapes in rows}
    assert set(told) == {(route.method, route.path) for route in ROUTES}
    for route in ROUTES:
        kinds = [kind for kind in (route.body, route.answer) if kind is not None]
        expected = set(re.findall(r"control\.\w+\.(\w+)", " ".join(map(repr, kinds))))
        assert told[route.method, route.path] == expected, route.path


def test_the_page_names_every_parameter() -> None:
    rows = re.findall(r"^\| `([A-Z]+) (\S+)`", PAGE.read_text("utf-8"), re.MULTILINE)
    told = {
        (method, path.partition("?")[0]): re.findall(r"(\w+)=", path.partition("?")[2])
        for method, path in rows
    }
    for route in ROUTES:
        expected = [parameter.name for parameter in route.query]
        assert told[route.method, route.path] == expected, route.path


def test_the_page_names_every_command() -> None:
    from oxo_simulator.cli import app  # noqa: PLC0415 - of this test alone

    told = set(re.findall(r"^\| `oxo-sim ([\w-]+)", PAGE.read_text("utf-8"), re.MULTILINE))
    names = {one.name or one.callback.__name__ for one in app.registered_commands if one.callback}
    assert told == names


def answers(client: ControlClient) -> Iterator[tuple[str, str, Any]]:
    """Ask everything once, and tell what was asked and what came."""
    ticket = Ticket(kind=Kind.CALL, local_time=datetime(2020, 2, 24, 14))  # noqa: DTZ001
    armed = ArmedFault(when="offered", fault=Fault(kind="cut", ports=["standard"]))
    yield "post", "/installation", client.install(Installation())
    yield "post", "/tickets", client.load([ticket])
    yield (
        "post",
        "/appointments",
        client.program_appointment(AppointmentOrder(user="106", time="07:00")),
    )
    yield "get", "/appointments", client.appointments()
    yield "delete", "/appointments/{user}", client.cancel_appointment("106", "07:00")
    yield "get", "/hotel/rooms", client.rooms()
    yield "get", "/hotel/booths", client.booths()
    yield "post", "/link/armed", client.arm(armed)
    yield "post", "/link/fault", client.strike(Fault(kind="cut"))
    yield "get", "/link", client.link()
    yield "post", "/link/restore", client.restore()
    yield "post", "/licence", client.licence(call_accounting_over_ip=True)
    yield "post", "/time", client.advance(1)
    yield "post", "/time/pace", client.pace(0)
    yield "post", "/traffic", client.begin_traffic(TrafficOrder(hours=1))
    yield "get", "/traffic", client.traffic()
    yield "delete", "/traffic", client.end_traffic()
    yield "get", "/buffer", client.buffer()
    yield "get", "/sessions", client.sessions()
    yield "get", "/profile", client.profile()
    yield "post", "/certificate", client.renew_certificate(CertificateOrder())
    yield "get", "/certificate", client.certificate()
    yield "get", "/ledger", client.ledger()
    yield "get", "/transcript", client.transcript()
    yield "get", "/state", client.state()
    yield "get", "/openapi.json", client.openapi()


@pytest.mark.process
def test_no_operation_is_for_strangers(oxo: EphemeralExchange) -> None:
    oxo.control.place_calls()
    before = oxo.control.state()
    with requests.Session() as session:
        session.trust_env = False
        for route in ROUTES:
            url = oxo.control.url + re.sub(r"\{\w+\}", "1", route.path)
            answer = session.request(route.method, url, data=b"{}", timeout=20)
            assert answer.status_code == 401, route.path
            assert list(answer.json()) == ["error"]
    assert oxo.control.state() == before


@pytest.mark.process
def test_what_is_answered_is_what_is_described(oxo: EphemeralExchange, described: Any) -> None:
    for method, path, answer in answers(oxo.control):
        operation = described["paths"][path][method]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        whole = {**schema, "components": described["components"]}
        jsonschema.validate(json.loads(msgspec.json.encode(answer)), whole)
    assert oxo.control.openapi() == described
