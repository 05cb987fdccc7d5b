"""Build requests from the official document, and check responses against it, without code of this project.

The document has types, but not the users and numbers of a PBX; `Known` requests those from the PBX.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from openapi_schema_validator import OAS30Validator

from tests.samples import BY_FORMAT

Schema = Mapping[str, Any]
DEEPEST = 3

# Arguments with a special form: durations of reports, which OData sees as texts, and others.
_ARGUMENTS: Mapping[str, str] = {
    "waitInterval": "0:00:0",
    "answerInterval": "0:00:0",
    "callTimeFilterFrom": "0:00:0",
    "callTimeFilterTo": "0:01:0",
    "chartBy": "Month",
    "clientTimeZone": "UTC",
    "template": "generic.pv.xml",
    "dnNumber": "101",
    "number": "101",
    "dn": "101",
    "mac": "00:15:65:AA:00:01",
    "fqdn": "office.example",
    "resellerId": "partner-1",
    "targetIssuer": "https://login.example",
    "playlistKey": "Waiting",
    "queueDns": "800",
    "queueDnStr": "800",
    "groupFilter": "GRP0000",
    "groupNumber": "GRP0000",
    "groupStr": "GRP0000",
    "ringGroupDns": "810",
}
# Arguments of functions that are keys of a set.
_KEYS = {"userId": ("Users", "Id"), "recId": ("Recordings", "Id")}
# The keys of sets that have no list operation.
_UNLISTED = {("CrmTemplates", "Name"): "Generic REST"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document."""

    id: str
    method: str
    path: str
    raw: Schema


@dataclass(frozen=True, slots=True)
class Sent:
    """The response to a request."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body parsed as JSON, None if it is empty."""
        return json.loads(self.body) if self.body else None


Send = Callable[[str, str, Any], Sent]


class Document:
    """An official document."""

    def __init__(self, content: Schema) -> None:
        self.content: Schema = _read(content)

    def operations(self) -> Iterator[Operation]:
        """Yield all operations in the document's order."""
        for path, item in self.content["paths"].items():
            for method in ("get", "post", "patch", "put", "delete"):
                if method in item:
                    yield Operation(item[method]["operationId"], method.upper(), path, item[method])

    def follow(self, node: Any) -> Any:
        """Return the target of a reference, or the node itself."""
        while "$ref" in node:
            target: Any = self.content
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def parameters(self, operation: Operation, place: str) -> dict[str, Schema]:
        """Return the schemas of an operation's parameters in the path or query, by name."""
        found = (self.follow(each) for each in operation.raw.get("parameters", []))
        return {each["name"]: self.follow(each["schema"]) for each in found if each["in"] == place}

    def body_schema(self, operation: Operation) -> Schema | None:
        """Return the schema of an operation's body, None if it has none."""
        body = self.follow(operation.raw.get("requestBody", {}))
        found: Schema | None = body.get("content", {}).get("application/json", {}).get("schema")
        return found

    def properties(self, schema: Schema) -> dict[str, Schema]:
        """Return the properties of an object, including those of its bases."""
        schema = self.follow(schema)
        found: dict[str, Schema] = {}
        for part in _bases(schema):
            found.update(self.properties(part))
        found.update(schema.get("properties", {}))
        return found

    def sample(self, schema: Schema, known: Mapping[str, Any], depth: int = 0, name: str = "") -> Any:
        """Return a value with every property of the schema, down to a depth; `known` has values by property name."""
        schema = self.follow(schema)
        if "enum" in schema:
            return schema["enum"][0]
        if "oneOf" in schema:
            return self.sample(schema["oneOf"][0], known, depth, name)
        if schema.get("type") == "array":
            return [self.sample(schema["items"], known, depth + 1, name)] if depth < DEEPEST else []
        if properties := self.properties(schema):
            if depth >= DEEPEST:
                return {}
            return {
                inner: known.get(inner, _MISSING)
                if inner in known and self._takes(part, known[inner])
                else self.sample(part, known, depth + 1, inner)
                for inner, part in properties.items()
            }
        if len(bases := _bases(schema)) == 1:
            return self.sample(bases[0], known, depth, name)
        return BY_FORMAT[schema.get("type", "object"), schema.get("format", "")]

    def _takes(self, schema: Schema, value: Any) -> bool:
        return not list(self.validator(schema).iter_errors(value))

    def validator(self, schema: Schema) -> OAS30Validator:
        """Return a validator for a schema of the document."""
        return OAS30Validator({"components": self.content["components"], **schema})

    def declared(self, operation: Operation) -> int:
        """Return the status of success."""
        (status,) = (code for code in operation.raw["responses"] if code.startswith("2"))
        return int(status)

    def answer_schema(self, operation: Operation, status: str) -> Schema | None:
        """Return the schema of a response's body, None if it has none."""
        response = self.follow(operation.raw["responses"][status])
        found: Schema | None = response.get("content", {}).get("application/json", {}).get("schema")
        return found

    def unfit(self, schema: Schema, value: Any, at: str = "") -> Iterator[str]:
        """Yield violations of rules that clients rely on and the schema does not state.

        A value has no unknown property, and it has every plain property that cannot be null.
        """
        schema = self.follow(schema)
        if isinstance(value, list) and "items" in schema:
            for item in value[:5]:
                yield from self.unfit(schema["items"], item, f"{at}[]")
            return
        properties = self.properties(schema)
        if not isinstance(value, dict) or not properties:
            return
        for name in value:
            if "@" not in name and name not in properties:
                yield f"{at}/{name} is not declared"
        for name, part in properties.items():
            if name in value:
                yield from self.unfit(part, value[name], f"{at}/{name}")
            elif _is_plain(self.follow(part)) and "@" not in name:
                yield f"{at}/{name} is missing"


