"""Find the fields by which the entities of a list can be filtered, and the operators that fit each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

from ..values.edm import EDM_TYPES
from .labels import title_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .catalog import Catalog
    from .models import OperationVersion, Property

ValueKind = Literal["text", "boolean", "number", "guid", "moment", "date", "time", "duration", "enum"]

_KINDS: Mapping[str, ValueKind] = {
    "String": "text",
    "Boolean": "boolean",
    "Guid": "guid",
    "DateTimeOffset": "moment",
    "Date": "date",
    "TimeOfDay": "time",
    "Duration": "duration",
}

OPERATORS: Mapping[str, str] = {
    "equals": "Equals",
    "notEquals": "Does Not Equal",
    "contains": "Contains",
    "startsWith": "Starts With",
    "endsWith": "Ends With",
    "greater": "Is Greater Than",
    "greaterOrEqual": "Is Greater Than or Equal",
    "less": "Is Less Than",
    "lessOrEqual": "Is Less Than or Equal",
    "in": "Is One Of",
    "isTrue": "Is True",
    "isFalse": "Is False",
    "isEmpty": "Is Empty",
    "isNotEmpty": "Is Not Empty",
}
"""The titles of all operators."""

_AFTER: Mapping[str, str] = {
    "greater": "Is After",
    "greaterOrEqual": "Is at or After",
    "less": "Is Before",
    "lessOrEqual": "Is at or Before",
}
WITHOUT_VALUE = frozenset({"isTrue", "isFalse", "isEmpty", "isNotEmpty"})
"""The operators that take no value."""

_EQUALITY = ("equals", "notEquals", "in")
_PARTS = ("contains", "startsWith", "endsWith")
_ORDER = ("greater", "greaterOrEqual", "less", "lessOrEqual")
_EMPTINESS = ("isEmpty", "isNotEmpty")


@dataclass(frozen=True, slots=True)
class FilterField:
    """A field of the entities: its path in OData, its title, and the kind and the type of its values.

    `type` is a type of EDM or an enum.
    """

    path: str
    title: str
    kind: ValueKind
    type: str

    @property
    def operators(self) -> Mapping[str, str]:
        """Return the titles of the operators that fit, by operator."""
        names: tuple[str, ...]
        match self.kind:
            case "text":
                names = (*_EQUALITY, *_PARTS, *_EMPTINESS)
            case "boolean":
                names = ("isTrue", "isFalse", *_EQUALITY, *_EMPTINESS)
            case "guid" | "enum":
                names = (*_EQUALITY, *_EMPTINESS)
            case _:
                names = (*_EQUALITY, *_ORDER, *_EMPTINESS)
        titles = {**OPERATORS, **_AFTER} if self.kind in ("moment", "date", "time") else OPERATORS
        return {name: titles[name] for name in OPERATORS if name in names}


_cache: WeakKeyDictionary[Catalog, dict[tuple[str, str | None], Mapping[str, FilterField]]] = (
    WeakKeyDictionary()
)


def kind_of_type(catalog: Catalog, name: str) -> ValueKind | None:
    """Return the kind of the values of a type, None for an object and for a type without a rule."""
    if name in catalog.enums:
        return "enum"
    edm = EDM_TYPES.get(name)
    return "number" if edm is not None and edm.is_number else _KINDS.get(name)


def takes_filter(catalog: Catalog, version: OperationVersion) -> bool:
    """Return whether an operation has a filter over entities whose fields are known."""
    return "$filter" in version.query and catalog.is_schema(version.returns.type)


def filter_fields(catalog: Catalog, schema: str, release: str | None) -> Mapping[str, FilterField]:
    """Return the fields of the entities of `schema` in `release`, by path, sorted by title.

    Lists, objects and related entities are not among them: each of them has several values.
    """
    known = _cache.setdefault(catalog, {})
    if (schema, release) not in known:
        fields = list(_find_fields(catalog, schema, release, ""))
        known[schema, release] = {
            each.path: each for each in sorted(fields, key=lambda each: each.title.casefold())
        }
    return known[schema, release]


def find_filter_field(
    catalog: Catalog, schema: str, release: str | None, path: str
) -> FilterField | Property | None:
    """Return the field of a path, in any case: `QueueStatus`, `Hours/Type`.

    The title of a field finds it too. A property that has several values is returned as it is, and None where
    there is none.
    """
    *owners, last = path.split("/")
    prefix = ""
    for owner in owners:
        found = _find_property(catalog, schema, release, owner)
        if found is None:
            return None
        type_ref = found.type_in(release)
        if type_ref.collection or found.navigation or not catalog.is_schema(type_ref.name):
            return found
        prefix += f"{found.name}/"
        schema = type_ref.name
    found = _find_property(catalog, schema, release, last)
    return None if found is None else _to_field(catalog, found, release, prefix) or found


def _find_fields(catalog: Catalog, schema: str, release: str | None, prefix: str) -> list[FilterField]:
    properties = catalog.properties_in(schema, release).values()
    fields = (_to_field(catalog, each, release, prefix) for each in properties)
    return [each for each in fields if each is not None]


def _to_field(catalog: Catalog, each: Property, release: str | None, prefix: str) -> FilterField | None:
    type_ref = each.type_in(release)
    kind = kind_of_type(catalog, type_ref.name)
    if kind is None or type_ref.collection:
        return None
    path = f"{prefix}{each.name}"
    title = " ".join(title_of(part) for part in path.split("/"))
    return FilterField(path, title, kind, type_ref.name)


def _find_property(catalog: Catalog, schema: str, release: str | None, name: str) -> Property | None:
    properties = catalog.properties_in(schema, release)
    if name in properties:
        return properties[name]
    folded = _fold(name)
    fitting = [
        each for each in properties.values() if folded in (_fold(each.name), _fold(title_of(each.name)))
    ]
    return fitting[0] if len(fitting) == 1 else None


def _fold(name: str) -> str:
    return "".join(letter for letter in name if letter not in " _-").casefold()
