"""Write the OpenAPI document that a PBX serves without a login: in the form of 3CX's, from the catalog.

3CX writes the form in which a client generator reads it: texts in paths without their quotes, all responses as JSON,
keys and kinds of operations as extensions. `openapi_document.py` writes what is really sent.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ...catalog import Operation, OperationVersion, Parameter
    from .release_model import ReleaseModel, SchemaField

Json = dict[str, Any]

_JSON = "application/json"
_NAMESPACE = "Pbx."
_PAGE = "BaseCollectionPaginationCountResponse"
_TYPES: Mapping[str, Json] = {
    "String": {"type": "string"},
    "DateTimeOffset": {"type": "string", "format": "date-time"},
    "Date": {"type": "string", "format": "date"},
    "TimeOfDay": {"type": "string", "format": "time"},
    "Duration": {"type": "string", "format": "duration"},
    "Guid": {"type": "string", "format": "uuid"},
    "Binary": {"type": "string", "format": "base64url"},
    "Boolean": {"type": "boolean"},
    "Int32": {"type": "integer", "format": "int32"},
    "Int64": {"type": "integer", "format": "int64"},
    "Byte": {"type": "integer", "format": "uint8"},
    "Decimal": {"type": "number", "format": "decimal"},
    "Single": {"type": "number", "format": "float"},
    "Double": {"type": "number", "format": "double"},
}
_COUNTS = ("$top", "$skip")
_LISTS = ("$select", "$expand", "$orderby")


@lru_cache(maxsize=8)
def build_published_document(model: ReleaseModel) -> bytes:
    """Return the document of a release as JSON, which every reader of YAML reads."""
    return orjson.dumps(_Writer(model).write(), option=orjson.OPT_INDENT_2)


class _Writer:
    """Writes the document of one release."""

    def __init__(self, model: ReleaseModel) -> None:
        self._model = model
        self._catalog = model.catalog

    def write(self) -> Json:
        paths: Json = {}
        for operation, version in self._model.operations():
            # 3CX's document leaves out the uploads.
            if version.upload is None:
                methods = paths.setdefault(version.path, {})
                methods[version.method.lower()] = self._write_operation(operation, version)
        return {
            "openapi": "3.0.4",
            "info": {"title": "The 3CX Configuration API, simulated", "version": "1.0.0"},
            "servers": [{"url": "/xapi/v1"}],
            "paths": dict(sorted(paths.items())),
            "components": {"schemas": self._write_schemas()},
        }

    def _write_operation(self, operation: Operation, version: OperationVersion) -> Json:
        parameters = [self._write_key(each) for each in version.parameters]
        parameters += [_write_query_option(name) for name in version.query]
        if version.if_match:
            parameters.append({"name": "If-Match", "in": "header", "schema": {"type": "string"}})
        described: Json = {"tags": [operation.resource], "operationId": operation.id}
        if parameters:
            described["parameters"] = parameters
        if version.body is not None:
            described["requestBody"] = {
                "required": True,
                "content": {_JSON: {"schema": self._write_body(version)}},
            }
        described["responses"] = self._write_responses(operation, version)
        is_call = operation.kind in ("function", "action")
        described["x-ms-docs-operation-type"] = operation.kind if is_call else "operation"
        return described

    def _write_key(self, parameter: Parameter) -> Json:
        schema = dict(self._write_type(parameter.type))
        if parameter.max_length is not None:
            schema["maxLength"] = parameter.max_length
        return {"name": parameter.name, "in": "path", "required": True, "schema": schema}

    def _write_body(self, version: OperationVersion) -> Json:
        if isinstance(version.body, str):
            return self._write_type(version.body)
        return self._write_object(self._model.body_fields(version).values())

    def _write_responses(self, operation: Operation, version: OperationVersion) -> Json:
        returns = version.returns
        if returns.kind == "nothing":
            return {"204": {"description": "Success"}}
        content = self._write_type(returns.type)
        if returns.kind == "collection":
            rows: Json = {"type": "object", "properties": {"value": {"type": "array", "items": content}}}
            content = {"allOf": [{"$ref": f"#/components/schemas/{_PAGE}"}, rows]}
        elif returns.kind == "value":
            content = {"type": "object", "properties": {"value": content}}
        status = "201" if operation.kind == "create" else "200"
        return {status: {"description": "Success", "content": {_JSON: {"schema": content}}}}

    def _write_schemas(self) -> Json:
        schemas: Json = {
            _PAGE: {
                "type": "object",
                "properties": {
                    "@odata.count": {"type": "integer", "format": "int64", "nullable": True},
                    "@odata.nextLink": {"type": "string", "nullable": True},
                },
            }
        }
        for name in self._catalog.schemas_in(self._model.release):
            if name.startswith(_NAMESPACE):
                schemas[name] = self._write_object(self._model.schema(name).values())
        for name, enum in self._catalog.enums.items():
            members = enum.members_in(self._model.release)
            if name.startswith(_NAMESPACE) and members:
                flags: Json = {"x-ms-enum-flags": {"isFlags": True}} if enum.flags else {}
                schemas[name] = {"type": "string", "enum": list(members), **flags}
        return dict(sorted(schemas.items()))

    def _write_object(self, fields: Iterable[SchemaField]) -> Json:
        return {"type": "object", "properties": {each.name: self._write_field(each) for each in fields}}

    def _write_field(self, field: SchemaField) -> Json:
        schema = dict(self._write_type(field.type))
        if field.collection:
            schema = {"type": "array", "items": schema}
        if field.max_length is not None:
            schema["maxLength"] = field.max_length
        if field.nullable and not field.collection:
            if "$ref" in schema:
                schema = {"allOf": [schema]}
            schema["nullable"] = True
        if field.navigation:
            schema["x-ms-navigationProperty"] = True
        return schema

    def _write_type(self, name: str) -> Json:
        if name in self._catalog.enums or self._catalog.is_schema(name):
            return {"$ref": f"#/components/schemas/{name}"}
        return _TYPES.get(name, {"type": "object"})


def _write_query_option(name: str) -> Json:
    schema: Json = {"type": "string"}
    if name in _COUNTS:
        schema = {"type": "integer", "minimum": 0}
    elif name == "$count":
        schema = {"type": "boolean"}
    elif name in _LISTS:
        schema = {"type": "array", "uniqueItems": True, "items": {"type": "string"}}
    return {"name": name, "in": "query", "schema": schema}
