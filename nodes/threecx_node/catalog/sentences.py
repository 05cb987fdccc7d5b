"""Say in one sentence what an operation does beyond its name: what it returns, needs or changes.

Sentences that people wrote are in the catalog. The others follow from the kind of the operation and from its fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .labels import title_of
from .summary_fields import simple_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .catalog import Catalog
    from .models import Operation, OperationVersion

# A sentence with more names is not read to its end.
_SHOWN = 2
_REPORT = "Report"
# The client's own user and group.
_OWN = "my "


def summarize_operation(catalog: Catalog, operation: Operation, one: str = "") -> str:
    """Return the sentence, without a final period; never empty. `one` names an entity otherwise than the catalog."""
    if operation.description:
        return operation.description
    version = operation.versions[-1]
    one = one or catalog.resource_texts(operation.resource)["singular"]
    fields = _list_fields(catalog, version)
    match operation.kind:
        case "list":
            return _summarize_list(version, one, fields)
        case "get":
            # The participants of a DN are not DNs.
            is_own = len(version.template.segments) == 1
            return _summarize_get(
                version, one if is_own else operation.name.removeprefix("Get ").lower(), fields
            )
        case "create":
            return _summarize_create(catalog, operation, one)
        case "update":
            return "Changes only the fields that are set"
        case "delete":
            return f"Removes the {one} permanently"
        case _:
            return _summarize_call(operation, version, fields)


def _summarize_list(version: OperationVersion, one: str, fields: str) -> str:
    # The groups of a user are not users.
    is_own = len(version.template.segments) == 1
    per = f"One item per {one}" if is_own else "One item each"
    return f"{per}: {fields}" if fields else per


def _summarize_get(version: OperationVersion, one: str, fields: str) -> str:
    has = f": {fields}" if fields else ""
    by = " and ".join(title_of(each.name) for each in version.parameters)
    if by:
        return f"The {one} with this {by}{has}"
    return f"Your {one.removeprefix(_OWN)}{has}" if one.startswith(_OWN) else f"The {one}{has}"


def _summarize_create(catalog: Catalog, operation: Operation, one: str) -> str:
    needed = [" or ".join(map(title_of, names)) for names in catalog.required_choices(operation)]
    if not needed:
        return f"Adds a new {one}; the PBX chooses what is not set"
    return f"Adds a new {one}; {_join(needed)} must be set"


def _summarize_call(operation: Operation, version: OperationVersion, fields: str) -> str:
    """Return a sentence for a function or an action that has none by hand, such as one of a newer PBX."""
    if version.returns.kind == "file":
        is_report = operation.resource.startswith(_REPORT)
        return "The rows of Get Report as a file" if is_report else f"{operation.action}, as a file"
    if fields:
        return f"{operation.action}; returns {fields}"
    return f"{operation.action}; {'only reads' if operation.effect == 'read' else 'may change the PBX'}"


def _list_fields(catalog: Catalog, version: OperationVersion) -> str:
    """Return the first fields of what comes back, in words, empty where it has none."""
    schema = version.returns.type
    if version.returns.kind not in ("entity", "collection") or not catalog.is_schema(schema):
        return ""
    # An ID says nothing to people.
    names = [each for each in simple_fields(catalog, schema) if each != "Id"]
    shown = [title_of(each) for each in names[:_SHOWN]]
    return f"{', '.join(shown)} and more" if len(names) > _SHOWN else _join(shown)


def _join(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
