"""Collects the fields of a body that came as separate values or were mapped by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BodyError
from ..values.edm import EDM_TYPES
from ..values.json import loads, why_not_json
from ..values.undefined import UNDEFINED, is_missing

if TYPE_CHECKING:
    from ..catalog import Catalog, Property
    from .table import ParameterTable

PRIMARY_GROUP, _GROUPS = "PrimaryGroupId", "Groups"
# The role of a member without rights of its own.
_MEMBER = "users"


def leave_out_empty(catalog: Catalog, declared: Property, value: Any) -> Any:
    """Return UNDEFINED for an empty text where the field is not a text, so that the field is not sent.

    A mapper, a command line and a cell of a table have no other way to leave a field out. Other values are
    returned as they are: the request coerces them.
    """
    if not isinstance(value, str) or value.strip():
        return value
    type_ref = declared.type
    is_text = type_ref.name == "String" and not type_ref.collection
    has_rule = (
        type_ref.collection
        or type_ref.name in EDM_TYPES
        or type_ref.name in catalog.enums
        or catalog.is_schema(type_ref.name)
    )
    return UNDEFINED if has_rule and not is_text else value


def read_field(type_name: str, value: Any, written: Any, catalog: Catalog) -> Any:
    """Return the value of a field as its body has it: an entity that was chosen, or entries that were filled in.

    A canvas writes the first as a resource locator, the second as `{"values": …}`. In an entry, a field that was left
    empty is left out.
    """
    if not isinstance(value, Mapping) or not isinstance(written, Mapping):
        return value
    if written.get("__rl") is True:
        chosen = value.get("value")
        return UNDEFINED if isinstance(chosen, str) and not chosen.strip() else chosen
    if not catalog.is_schema(type_name) or set(written) != {"values"}:
        return value
    entries, written = value.get("values"), written["values"]
    if isinstance(entries, Mapping):
        return _read_entry(entries, written)
    if not isinstance(entries, list):
        return UNDEFINED
    as_written = (
        written if isinstance(written, list) and len(written) == len(entries) else [None] * len(entries)
    )
    return [_read_entry(*each) for each in zip(entries, as_written, strict=True)]


def join_group(fields: Mapping[str, Any], written: Any) -> dict[str, Any]:
    """Return the membership of a new user in the department that was chosen from a list, as a field of the body.

    3CX keeps the primary group of a user and the groups that the user is a member of apart. Empty where the body has
    groups already, or the primary group was not chosen in a canvas: then only what is set is sent.
    """
    chosen = fields[PRIMARY_GROUP]
    is_chosen = isinstance(written, Mapping) and written.get("__rl") is True and not is_missing(chosen)
    if not is_chosen or _GROUPS in fields:
        return {}
    return {_GROUPS: [{"GroupId": chosen, "Rights": {"RoleName": _MEMBER}}]}


def _read_entry(entry: Any, written: Any) -> Any:
    """Return the fields of an entry that were filled in; of an entity that was chosen, its value."""
    if not isinstance(entry, Mapping):
        return entry
    fields = {}
    for name, value in entry.items():
        as_written = written.get(name) if isinstance(written, Mapping) else None
        is_locator = isinstance(as_written, Mapping) and as_written.get("__rl") is True
        chosen = value.get("value") if is_locator and isinstance(value, Mapping) else value
        if chosen != "" and not (is_locator and chosen is None):
            fields[name] = chosen
    return fields


def parse_json(text: str, name: str) -> Any:
    """Return the value of a JSON text. Raises BodyError with line and column."""
    try:
        return loads(text)
    except ValueError as error:
        raise BodyError(f"{name} is not valid JSON{why_not_json(error)}", field=name) from error


def map_fields(table: ParameterTable, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that were mapped by hand in a resource mapper (`{"mappingMode", "value", …}`) as a body.

    A field that shows null in the mapper was never filled in, so it is not sent, unless the canvas says that all
    fields were (`"filled": true`). A field may have the name that a canvas displays. Raises BodyError where two names
    are those of one field.
    """
    fields = value.get("value") or {}
    if not isinstance(fields, Mapping):
        raise BodyError("body: the mapper has no fields", field="body", description="Map the fields again.")
    is_filled = value.get("filled") is True
    declared = table.mappable_fields
    given: dict[str, str] = {}
    body = {}
    for written, field in fields.items():
        if field is None and not is_filled:
            continue
        name = written if written in declared else table.find_field(written) or written
        if name in given:
            raise BodyError(
                f"body: {given[name]!r} and {written!r} both set the field {name}",
                field=name,
                description="Remove one of them; nothing was sent for this item.",
            )
        given[name] = written
        body[name] = leave_out_empty(table.catalog, declared[name], field) if name in declared else field
    return body
