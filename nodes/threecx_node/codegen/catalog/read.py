"""Read an OpenAPI document of the XAPI into the facts of one release.

The facts have the form of the catalog (names of EDM types, base types merged, no texts), so that releases can be
compared and merged value by value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from threecx_credentials.fields import BASE_PATH

from ...catalog.path_template import PathTemplate
from ...errors import InputError

if TYPE_CHECKING:
    from .openapi_file import Document

JSON = "application/json"
MULTIPART = "multipart/form-data"
METHODS = ("get", "post", "patch", "put", "delete")
_FILE_FUNCTION = re.compile(r"^(Download|Export)")
# A function that returns it returns a file, whatever its name.
_ANY_RESULT = "Pbx.IActionResult"
# A document of 3CX takes 60,000.
_MAX_STEPS = 2_000_000
_PAGINATION = "BaseCollectionPaginationCountResponse"

Json = Mapping[str, Any]


@dataclass(frozen=True)
class ReleaseFacts:
    """The content of one document: operations by id, schemas and enums by name, as the catalog writes them."""

    release: str
    operations: dict[str, dict[str, Any]]
    schemas: dict[str, dict[str, Any]]
    enums: dict[str, dict[str, Any]]


def read_document(document: Document) -> ReleaseFacts:
    """Return the facts of a document. Raises InputError that names the place where it is not as expected."""
    reader = SpecReader(document)
    try:
        return reader.read()
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{document.source}: {reader.place or 'the document'} is not written as in the documents of 3CX",
            description=f"It cannot be imported ({type(error).__name__}: {error}).",
        ) from error
    except RecursionError as error:
        raise InputError(f"{document.source}: {reader.place or 'the document'} refers to itself") from error


class SpecReader:
    """Reads one document; every error names its place in the document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._schemas: Json = document.content["components"].get("schemas", {})
        self._steps = 0
        self.place = ""

    def read(self) -> ReleaseFacts:
        """Return the facts of the whole document."""
        operations: dict[str, dict[str, Any]] = {}
        for path, item in self._document.content["paths"].items():
            self.place = str(path)[:100]
            if not isinstance(item, Mapping):
                raise self._error(f"{self.place} has no methods")
            for method in METHODS:
                if method not in item:
                    continue
                operation = item[method]
                operation_id = operation.get("operationId")
                if not operation_id:
                    raise self._error(f"{method.upper()} {path} has no operationId")
                if operation_id in operations:
                    raise self._error(f"the operationId {operation_id} is used twice")
                operations[operation_id] = self._read_operation(path, method, operation_id, operation)
        enums, schemas = {}, {}
        for name, value in self._schemas.items():
            self.place = str(name)[:100]
            if "enum" in value:
                enums[name] = _read_enum(value)
            else:
                schemas[name] = self._read_schema(name, value)
        return ReleaseFacts(self._document.release, operations, schemas, enums)

    def _error(self, message: str) -> InputError:
        return InputError(f"{self._document.source}: {message}")

    def _count_step(self) -> None:
        """Raise RecursionError for a document whose references contain each other again and again."""
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise RecursionError

    def _resolve(self, node: Json) -> Json:
        while "$ref" in node:
            self._count_step()
            target: Any = self._document.content
            for part in str(node["$ref"]).removeprefix("#/").split("/"):
                try:
                    target = target[part]
                except (KeyError, TypeError):
                    raise self._error(f"the reference {node['$ref']} has no target") from None
            node = target
        return node

    # Operations

    def _read_operation(self, path: str, method: str, operation_id: str, operation: Json) -> dict[str, Any]:
        parameters = [self._resolve(value) for value in operation.get("parameters", [])]
        version: dict[str, Any] = {"method": method.upper(), "path": path}
        if self._document.base_path != BASE_PATH:
            version["base"] = self._document.base_path
        in_path = {p["name"]: self._read_parameter(p) for p in parameters if p["in"] == "path"}
        template = PathTemplate(path)
        if set(in_path) != set(template.parameter_names):
            raise self._error(f"{operation_id}: the path parameters do not match {path}")
        if in_path:
            version["parameters"] = in_path
        if any(p["in"] == "header" and p["name"].lower() == "if-match" for p in parameters):
            version["ifMatch"] = True
        if query := [p["name"] for p in parameters if p["in"] == "query"]:
            version["query"] = query
        content = self._resolve(operation.get("requestBody", {})).get("content", {})
        if MULTIPART in content and JSON not in content:
            version["upload"] = self._read_upload(operation_id, content[MULTIPART])
        elif body := self._read_body(operation):
            version["body"] = body
        returns = self._read_returns(operation_id, method, template, operation)
        if returns:
            version["returns"] = returns
        return {
            "resource": operation["tags"][0],
            "kind": _find_kind(template, method, operation.get("x-ms-docs-operation-type", ""), returns),
            "version": version,
        }

    def _read_parameter(self, parameter: Json) -> str | dict[str, Any]:
        schema = parameter.get("schema") or {"type": "string"}
        described = self._read_type(schema, f"parameter {parameter['name']}")
        described.pop("nullable", None)
        name = str(described["type"]).removesuffix("?")
        return {"type": name, "maxLength": described["maxLength"]} if "maxLength" in described else name

    def _read_body(self, operation: Json) -> str | dict[str, Any] | None:
        if "requestBody" not in operation:
            return None
        content = self._resolve(operation["requestBody"]).get("content", {})
        schema = content.get(JSON, {}).get("schema")
        if schema is None:
            raise self._error(f"{operation['operationId']}: the body is not JSON ({', '.join(content)})")
        if "$ref" in schema:
            name = _ref_name(schema)
            # Some releases write an action's parameters as a named schema, others in place. A type has a namespace.
            if "." in name:
                return name
            schema = self._resolve(schema)
        return {"properties": self._read_properties(operation["operationId"], schema)}

    def _read_upload(self, operation_id: str, content: Json) -> dict[str, Any]:
        """Return the one part of a multipart body, which must be a file."""
        properties = self._resolve(content.get("schema", {})).get("properties", {})
        files = [name for name, each in properties.items() if each.get("format") == "binary"]
        if len(files) != 1 or len(properties) != 1:
            raise self._error(f"{operation_id}: the multipart body must have one part, which is a file")
        [name] = files
        upload: dict[str, Any] = {"name": name}
        if media_type := content.get("encoding", {}).get(name, {}).get("contentType"):
            upload["mediaType"] = media_type
        if limit := properties[name].get("maxLength"):
            upload["maxBytes"] = limit
        return upload

    def _read_returns(
        self, operation_id: str, method: str, template: PathTemplate, operation: Json
    ) -> dict[str, str] | None:
        success = next(
            (self._resolve(each) for code, each in operation["responses"].items() if code != "default"),
            {},
        )
        schema = success.get("content", {}).get(JSON, {}).get("schema")
        if schema is None:
            return None
        kind, type_name = self._read_response(schema)
        is_function = template.segments[-1].arguments is not None
        if is_function and (
            _FILE_FUNCTION.match(operation_id) or (method == "get" and type_name == _ANY_RESULT)
        ):
            kind = "file"
        return {kind: type_name}

    def _read_response(self, schema: Json) -> tuple[str, str]:
        merged = self._own_properties(schema)
        if set(merged) == {"value"}:
            described = self._read_type(merged["value"], "value")
            name = str(described["type"])
            if name.startswith("Collection("):
                return "collection", name.removeprefix("Collection(").removesuffix(")")
            return "value", name.removesuffix("?")
        described = self._read_type(schema, "response")
        name = str(described["type"]).removesuffix("?")
        if name.startswith("Collection("):
            # The Call Control API returns a list without an object around it.
            return "collection", name.removeprefix("Collection(").removesuffix(")")
        return ("value" if "enum" in self._schemas.get(name, {}) else "entity"), name

    def _own_properties(self, schema: Json) -> dict[str, Any]:
        """Return the properties of a response, without those of the base type for pages."""
        self._count_step()
        if "$ref" in schema:
            name = _ref_name(schema)
            return {} if name == _PAGINATION else self._own_properties(self._resolve(schema))
        merged: dict[str, Any] = {}
        for part in schema.get("allOf", []):
            merged |= self._own_properties(part)
        merged |= schema.get("properties", {})
        return merged

    # Schemas

    def _read_schema(self, name: str, schema: Json) -> dict[str, Any]:
        if self._is_object(schema):
            return {"properties": self._read_properties(name, schema)}
        return {"type": self._read_primitive(schema, name), "properties": {}}

    def _is_object(self, schema: Json) -> bool:
        return "properties" in schema or "allOf" in schema or schema.get("type") == "object"

    def _read_properties(self, owner: str, schema: Json) -> dict[str, Any]:
        """Return all properties in the order of the document, those of base types first."""
        described: dict[str, Any] = {}
        for part in self._iterate_parts(schema):
            for name, value in part.get("properties", {}).items():
                described[name] = _compact(self._read_type(value, f"{owner}.{name}"))
        return described

    def _iterate_parts(self, schema: Json) -> Iterator[Json]:
        self._count_step()
        for part in schema.get("allOf", []):
            yield from self._iterate_parts(self._resolve(part))
        yield schema

    def _read_type(self, schema: Json, where: str) -> dict[str, Any]:
        """Return `{"type": …, "navigation"?, "maxLength"?}`; a nullable type ends in "?"."""
        described: dict[str, Any] = {}
        nullable = schema.get("nullable", False)
        if "$ref" in schema:
            described["type"] = self._read_reference(schema)
        elif len(schema.get("allOf", [])) == 1:
            described["type"] = self._read_reference(schema["allOf"][0])
        elif choices := schema.get("oneOf") or schema.get("anyOf"):
            # A floating-point number is a number, or "INF", "-INF" or "NaN" as a text.
            described = self._read_type(choices[0], where)
            nullable = nullable or str(described["type"]).endswith("?")
            described["type"] = str(described["type"]).removesuffix("?")
        elif schema.get("type") == "array":
            item = self._read_type(schema["items"], where)
            described["type"] = f"Collection({str(item['type']).removesuffix('?')})"
            nullable = False
        else:
            described["type"] = self._read_primitive(schema, where)
        if nullable:
            described["type"] += "?"
        if schema.get("x-ms-navigationProperty"):
            described["navigation"] = True
        if "maxLength" in schema:
            described["maxLength"] = schema["maxLength"]
        return described

    def _read_reference(self, reference: Json) -> str:
        name = _ref_name(reference)
        target = self._resolve(reference)
        if "enum" in target or self._is_object(target):
            return name
        return self._read_primitive(target, name)

    def _read_primitive(self, schema: Json, where: str) -> str:
        key = (schema.get("type", ""), schema.get("format", ""))
        if found := PRIMITIVES.get(key) or PRIMITIVES.get((key[0], "")):
            return found
        raise self._error(f"{where}: the type {key[0]!r} with the format {key[1]!r} is unknown")


