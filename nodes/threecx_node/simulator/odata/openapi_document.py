"""Write the simulator's own OpenAPI document: the requests and responses of one release, from the catalog.

Unlike 3CX's document it describes exactly what is sent: the quotes around a text in a path, the annotations in a
response, the form of an error and every possible status, files as files. A client or a fuzzer that follows it
literally needs nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...values.edm import EDM_TYPES
from .limits import MAX_TOP
from .release_model import ReleaseModel, SchemaField, load_model
from .routes import Router

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ...catalog import Catalog, Operation, OperationVersion, Parameter, Upload
    from .routes import Route

Json = dict[str, Any]

JSON = "application/json"
MULTIPART = "multipart/form-data"
# The media types of downloads; the response of an operation says which one it is.
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
# A text in a path is in quotes, and each quote in it is doubled.
_QUOTED = "^'([^']|'')*'$"
_PATTERNS = {
    "Duration": "^-?P([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+(\\.[0-9]+)?S)?)?$",
    "TimeOfDay": "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,12})?$",
}
_FORMATS = {"DateTimeOffset": "date-time", "Guid": "uuid"}
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
    400: "The request does not match this document, or violates a rule of the PBX.",
    401: "The access token is missing, has expired, or was replaced by a newer one.",
    403: "The role of the client does not allow this operation.",
    404: "The entity does not exist, or an argument in the path cannot be used.",
    412: "The entity has changed since it was read.",
    413: "The body is too large.",
    415: "The body is not JSON, or not the form of an upload.",
}


def build_openapi_document(catalog: Catalog, release: str) -> Json:
    """Return the OpenAPI 3.1 document of `release` as JSON values; raise UnknownNameError for an unknown release."""
    return _OpenApiWriter(load_model(catalog, release)).write()


class _OpenApiWriter:
    """Writes the document of one release; schemas are added when they are first referred to."""

    def __init__(self, model: ReleaseModel) -> None:
        self._model = model
        self._schemas: Json = {"Error": _ERROR}

    def write(self) -> Json:
        paths: Json = {}
        for route in Router(self._model).routes():
            methods = paths.setdefault(route.version.path, {})
            methods[route.version.method.lower()] = self._write_operation(route)
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "The 3CX Configuration API, as the simulator serves it",
                "version": self._model.release,
            },
            "servers": [{"url": "/xapi/v1"}],
            "security": [{"token": []}],
            "paths": dict(sorted(paths.items())),
            "components": {
                "schemas": dict(sorted(self._schemas.items())),
                "responses": {
                    str(status): _build_error_response(reason) for status, reason in _REASONS.items()
                },
                "securitySchemes": {
                    "token": {
                        "type": "oauth2",
                        "flows": {"clientCredentials": {"tokenUrl": "/connect/token", "scopes": {}}},
                    }
                },
            },
        }

    def _write_operation(self, route: Route) -> Json:
        operation, version = route.operation, route.version
        described: Json = {
            "operationId": operation.id,
            "tags": [operation.resource],
            "summary": operation.action,
            "parameters": [*self._write_parameters(route), *self._write_query(route)],
            "responses": self._write_responses(operation, version),
        }
        if version.if_match:
            described["parameters"].append({"name": "If-Match", "in": "header", "schema": {"type": "string"}})
        if version.upload is not None:
            described["requestBody"] = _build_upload_body(version.upload)
        elif version.body is not None:
            described["requestBody"] = {
                # A create or an action without a body is treated as one with an empty object.
                "required": version.method == "PATCH",
                "content": {JSON: {"schema": self._write_body(version)}},
            }
        return described

    def _write_parameters(self, route: Route) -> Iterable[Json]:
        for parameter in route.version.parameters:
            yield {
                "name": parameter.name,
                "in": "path",
                "required": True,
                "schema": _build_path_schema(parameter),
            }

    def _write_query(self, route: Route) -> Iterable[Json]:
        schema = route.version.returns.type
        fields = self._model.schema(schema) if self._model.catalog.is_schema(schema) else {}
        known = _build_query_schemas(fields, limited=route.limited)
        for name in route.version.query:
            parameter: Json = {"name": name, "in": "query", "schema": known[name]}
            if known[name]["type"] == "array":
                parameter |= {"style": "form", "explode": False}
            yield parameter

    def _write_responses(self, operation: Operation, version: OperationVersion) -> Json:
        statuses = {400, 401, 403, 404}
        if version.body is not None or version.upload is not None:
            statuses |= {413, 415}
        if version.if_match or operation.kind in ("update", "delete"):
            statuses.add(412)
        status = (
            "201" if operation.kind == "create" else "204" if version.returns.kind == "nothing" else "200"
        )
        responses: Json = {status: self._write_success(version)}
        for error_status in sorted(statuses):
            responses[str(error_status)] = {"$ref": f"#/components/responses/{error_status}"}
        return responses

    def _write_success(self, version: OperationVersion) -> Json:
        returns = version.returns
        if returns.kind == "nothing":
            return {"description": "Done."}
        # A GET that returns an IActionResult returns a file, whatever the operation's name.
        is_file = version.method == "GET" and returns.type == "Pbx.IActionResult"
        if is_file or returns.kind == "file":
            return {
                "description": "A file.",
                "content": {name: {"schema": {"type": "string", "format": "binary"}} for name in FILE_TYPES},
            }
        if returns.kind == "collection":
            schema = _build_envelope(
                {
                    "@odata.count": {"type": "integer", "minimum": 0},
                    "@odata.nextLink": {"type": "string", "format": "uri"},
                    "value": {"type": "array", "items": self._write_type(returns.type)},
                }
            )
        elif returns.kind == "value" and returns.type not in self._model.catalog.enums:
            schema = _build_envelope({"value": self._write_type(returns.type)})
        else:
            schema = self._write_type(returns.type)
        return {"description": "The result.", "content": {JSON: {"schema": schema}}}

    def _write_body(self, version: OperationVersion) -> Json:
        if isinstance(version.body, str):
            return self._write_type(version.body)
        return self._write_object(self._model.body_fields(version))

    def _write_type(self, name: str) -> Json:
        """Return the schema of a type; a type that is not primitive is written once and referred to."""
        model = self._model
        is_schema = model.catalog.is_schema(name)
        if not is_schema and name not in model.catalog.enums:
            return _build_primitive_schema(name)
        if name not in self._schemas:
            # Reserved before it is filled, because types contain each other.
            self._schemas[name] = {}
            self._schemas[name] = (
                self._write_object(model.schema(name)) if is_schema else self._write_enum(name)
            )
        return {"$ref": f"#/components/schemas/{name}"}

    def _write_object(self, fields: Mapping[str, SchemaField]) -> Json:
        return {
            "type": "object",
            "properties": {name: self._write_field(field) for name, field in fields.items()},
            "patternProperties": {_ANNOTATION: {}},
            "additionalProperties": False,
        }

    def _write_field(self, field: SchemaField) -> Json:
        schema = self._write_type(field.type)
        if field.max_length is not None and field.type == "String":
            schema = {**schema, "maxLength": field.max_length}
        if field.collection:
            schema = {"type": "array", "items": schema}
        if not field.nullable:
            return schema
        if "type" in schema:
            return {**schema, "type": [schema["type"], "null"]}
        return {"anyOf": [schema, {"type": "null"}]}

    def _write_enum(self, name: str) -> Json:
        members = self._model.catalog.enums[name].members_in(self._model.release)
        if self._model.is_flags(name):
            one = "|".join(members)
            return {"type": "string", "pattern": f"^({one})(, ({one}))*$"}
        return {"type": "string", "enum": list(members)}


def _build_upload_body(upload: Upload) -> Json:
    file: Json = {"type": "string", "format": "binary"}
    content: Json = {
        "schema": {"type": "object", "required": [upload.name], "properties": {upload.name: file}},
        "encoding": {upload.name: {"contentType": upload.media_type or "application/octet-stream"}},
    }
    return {"required": True, "content": {MULTIPART: content}}


def _build_query_schemas(fields: Mapping[str, SchemaField], *, limited: bool) -> Json:
    plain = [field.name for field in fields.values() if field.kind != "complex" and not field.collection]
    top: Json = {"type": "integer", "minimum": 0, "maximum": 999_999_999}
    return {
        "$top": {**top, "maximum": MAX_TOP} if limited else top,
        "$skip": top,
        "$count": {"type": "boolean"},
        "$search": {"type": "string", "examples": ["office"]},
        "$filter": {"type": "string", "examples": [f"{name} ne null" for name in plain[:3]]},
        "$orderby": _build_name_list([*plain, *(f"{name} desc" for name in plain)]),
        "$select": _build_name_list(fields),
        "$expand": _build_name_list(field.name for field in fields.values() if field.navigation),
    }


def _build_name_list(names: Iterable[str]) -> Json:
    chosen = list(names)
    items: Json = {"type": "string", "enum": chosen} if chosen else {"type": "string"}
    return {"type": "array", "minItems": 1, "uniqueItems": True, "items": items}


def _build_path_schema(parameter: Parameter) -> Json:
    if parameter.type != "String":
        return _build_primitive_schema(parameter.type)
    schema: Json = {"type": "string", "pattern": _QUOTED}
    if parameter.max_length is not None:
        schema["maxLength"] = parameter.max_length + 2
    return schema


def _build_primitive_schema(name: str) -> Json:
    edm = EDM_TYPES.get(name)
    if edm is not None and edm.is_integer:
        return {"type": "integer", "minimum": edm.minimum, "maximum": edm.maximum}
    if edm is not None and edm.is_number:
        return {"type": "number"}
    if name == "Boolean":
        return {"type": "boolean"}
    if name in _PATTERNS:
        return {"type": "string", "pattern": _PATTERNS[name]}
    return {"type": "string", "format": _FORMATS[name]} if name in _FORMATS else {"type": "string"}


def _build_envelope(properties: Json) -> Json:
    return {
        "type": "object",
        "required": [_CONTEXT, "value"],
        "properties": {_CONTEXT: {"type": "string", "format": "uri"}, **properties},
        "additionalProperties": False,
    }


def _build_error_response(reason: str) -> Json:
    return {"description": reason, "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}}
