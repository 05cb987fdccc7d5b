"""What a canvas offers to choose from: entries of a set, fields of a body, members of an enum."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..catalog.labels import availability, words
from ..catalog.summary_fields import label_fields
from ..errors import InputError, UnknownNameError
from ..execution.results import Item

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..catalog import Catalog, Operation, OperationVersion, Property, TypeRef
    from ..execution.executor import Executor

PAGE_SIZE = 50
# How many names stand for what a list or an object holds.
_NAMED = 4
_NUMBER = "Number"
_NUMBERS = frozenset({"Byte", "Int16", "Int32", "Int64", "Double", "Decimal", "Single"})
_DATES = frozenset({"Date", "DateTimeOffset"})


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Entries (`name`, `value`) and where the next page begins, None after the last."""

    results: Sequence[Mapping[str, Any]]
    cursor: str | None = None

    def to_json(self) -> dict[str, Any]:
        """`{"results", "cursor"}`."""
        return {"results": list(self.results), "cursor": self.cursor}


async def search(
    executor: Executor, operation: str, parameter: str | None, text: str | None, cursor: str | None
) -> SearchPage:
    """Entries of the set that `parameter` of `operation` is a key of, those whose name or number holds `text`.

    Without `parameter` the operation's first key is meant. Raises ThreeCxError.
    """
    found = executor.catalog.operation(operation)
    key = _key(found, parameter)
    listing = _listing(executor.catalog, found.version(), key)
    shape = listing.version()
    properties = executor.catalog.properties(shape.returns.type)
    labels = [
        name for name in (*label_fields(executor.catalog, shape.returns.type), _NUMBER) if name in properties
    ]
    skip = _skip(cursor)
    wanted = _query(shape, properties, key, labels, text)
    wanted |= {"limit": PAGE_SIZE, **({"$skip": skip} if skip and "$skip" in shape.query else {})}
    batch = await executor.run(listing.id, [Item({}, wanted)])
    [result] = batch.results
    if result.error is not None:
        raise result.error
    entries = [item["json"] for item in result.items or ()]
    results = [_entry(each, key, labels) for each in entries if each.get(key) is not None]
    if text and "$filter" not in wanted:
        results = [each for each in results if text.casefold() in str(each["name"]).casefold()]
    more = len(entries) == PAGE_SIZE and "$skip" in shape.query
    return SearchPage(results, str(skip + PAGE_SIZE) if more else None)


def body_fields(catalog: Catalog, operation: str, release: str | None) -> list[dict[str, Any]]:
    """The top-level fields of an operation's body by name, those that must be given first.

    `{"id", "displayName", "type", "required", "description"?, "options"?}` each.
    """
    found = catalog.operation(operation)
    shape = found.version(release)
    fields = catalog.body_properties(shape, release)
    # An update names its entity in the path; the body's copy of the key would only contradict it.
    keys = {each.name for each in shape.parameters} if found.kind == "update" else set()
    required = catalog.required_fields(found)
    shown = [
        _field(catalog, each, release, required=name in required)
        for name, each in fields.items()
        if name not in keys
    ]
    # Lists of a hundred fields are read by their names.
    return sorted(shown, key=lambda each: (not each["required"], each["displayName"].casefold()))


def options_of(catalog: Catalog, operation: str, parameter: str, release: str | None) -> list[dict[str, Any]]:
    """`{"name", "value"}` of each choice for `$select`, `$expand`, `$orderby` or a parameter with an enum."""
    found = catalog.operation(operation)
    shape = found.version(release)
    if parameter in ("$select", "$expand", "$orderby"):
        type_name = shape.returns.type
        if parameter not in shape.query or not catalog.is_schema(type_name):
            raise UnknownNameError(f"{operation} takes no {parameter}", description="Leave it out.")
        return list(_query_options(catalog.properties(type_name), parameter))
    enums = {each.name: each.type for each in shape.parameters}
    enums |= {name: each.type.name for name, each in catalog.body_properties(shape, release).items()}
    if parameter not in enums:
        raise UnknownNameError(f"{operation} has no parameter {parameter!r}")
    return _members(catalog, enums[parameter], release)


def _key(operation: Operation, parameter: str | None) -> str:
    for each in operation.version().parameters:
        if parameter in (None, each.name) and _entity_set(operation.version(), each.name) is not None:
            return each.name
    what = f"{parameter} of {operation.id}" if parameter else operation.id
    raise UnknownNameError(f"{what}: there is no list to choose from", description="Give the value itself.")


def _entity_set(shape: OperationVersion, key: str) -> str | None:
    before, mark, _ = shape.path.partition(f"({{{key}}})")
    return before if mark else None


def _listing(catalog: Catalog, shape: OperationVersion, key: str) -> Operation:
    entity_set = _entity_set(shape, key)
    for operation_id in catalog.operation_ids:
        each = catalog.operation(operation_id)
        one = each.version()
        if each.kind == "list" and one.path == entity_set and one.returns.kind == "collection":
            return each
    raise UnknownNameError(f"3CX has no list of {entity_set}", description=f"Give {key} itself.")


