"""A catalog schema as a JSON Schema: the judge of what the one walk over a body accepts and sends."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from threecx_node.catalog import Catalog, Property, TypeRef
from threecx_node.values.edm import EDM_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jsonschema.protocols import Validator


@lru_cache(maxsize=1024)
def body_validator(catalog: Catalog, body: str | _Inline, release: str | None) -> Validator:
    """The validator of one body in one release (None: any); made once, kept for the process's life."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator(body_schema(catalog, body, release))


class _Inline:
    """An action's parameters as a cache key: the mapping itself has no hash, the catalog keeps it alive."""

    __slots__ = ("name", "properties")

    def __init__(self, name: str, properties: Mapping[str, Property]) -> None:
        self.name = name
        self.properties = properties

    def __hash__(self) -> int:
        return id(self.properties)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Inline) and other.properties is self.properties


def validator_for(
    catalog: Catalog, name: str, body: str | Mapping[str, Property], release: str | None
) -> Validator:
    """The validator of a shape's `body`; `name` is the operation's id."""
    return body_validator(catalog, body if isinstance(body, str) else _Inline(name, body), release)


def body_schema(catalog: Catalog, body: str | _Inline, release: str | None) -> dict[str, Any]:
    """A JSON Schema of the body with every type it can reach in `$defs`.

    Objects accept no field that the catalog does not have, except OData annotations (`@odata.type`), which
    3CX's own template functions give and take back.
    """
    definitions: dict[str, Any] = {}
    if isinstance(body, str):
        root: dict[str, Any] = {"$ref": f"#/$defs/{body}"}
        waiting = [body]
    else:
        root = _object(catalog, body.properties, release)
        waiting = list(_named(catalog, body.properties, release))
    while waiting:
        name = waiting.pop()
        if name in definitions:
            continue
        if name in catalog.enums:
            definitions[name] = _enum(catalog, name, release)
        else:
            properties = catalog.properties(name)
            definitions[name] = _object(catalog, properties, release)
            waiting += _named(catalog, properties, release)
    return {**root, "$defs": definitions}


def _named(catalog: Catalog, properties: Mapping[str, Property], release: str | None) -> Iterator[str]:
    for value in properties.values():
        name = value.type_in(release).name
        if catalog.is_schema(name) or name in catalog.enums:
            yield name


def _object(catalog: Catalog, properties: Mapping[str, Property], release: str | None) -> dict[str, Any]:
    return {
        # A complex value may be null where the document says so or not: PBX versions differ, the PBX decides.
        "type": ["object", "null"],
        "title": "an object",
        "properties": {
            name: _property(catalog, value, release)
            for name, value in properties.items()
            if release is None or value.releases is None or release in value.releases
        },
        "patternProperties": {"@": True},
        "additionalProperties": False,
    }


def _property(catalog: Catalog, value: Property, release: str | None) -> dict[str, Any]:
    type_ = value.type_in(release)
    if type_.collection:
        return {"type": "array", "title": "a list", "items": _single(catalog, TypeRef(type_.name), None)}
    return _single(catalog, type_, value.max_length)


def _single(catalog: Catalog, type_: TypeRef, max_length: int | None) -> dict[str, Any]:
    name = type_.name
    if catalog.is_schema(name):
        return {"$ref": f"#/$defs/{name}"}
    if name in catalog.enums:
        if type_.nullable:
            return {"if": {"type": "null"}, "else": {"$ref": f"#/$defs/{name}"}}
        return {"$ref": f"#/$defs/{name}"}
    return _primitive(name, nullable=type_.nullable, max_length=max_length)


def _primitive(name: str, *, nullable: bool, max_length: int | None) -> dict[str, Any]:
    edm = EDM_TYPES.get(name)
    if edm is None:
        return {}
    if edm.kind == "number":
        number = ["number", "null"] if nullable else "number"
        return {"anyOf": [{"type": number}, {"enum": ["INF", "-INF", "NaN"]}]}
    schema: dict[str, Any] = {"type": "boolean" if edm.kind == "boolean" else "string"}
    if edm.is_integer:
        schema = {"type": "integer", "minimum": edm.minimum, "maximum": edm.maximum}
    elif edm.pattern is not None and name != "Binary":
        schema["pattern"] = f"^(?:{edm.pattern.pattern})\\Z"
    if max_length is not None:
        schema["maxLength"] = max_length
    if nullable:
        schema["type"] = [schema["type"], "null"]
    return schema


def _enum(catalog: Catalog, name: str, release: str | None) -> dict[str, Any]:
    enum = catalog.enums[name]
    members = list(enum.members_in(release))
    title = f"one of {', '.join(members)}"
    if enum.flags:
        one = "|".join(members)
        return {
            "type": "string", "pattern": f"^({one})(, ?({one}))*$", "title": f"{title}, several with commas",
            "members": members,
        }  # fmt: skip
    return {"enum": members, "title": title}
