"""The simulator's own OpenAPI document: what one release takes and answers, made from the catalog.

It says what is true on the wire where 3CX's document does not: the quotes around a text in a path, the
annotations in an answer, the shape of an error and every status that may come, files as files. So a client or
a fuzzer that follows it to the letter needs no other knowledge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .literals import INTEGER_RANGES
from .model import Field, Model, model_of
from .query import MAX_TOP
from .routes import Router

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..catalog import Catalog, Operation, OperationVersion, Parameter
    from .routes import Route

Json = dict[str, Any]

JSON = "application/json"
# What downloads are; which of them an operation gives shows in its answer.
FILE_TYPES = (
    "text/csv",
    "audio/x-wav",
    "application/zip",
    "application/xml",
    "application/octet-stream",
    "text/plain",
)

_CONTEXT = "@odata.context"
_ANNOTATION = "^[A-Za-z]*@odata\\.[A-Za-z]+$"
# A text in a path is in quotes, and a quote inside it is doubled.
_QUOTED = "^'([^']|'')*'$"
_PATTERNS = {
    "Duration": "^-?P([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+(\\.[0-9]+)?S)?)?$",
    "TimeOfDay": "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,12})?$",
}
_FORMATS = {"DateTimeOffset": "date-time", "Guid": "uuid"}
_NUMBERS = frozenset({"Double", "Single", "Decimal"})
_ERROR: Json = {
    "type": "object",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "additionalProperties": False,
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string", "minLength": 1},
                "details": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["code", "message", "target"],
                        "additionalProperties": False,
                        "properties": {
                            "code": {"type": "string"},
                            "message": {"type": "string", "minLength": 1},
                            "target": {"type": "string"},
                        },
                    },
                },
            },
        }
    },
}
_REASONS = {
    400: "The request is not as this document has it, or a rule of the PBX refuses it.",
    401: "The access token is missing, has expired or was ended by a newer one.",
    403: "The role that the token stands for may not do this.",
    404: "There is no such entity, or an argument in the path cannot be used.",
    412: "The entity was changed by somebody else.",
    413: "The body is too large.",
    415: "The body is not JSON.",
}


def openapi_document(catalog: Catalog, release: str) -> Json:
    """The OpenAPI 3.1 document of `release` as JSON values; raises UnknownNameError for an unknown release."""
    return _Document(model_of(catalog, release)).made()


class _Document:
    """One document while it is written; schemas are added as they are referred to."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._schemas: Json = {"Error": _ERROR}

    def made(self) -> Json:
        paths: Json = {}
        for route in Router(self._model).routes():
            methods = paths.setdefault(route.shape.path, {})
            methods[route.shape.method.lower()] = self._operation(route)
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "The 3CX phone system's API, as the simulator serves it",
                "version": self._model.release,
            },
            "servers": [{"url": "/xapi/v1"}],
            "security": [{"token": []}],
            "paths": dict(sorted(paths.items())),
            "components": {
                "schemas": dict(sorted(self._schemas.items())),
                "responses": {str(status): _refusal(reason) for status, reason in _REASONS.items()},
                "securitySchemes": {
                    "token": {
                        "type": "oauth2",
                        "flows": {"clientCredentials": {"tokenUrl": "/connect/token", "scopes": {}}},
                    }
                },
            },
        }

    def _operation(self, route: Route) -> Json:
        operation, shape = route.operation, route.shape
        made: Json = {
            "operationId": operation.id,
            "tags": [operation.resource],
            "summary": operation.action,
            "parameters": [*self._parameters(route), *self._query(route)],
            "responses": self._responses(operation, shape),
        }
        if shape.if_match:
            made["parameters"].append({"name": "If-Match", "in": "header", "schema": {"type": "string"}})
        if shape.body is not None:
            made["requestBody"] = {
                # A create or an action without a body is one with nothing in it.
                "required": shape.method == "PATCH",
                "content": {JSON: {"schema": self._body(shape)}},
            }
        return made

    def _parameters(self, route: Route) -> Iterable[Json]:
        for parameter in route.shape.parameters:
            yield {
                "name": parameter.name,
                "in": "path",
                "required": True,
                "schema": _literal(parameter),
            }

    def _query(self, route: Route) -> Iterable[Json]:
        schema = route.shape.returns.type
        fields = self._model.schema(schema) if self._model.catalog.is_schema(schema) else {}
        known = _query_schemas(fields, limited=route.limited)
        for name in route.shape.query:
            parameter: Json = {"name": name, "in": "query", "schema": known[name]}
            if known[name]["type"] == "array":
                parameter |= {"style": "form", "explode": False}
            yield parameter

    def _responses(self, operation: Operation, shape: OperationVersion) -> Json:
        refusals = {400, 401, 403, 404}
        if shape.body is not None:
            refusals |= {413, 415}
        if shape.if_match or operation.kind in ("update", "delete"):
            refusals.add(412)
        status = "201" if operation.kind == "create" else "204" if shape.returns.kind == "nothing" else "200"
        made: Json = {status: self._success(shape)}
        for refusal in sorted(refusals):
            made[str(refusal)] = {"$ref": f"#/components/responses/{refusal}"}
        return made

    def _success(self, shape: OperationVersion) -> Json:
        returns = shape.returns
        if returns.kind == "nothing":
            return {"description": "Done."}
        # A read whose result is none of the API's values gives a file, whatever it is called.
        is_file = shape.method == "GET" and returns.type == "Pbx.IActionResult"
        if is_file or returns.kind == "file":
            return {
                "description": "A file.",
                "content": {name: {"schema": {"type": "string", "format": "binary"}} for name in FILE_TYPES},
            }
        if returns.kind == "collection":
            schema = _enveloped(
                {
                    "@odata.count": {"type": "integer", "minimum": 0},
                    "@odata.nextLink": {"type": "string", "format": "uri"},
                    "value": {"type": "array", "items": self._type(returns.type)},
                }
            )
        elif returns.kind == "value" and returns.type not in self._model.catalog.enums:
            schema = _enveloped({"value": self._type(returns.type)})
        else:
            schema = self._type(returns.type)
        return {"description": "What was asked for.", "content": {JSON: {"schema": schema}}}

    def _body(self, shape: OperationVersion) -> Json:
        if isinstance(shape.body, str):
            return self._type(shape.body)
        return self._object(self._model.body_fields(shape))

    def _type(self, name: str) -> Json:
        """A type by its name; what is not a primitive is written once and referred to."""
        model = self._model
        is_schema = model.catalog.is_schema(name)
        if not is_schema and name not in model.catalog.enums:
            return _primitive(name)
        if name not in self._schemas:
            # Taken before it is filled, because types hold each other.
            self._schemas[name] = {}
            self._schemas[name] = self._object(model.schema(name)) if is_schema else self._enum(name)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, fields: Mapping[str, Field]) -> Json:
        return {
            "type": "object",
            "properties": {name: self._field(field) for name, field in fields.items()},
            "patternProperties": {_ANNOTATION: {}},
            "additionalProperties": False,
        }

    def _field(self, field: Field) -> Json:
        made = self._type(field.type)
        if field.max_length is not None and field.type == "String":
            made = {**made, "maxLength": field.max_length}
        if field.collection:
            made = {"type": "array", "items": made}
        if not field.nullable:
            return made
        if "type" in made:
            return {**made, "type": [made["type"], "null"]}
        return {"anyOf": [made, {"type": "null"}]}

    def _enum(self, name: str) -> Json:
        members = self._model.catalog.enums[name].members_in(self._model.release)
        if self._model.is_flags(name):
            one = "|".join(members)
            return {"type": "string", "pattern": f"^({one})(, ({one}))*$"}
        return {"type": "string", "enum": list(members)}