def _query(
    shape: OperationVersion,
    properties: Mapping[str, Property],
    key: str,
    labels: Sequence[str],
    text: str | None,
) -> dict[str, Any]:
    query: dict[str, Any] = {}
    if "$select" in shape.query:
        query["$select"] = [key, *(name for name in labels if name != key)]
    searchable = [name for name in labels or [key] if properties[name].type.name == "String"]
    if text and searchable and "$filter" in shape.query:
        query["$filter"] = _holding(text, searchable)
    if labels and "$orderby" in shape.query:
        query["$orderby"] = labels[0]
    return query


def _holding(text: str, names: Sequence[str]) -> str:
    """A filter for entities that hold each word of `text` in one of `names`, in upper or lower case.

    What a list shows, "Ada Lovelace (102)", is found too.
    """
    quoted = ["'" + word.replace("'", "''") + "'" for word in re.findall(r"[^\s()]+", text.lower()) or [text]]
    any_of = [" or ".join(f"contains(tolower({name}),{word})" for name in names) for word in quoted]
    return any_of[0] if len(any_of) == 1 else " and ".join(f"({each})" for each in any_of)


def _entry(entity: Mapping[str, Any], key: str, labels: Sequence[str]) -> dict[str, Any]:
    name = " ".join(str(entity[each]) for each in labels if each != _NUMBER and entity.get(each))
    number = entity.get(_NUMBER) if _NUMBER in labels else None
    if number:
        name = f"{name} ({number})" if name else str(number)
    return {"name": name or str(entity[key]), "value": entity[key]}


def _skip(cursor: str | None) -> int:
    if cursor is None or cursor == "":
        return 0
    if not cursor.isdecimal() or len(cursor) > 9:
        raise InputError(
            "this page is not known", description="Search again from the beginning.", field="cursor"
        )
    return int(cursor)


def _field(catalog: Catalog, each: Property, release: str | None, *, required: bool) -> dict[str, Any]:
    type_ref = each.type_in(release)
    members = _members(catalog, type_ref.name, release)
    kind = _canvas_type(catalog, each, release, choosable=bool(members))
    shown: dict[str, Any] = {
        "id": each.name,
        "displayName": words(each.name),
        "type": kind,
        "required": required,
    }
    if description := _description(catalog, each, type_ref):
        shown["description"] = description
    if kind == "options":
        shown["options"] = members
    return shown


def _description(catalog: Catalog, each: Property, type_ref: TypeRef) -> str:
    """What name and type leave open: what a list or an object holds, how long a text may be, which releases know it."""
    told = [_content(catalog, each, type_ref)]
    if each.releases is not None:
        only = availability(each.releases, catalog.releases)
        told.append(only[:1].lower() + only[1:])
    return ", ".join(part for part in told if part)


def _content(catalog: Catalog, each: Property, type_ref: TypeRef) -> str:
    name, enum = type_ref.name, catalog.enums.get(type_ref.name)
    if enum is not None and (enum.flags or type_ref.collection):
        return (
            f"{'a list' if type_ref.collection else 'one or several, with commas,'} of {_some(enum.members)}"
        )
    if catalog.is_schema(name):
        kind = "a list of objects" if type_ref.collection else "an object"
        return f"{kind} with {_some(tuple(catalog.properties(name)))}"
    if type_ref.collection:
        return f"a list of {'numbers' if name in _NUMBERS else 'texts'}"
    return f"at most {each.max_length} characters" if each.max_length else ""


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown}, …" if len(names) > _NAMED else shown


def _canvas_type(catalog: Catalog, each: Property, release: str | None, *, choosable: bool) -> str:
    type_ref = each.type_in(release)
    if type_ref.collection:
        return "array"
    if choosable:
        return "options"
    if type_ref.name == "Boolean":
        return "boolean"
    if type_ref.name in _NUMBERS:
        return "number"
    if type_ref.name in _DATES:
        return "dateTime"
    return "object" if catalog.is_schema(type_ref.name) else "string"


def _members(catalog: Catalog, type_name: str, release: str | None) -> list[dict[str, Any]]:
    enum = catalog.enums.get(type_name)
    if enum is None or enum.flags:
        return []
    return [{"name": words(each), "value": each} for each in enum.members_in(release)]


def _query_options(properties: Mapping[str, Property], parameter: str) -> Iterator[dict[str, Any]]:
    for name, each in sorted(properties.items()):
        plain = not each.navigation and not each.type.collection
        if parameter == "$expand":
            if each.navigation:
                yield {"name": words(name), "value": name}
        elif parameter == "$select":
            if not each.navigation:
                yield {"name": words(name), "value": name}
        elif plain:
            yield {"name": words(name), "value": name}
            yield {"name": f"{words(name)} (Descending)", "value": f"{name} desc"}
