"""The control API described as OpenAPI 3.1, made from its routes and messages.

Nothing is written twice: paths and parameters come from `ROUTES`, schemas from the message
classes, texts from both. The page docs/control.md is held to the same table by a test.
"""

import inspect
from typing import Any

import msgspec

from oxo_simulator.control.messages import Problem
from oxo_simulator.control.routes import NUMBER_MAX, ROUTES, Parameter, Route

VERSION = "1"
"""Of the API. A key that is added leaves it; one that changes its meaning raises it."""
_SCHEMA = "#/components/schemas/{name}"
_PROBLEM = "Problem"
_REASONS = {
    "400": "The request cannot be obeyed, and nothing has changed; says what is allowed.",
    "401": "The bearer token is missing or wrong.",
    "404": "There is no such session, or nothing answers under such a path.",
    "413": "The body is too long.",
    "500": "This machine does not allow it, or the simulator broke.",
    "503": "The end of the process interrupts the order.",
}


def document() -> dict[str, Any]:
    """Return the OpenAPI document, as plain JSON values."""
    kinds = [kind for route in ROUTES for kind in (route.body, route.answer) if kind]
    found, schemas = msgspec.json.schema_components([*kinds, Problem], ref_template=_SCHEMA)
    by_kind = {repr(kind): schema for kind, schema in zip([*kinds, Problem], found, strict=True)}
    for schema in schemas.values():
        _tidy(schema)
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_kind)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Control API of the simulated exchange",
            "version": VERSION,
            "description": "Loopback only. `oxo-sim run --state DIR` writes the address to "
            "exchange.json and the token to control.token in that folder.",
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "responses": {f"Problem{status}": _problem(status) for status in _REASONS},
        },
    }


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.meaning,
        "responses": {
            "200": _done(route, schemas[repr(route.answer)]),
            **{
                status: {"$ref": f"#/components/responses/Problem{status}"}
                for status in _problems(route)
            },
        },
    }
    if parameters := [*map(_in_query, route.query), *_in_path(route)]:
        operation["parameters"] = parameters
    if route.body is not None:
        content = _json(schemas[repr(route.body)])
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _done(route: Route, schema: Any) -> dict[str, Any]:
    done = {"description": "Done.", "content": _json(schema)}
    if not route.paged:
        return done
    meaning = 'Where others follow: their address, with rel="next" (RFC 8288).'
    return {**done, "headers": {"Link": {"description": meaning, "schema": {"type": "string"}}}}


def _problems(route: Route) -> list[str]:
    # A query is wrong wherever a parameter is unknown.
    possible = {
        "404": bool(route.place),
        "413": bool(route.body),
        "503": route.method != "GET",
    }
    return sorted(["400", "401", "500", *(status for status, holds in possible.items() if holds)])


def _problem(status: str) -> dict[str, Any]:
    schema = {"$ref": _SCHEMA.format(name=_PROBLEM)}
    return {"description": _REASONS[status], "content": _json(schema)}


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _in_query(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if not parameter.text:
        schema = {
            "type": "integer" if parameter.whole else "number",
            "minimum": 0,
            "default": parameter.default,
        }
    return {
        "name": parameter.name,
        "in": "query",
        "description": _meaning(parameter),
        "schema": schema,
    }


def _meaning(parameter: Parameter) -> str:
    if parameter.most == NUMBER_MAX:
        return parameter.meaning
    return f"{parameter.meaning} More than {parameter.most:.0f} counts as that."


def _in_path(route: Route) -> list[dict[str, Any]]:
    if route.place is None:
        return []
    schema = {"type": "string"}
    return [{"name": route.place, "in": "path", "required": True, "schema": schema}]


def _tidy(schema: dict[str, Any]) -> None:
    """Unfold the docstrings that became descriptions: one line each paragraph."""
    if "description" in schema:
        schema["description"] = inspect.cleandoc(schema["description"])
