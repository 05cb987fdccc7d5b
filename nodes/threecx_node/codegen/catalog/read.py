"""Reads one OpenAPI document of the XAPI into the facts of one release.

What comes out is already in the catalog's terms (EDM type names, bases merged, texts dropped), so that the
releases can be compared and merged value by value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ...errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

METHODS = ("get", "post", "patch", "put", "delete")
_FILE_FUNCTION = re.compile(r"^(Download|Export)")
_PAGINATION = "BaseCollectionPaginationCountResponse"

Json = Mapping[str, Any]


@dataclass(frozen=True)
class ReleaseFacts:
    """All that one document says: operations by id, schemas and enums by name, each in catalog form."""

    release: str
    operations: dict[str, dict[str, Any]]
    schemas: dict[str, dict[str, Any]]
    enums: dict[str, dict[str, Any]]


def read_file(path: Path, release: str | None = None) -> ReleaseFacts:
    """Facts of the document at `path`; its release comes from the file's name unless given.

    Raises InputError (file missing, not YAML or JSON with line, not OpenAPI, no release in the name).
    """
    import yaml

    found = release or next(iter(re.findall(r"\d+\.\d+\.\d+", path.name)), None)
    if found is None:
        raise InputError(
            f"{path.name} does not tell its release",
            description="Name it like xapi-20.0.10.yaml, or give 20.0.10=FILE.",
        )
    try:
        document = yaml.load(path.read_bytes(), Loader=_loader())  # noqa: S506 - made of one of the safe ones
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(
            f"{path.name} is not YAML or JSON{where}: {getattr(error, 'problem', error)}"
        ) from error
    if not isinstance(document, dict) or "paths" not in document or "components" not in document:
        raise InputError(f"{path.name} is not an OpenAPI document: it has no paths or no components")
    return Reader(document, path.name).read(found)


@lru_cache(maxsize=1)
def _loader() -> Any:
    """A safe loader that reads `No` as the text that OpenAPI means; YAML 1.1 would make false of it."""
    import yaml

    # The C one where libyaml is there.
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    bool_tag = "tag:yaml.org,2002:bool"
    loader: Any = type("Loader", (base,), {})
    loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != bool_tag]
        for first, resolvers in base.yaml_implicit_resolvers.items()
    }
    loader.add_implicit_resolver(
        bool_tag, re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")
    )
    return loader


class Reader:
    """Walks one document; every complaint names the place in it."""

    def __init__(self, document: Json, source: str) -> None:
        self.document = document
        self.source = source
        self.schemas: Json = document["components"].get("schemas", {})

    def read(self, release: str) -> ReleaseFacts:
        """The facts of the whole document."""
        operations: dict[str, dict[str, Any]] = {}
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method not in item:
                    continue
                operation = item[method]
                operation_id = operation.get("operationId")
                if not operation_id:
                    raise self._error(f"{method.upper()} {path} has no operationId")
                if operation_id in operations:
                    raise self._error(f"operationId {operation_id} stands twice")
                operations[operation_id] = self._operation(path, method, operation_id, operation)
        enums = {name: self._enum(value) for name, value in self.schemas.items() if "enum" in value}
        schemas = {
            name: self._schema(name, value) for name, value in self.schemas.items() if "enum" not in value
        }
        return ReleaseFacts(release, operations, schemas, enums)

    def _error(self, message: str) -> InputError:
        return InputError(f"{self.source}: {message}")

    def _resolve(self, node: Json) -> Json:
        while "$ref" in node:
            target: Any = self.document
            for part in str(node["$ref"]).removeprefix("#/").split("/"):
                try:
                    target = target[part]
                except (KeyError, TypeError):
                    raise self._error(f"{node['$ref']} leads nowhere") from None
            node = target
        return node

    # Operations

    def _operation(self, path: str, method: str, operation_id: str, operation: Json) -> dict[str, Any]:
        parameters = [self._resolve(value) for value in operation.get("parameters", [])]
        shape: dict[str, Any] = {"method": method.upper(), "path": path}
        in_path = {p["name"]: self._parameter_type(p) for p in parameters if p["in"] == "path"}
        if set(in_path) != set(re.findall(r"\{([^{}]+)\}", path)):
            raise self._error(f"{operation_id}: path parameters do not match {path}")
        if in_path:
            shape["parameters"] = in_path
        if any(p["in"] == "header" and p["name"].lower() == "if-match" for p in parameters):
            shape["ifMatch"] = True
        if query := [p["name"] for p in parameters if p["in"] == "query"]:
            shape["query"] = query
        if body := self._body(operation):
            shape["body"] = body
        returns = self._returns(operation_id, path, operation)
        if returns:
            shape["returns"] = returns
        return {
            "resource": operation["tags"][0],
            "kind": _kind(path, method, operation.get("x-ms-docs-operation-type", ""), returns),
            "shape": shape,
        }

    def _parameter_type(self, parameter: Json) -> str | dict[str, Any]:
        schema = parameter.get("schema") or {"type": "string"}
        described = self._type(schema, f"parameter {parameter['name']}")
        described.pop("nullable", None)
        name = str(described["type"]).removesuffix("?")
        return {"type": name, "maxLength": described["maxLength"]} if "maxLength" in described else name

    def _body(self, operation: Json) -> str | dict[str, Any] | None:
        if "requestBody" not in operation:
            return None
        content = self._resolve(operation["requestBody"]).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is None:
            raise self._error(f"{operation['operationId']}: its body is not JSON ({', '.join(content)})")
        if "$ref" in schema:
            name = _ref_name(schema)
            # Some releases name an action's parameters as a schema of their own, others write them in place.
            if name.startswith("Pbx."):
                return name
            schema = self._resolve(schema)
        return {"properties": self._properties(operation["operationId"], schema)}

    def _returns(self, operation_id: str, path: str, operation: Json) -> dict[str, str] | None:
        success = next(
            (self._resolve(answer) for code, answer in operation["responses"].items() if code != "default"),
            {},
        )
        schema = success.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return None
        kind, type_name = self._answer(schema)
        if path.endswith(")") and _FILE_FUNCTION.match(operation_id):
            kind = "file"
        return {kind: type_name}

    def _answer(self, schema: Json) -> tuple[str, str]:
        merged = self._own_properties(schema)
        if set(merged) == {"value"}:
            described = self._type(merged["value"], "value")
            name = str(described["type"])
            if name.startswith("Collection("):
                return "collection", name.removeprefix("Collection(").removesuffix(")")
            return "value", name.removesuffix("?")
        described = self._type(schema, "answer")
        name = str(described["type"]).removesuffix("?")
        return ("value" if "enum" in self.schemas.get(name, {}) else "entity"), name

    def _own_properties(self, schema: Json) -> dict[str, Any]:
        """Properties of an answer's schema, its pagination base left out."""
        if "$ref" in schema:
            name = _ref_name(schema)
            return {} if name == _PAGINATION else self._own_properties(self._resolve(schema))
        merged: dict[str, Any] = {}
        for part in schema.get("allOf", []):
            merged |= self._own_properties(part)
        merged |= schema.get("properties", {})
        return merged

    # Schemas

    def _schema(self, name: str, schema: Json) -> dict[str, Any]:
        if self._is_object(schema):
            return {"properties": self._properties(name, schema)}
        return {"type": self._primitive(schema, name), "properties": {}}

    def _is_object(self, schema: Json) -> bool:
        return "properties" in schema or "allOf" in schema or schema.get("type") == "object"

    def _properties(self, owner: str, schema: Json) -> dict[str, Any]:
        """All properties, those of bases first, in the order of the document."""
        described: dict[str, Any] = {}
        for part in self._parts(schema):
            for name, value in part.get("properties", {}).items():
                described[name] = _compact(self._type(value, f"{owner}.{name}"))
        return described

    def _parts(self, schema: Json) -> Iterator[Json]:
        for part in schema.get("allOf", []):
            yield from self._parts(self._resolve(part))
        yield schema

    def _enum(self, schema: Json) -> dict[str, Any]:
        described: dict[str, Any] = {"members": list(schema["enum"])}
        if schema.get("x-ms-enum-flags", {}).get("isFlags"):
            described["flags"] = True
        return described

    def _type(self, schema: Json, where: str) -> dict[str, Any]:
        """`{"type": …, "navigation"?, "maxLength"?}`; a nullable type ends in "?"."""
        described: dict[str, Any] = {}
        nullable = schema.get("nullable", False)
        if "$ref" in schema:
            described["type"] = self._named(schema)
        elif len(schema.get("allOf", [])) == 1:
            described["type"] = self._named(schema["allOf"][0])
        elif choices := schema.get("oneOf") or schema.get("anyOf"):
            # Floating-point numbers: a number, or "INF", "-INF", "NaN" as text.
            described = self._type(choices[0], where)
            nullable = nullable or str(described["type"]).endswith("?")
            described["type"] = str(described["type"]).removesuffix("?")
        elif schema.get("type") == "array":
            item = self._type(schema["items"], where)
            described["type"] = f"Collection({str(item['type']).removesuffix('?')})"
            nullable = False
        else:
            described["type"] = self._primitive(schema, where)
        if nullable:
            described["type"] += "?"
        if schema.get("x-ms-navigationProperty"):
            described["navigation"] = True
        if "maxLength" in schema:
            described["maxLength"] = schema["maxLength"]
        return described

    def _named(self, reference: Json) -> str:
        name = _ref_name(reference)
        target = self._resolve(reference)
        if "enum" in target or self._is_object(target):
            return name
        return self._primitive(target, name)

    def _primitive(self, schema: Json, where: str) -> str:
        key = (schema.get("type", ""), schema.get("format", ""))
        if found := PRIMITIVES.get(key) or PRIMITIVES.get((key[0], "")):
            return found
        raise self._error(f"{where}: unknown type {key}")


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


def _ref_name(reference: Json) -> str:
    return str(reference["$ref"]).rsplit("/", 1)[-1]


def _compact(described: dict[str, Any]) -> str | dict[str, Any]:
    return str(described["type"]) if set(described) == {"type"} else described


def _kind(path: str, method: str, marker: str, returns: Json | None) -> str:
    """What an operation does: by the document's own marker, else by its method and the end of its path."""
    bound = path.rsplit("/", 1)[-1].startswith("Pbx.")
    if method == "get":
        if marker.startswith("function") or (bound and not marker):
            return "function"
        return "list" if returns and "collection" in returns else "get"
    if method == "post":
        return "action" if marker.startswith("action") or bound else "create"
    return {"patch": "update", "put": "update", "delete": "delete"}[method]