# (type, format) of OpenAPI → EDM. Older documents write some integers as "number".
PRIMITIVES = {
    ("string", ""): "String",
    ("string", "date-time"): "DateTimeOffset",
    ("string", "date"): "Date",
    ("string", "time"): "TimeOfDay",
    ("string", "duration"): "Duration",
    ("string", "uuid"): "Guid",
    ("string", "base64url"): "Binary",
    ("boolean", ""): "Boolean",
    ("integer", "int32"): "Int32",
    ("integer", "int64"): "Int64",
    ("integer", "uint8"): "Byte",
    ("integer", "decimal"): "Decimal",
    ("integer", ""): "Int64",
    ("number", "int32"): "Int32",
    ("number", "int64"): "Int64",
    ("number", "uint8"): "Byte",
    ("number", "decimal"): "Decimal",
    ("number", "float"): "Single",
    ("number", "double"): "Double",
    ("number", ""): "Double",
    ("object", ""): "Untyped",
}


def _read_enum(schema: Json) -> dict[str, Any]:
    described: dict[str, Any] = {"members": list(schema["enum"])}
    if schema.get("x-ms-enum-flags", {}).get("isFlags"):
        described["flags"] = True
    return described


def _ref_name(reference: Json) -> str:
    return str(reference["$ref"]).rsplit("/", 1)[-1]


def _compact(described: dict[str, Any]) -> str | dict[str, Any]:
    return str(described["type"]) if set(described) == {"type"} else described


def _find_kind(template: PathTemplate, method: str, marker: str, returns: Json | None) -> str:
    """Return the kind of an operation by the marker in the document, else by its method and path."""
    bound = template.segments[-1].is_qualified
    if method == "get":
        if marker.startswith("function") or (bound and not marker):
            return "function"
        return "list" if returns and "collection" in returns else "get"
    if method == "post":
        return "action" if marker.startswith("action") or bound else "create"
    return {"patch": "update", "put": "update", "delete": "delete"}[method]