def _query_schemas(fields: Mapping[str, Field], *, limited: bool) -> Json:
    plain = [field.name for field in fields.values() if field.kind != "complex" and not field.collection]
    top: Json = {"type": "integer", "minimum": 0, "maximum": 999_999_999}
    return {
        "$top": {**top, "maximum": MAX_TOP} if limited else top,
        "$skip": top,
        "$count": {"type": "boolean"},
        "$search": {"type": "string", "examples": ["office"]},
        "$filter": {"type": "string", "examples": [f"{name} ne null" for name in plain[:3]]},
        "$orderby": _names([*plain, *(f"{name} desc" for name in plain)]),
        "$select": _names(fields),
        "$expand": _names(field.name for field in fields.values() if field.navigation),
    }


def _names(names: Iterable[str]) -> Json:
    chosen = list(names)
    items: Json = {"type": "string", "enum": chosen} if chosen else {"type": "string"}
    return {"type": "array", "minItems": 1, "uniqueItems": True, "items": items}


def _literal(parameter: Parameter) -> Json:
    if parameter.type != "String":
        return _primitive(parameter.type)
    made: Json = {"type": "string", "pattern": _QUOTED}
    if parameter.max_length is not None:
        made["maxLength"] = parameter.max_length + 2
    return made


def _primitive(name: str) -> Json:
    if name in INTEGER_RANGES:
        low, high = INTEGER_RANGES[name]
        return {"type": "integer", "minimum": low, "maximum": high}
    if name == "Boolean":
        return {"type": "boolean"}
    if name in _NUMBERS:
        return {"type": "number"}
    if name in _PATTERNS:
        return {"type": "string", "pattern": _PATTERNS[name]}
    return {"type": "string", "format": _FORMATS[name]} if name in _FORMATS else {"type": "string"}


def _enveloped(properties: Json) -> Json:
    return {
        "type": "object",
        "required": [_CONTEXT, "value"],
        "properties": {_CONTEXT: {"type": "string", "format": "uri"}, **properties},
        "additionalProperties": False,
    }


def _refusal(reason: str) -> Json:
    return {"description": reason, "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}}