_MISSING = object()
# YAML 1.1 reads these members of enums as booleans.
_WORDS = {False: "No", True: "Yes"}


def _read(node: Any) -> Any:
    """Return the document as it is meant: enum members are texts, and `nullable` beside `allOf` allows null."""
    if isinstance(node, list):
        return [_read(part) for part in node]
    if not isinstance(node, Mapping):
        return node
    read = {name: _read(part) for name, part in node.items()}
    if isinstance(read.get("enum"), list):
        read["enum"] = [
            _WORDS.get(member, member) if isinstance(member, bool) else member for member in read["enum"]
        ]
    if read.get("nullable") is True and isinstance(read.get("allOf"), list):
        parts = read.pop("allOf")
        read["anyOf"] = [{"allOf": parts}, {"enum": [None], "nullable": True}]
    return read


def _bases(schema: Schema) -> list[Schema]:
    nullable = [part for choice in schema.get("anyOf", [])[:1] for part in choice.get("allOf", [])]
    return [*schema.get("allOf", []), *nullable]


def _is_plain(schema: Schema) -> bool:
    plain = schema.get("type") in ("string", "integer", "number", "boolean") or "enum" in schema
    return plain and not schema.get("nullable")


@dataclass
class Known:
    """The keys of a PBX's sets, requested once per set."""

    send: Send
    _first: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def key(self, set_name: str, name: str) -> Any:
        """Return the key of the last entity of a set, None if the set is empty or has no list."""
        if (set_name, name) in _UNLISTED:
            return _UNLISTED[set_name, name]
        if set_name not in self._first:
            answer = self.send("GET", f"/{set_name}", None)
            # Singletons, and paths that have functions only, are not sets.
            rows = answer.json.get("value", []) if answer.status == 200 else []
            self._first[set_name] = rows[-1] if rows else {}
        return self._first[set_name].get(name)


def literal(schema: Schema, value: Any) -> str:
    """Return a value as a literal in a URL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if schema.get("type") != "string" or schema.get("format") in ("uuid", "date-time"):
        return quote(str(value), safe="-:.")
    return "'" + quote(str(value).replace("'", "''"), safe="'") + "'"


def fill(
    document: Document, operation: Operation, known: Known, given: Mapping[str, Any], *, existing: bool
) -> str:
    """Return the operation's path with parameters: with existing keys, or with keys that do not exist."""
    path = operation.path
    for name, schema in document.parameters(operation, "path").items():
        value = given.get(name)
        if value is None or not existing:
            value = _path_value(path, name, schema, known, existing=existing)
        path = path.replace("{" + name + "}", literal(schema, value))
    return path


def _path_value(path: str, name: str, schema: Schema, known: Known, *, existing: bool) -> Any:
    kind, form = schema["type"], schema.get("format", "")
    keyed = re.match(rf"/(\w+)(?:/Pbx\.Get(?:Trunk)?ByNumber)?\((?:\w+=)?\{{{name}\}}\)", path)
    if existing and keyed:
        # In older releases, the argument of a look-up by number is in lower case.
        value = known.key(keyed[1], name[0].upper() + name[1:])
        assert value is not None, f"{path}: the PBX has no {keyed[1]}"
        return value
    if existing and name in _KEYS:
        return known.key(*_KEYS[name])
    if form == "date-time":
        return {"periodFrom": "2026-01-01T00:00:00Z", "startDt": "2026-01-01T00:00:00Z"}.get(
            name, "2026-12-31T00:00:00Z" if name in ("periodTo", "endDt") else "2026-03-02T00:00:00Z"
        )
    if name.endswith(("Interval", "FilterFrom", "FilterTo")) or (existing and name in _ARGUMENTS):
        return _ARGUMENTS[name]
    if existing:
        return BY_FORMAT[kind, form]
    return (
        2_000_000_000 if kind in ("integer", "number") else BY_FORMAT[kind, form] if form else "no-such-thing"
    )


def is_error(document: Document, answer: Sent, operation: Operation) -> list[str]:
    """Return the violations of the document's error schema by an error response."""
    schema = document.answer_schema(operation, "default")
    assert schema is not None
    body = answer.json
    problems = [error.message for error in document.validator(schema).iter_errors(body)]
    return problems + list(document.unfit(schema, {"error": {**body["error"], "target": None}}))
