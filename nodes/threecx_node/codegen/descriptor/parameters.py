"""Build as few node properties as possible for the path parameters and keys of all operations.

Operations share a property where its name, type, meaning and need are the same: n8n pays for every property of a
node each time a workflow is opened.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...catalog.labels import describe_releases, title_of
from ...catalog.references import find_reference
from ...values.edm import EDM_TYPES
from ..catalog.naming import load_overrides
from .call_control import draft_call_parameter
from .locators import NOTHING_CHOSEN, draft_modes, draft_written_mode
from .references import draft_reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ...catalog import Catalog, Operation, OperationVersion, Parameter
    from ...catalog.references import Reference
    from ...descriptor.definition import NodeProperty

_SEEMS_ID = re.compile(r"(Id|_id|^id)$")
_INTEGER_TEXT = r"^\s*-?\d{1,10}\s*$"
_GUID_TEXT = r"^\s*[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\s*$"


@dataclass
class _Use:
    """A property, the operations that use it, and its position in the path of each."""

    draft: NodeProperty
    operations: list[str]
    positions: list[int]


def build_path_properties(catalog: Catalog, operations: Iterable[str]) -> list[NodeProperty]:
    """Return properties for all path parameters of `operations`: keys first, the others in the order of the paths."""
    uses: dict[str, _Use] = {}
    for operation_id in sorted(operations):
        operation = catalog.operation(operation_id)
        if operation.task is not None:
            continue
        for position, draft in enumerate(_draft_properties(catalog, operation)):
            use = uses.setdefault(json.dumps(draft, sort_keys=True), _Use(draft, [], []))
            use.operations.append(operation_id)
            use.positions.append(position)
    ordered = sorted(uses.values(), key=_sort_key)
    keys = [use for use in ordered if use.draft["type"] == "resourceLocator"]
    ordered = [*keys, *_arrange(ordered[len(keys) :])]
    return [show_for(use.draft, use.operations) for use in ordered]


def show_for(draft: NodeProperty, operations: list[str], *, nested: bool = False) -> NodeProperty:
    """Return the property with a condition that shows it for `operations`; `nested` is one inside a collection."""
    show = {"/operation" if nested else "operation": sorted(operations)}
    return {**draft, "displayOptions": {"show": show}}


def _draft_properties(catalog: Catalog, operation: Operation) -> Iterator[NodeProperty]:
    newest = operation.versions[-1]
    offered = {each.name.casefold() for each in newest.parameters}
    for each in newest.parameters:
        draft = _draft_property(catalog, each, newest)
        reference = None if each == newest.key else find_reference(catalog, operation, each.name)
        if reference is not None:
            draft |= _draft_reference(draft, reference)
        yield draft
    for version in reversed(operation.versions[:-1]):
        for each in version.parameters:
            # 3CX renamed {number} to {Number}: one property is enough for both.
            if each.name.casefold() not in offered:
                offered.add(each.name.casefold())
                having = [
                    release
                    for other in operation.versions
                    for release in other.releases
                    if each.name in {parameter.name for parameter in other.parameters}
                ]
                yield _restrict(
                    _draft_property(catalog, each, version),
                    describe_releases(having, catalog.releases),
                )


def _draft_reference(draft: NodeProperty, reference: Reference) -> Any:
    """Return what a parameter that names other entities has in place of a text."""
    draft.pop("typeOptions", None)
    placeholder = str(draft.pop("placeholder", ""))
    built = draft_reference(reference, placeholder)
    # How to write several values is about a text; what none of them means is true for a list too.
    _, _, without = str(draft.get("description", "")).partition("; ")
    if reference.several and without:
        built["description"] = f"{without[0].upper()}{without[1:]}. {built['description']}"
    return built


def _restrict(draft: NodeProperty, only: str) -> NodeProperty:
    """Return the property of a parameter that the newest release does not have: it is optional."""
    described = draft.get("description")
    draft.pop("required", None)
    draft.pop("typeOptions", None)
    # A text, whatever its type: a number field always has a value, which the newest release would refuse.
    draft |= {"type": "string", "default": ""}
    draft["description"] = f"{described} ({only[0].lower()}{only[1:]})" if described else only
    return draft


def _draft_property(catalog: Catalog, parameter: Parameter, version: OperationVersion) -> NodeProperty:
    if (draft := draft_call_parameter(parameter)) is not None:
        return draft
    if parameter == version.key:
        if catalog.listing(version.entity_set) is not None:
            by_number = catalog.has_look_up_by_number(version.entity_set)
            return _draft_locator(parameter, by_number=by_number)
        return _draft_plain(parameter, {})
    # Not what is special in one resource: the property is the same for all, and the executor checks the rest.
    return _draft_plain(parameter, load_overrides()["parameters"].get(parameter.name, {}))


def _draft_plain(parameter: Parameter, override: Mapping[str, Any]) -> NodeProperty:
    draft: NodeProperty = {
        "displayName": title_of(parameter.name),
        "name": parameter.name,
        "type": "string",
        "default": "",
        "required": True,
    }
    if _is_integer(parameter) and not _SEEMS_ID.search(parameter.name):
        # An ID is a text on the canvas: an empty number field would mean 0, which would be sent.
        draft |= {"type": "number", "default": 0, "typeOptions": {"numberPrecision": 0}}
    elif parameter.type == "Boolean":
        draft |= {"type": "boolean", "default": False}
    elif parameter.type == "DateTimeOffset":
        draft |= {"type": "dateTime"}
    if override.get("complete"):
        # All values are known; other arguments stay numbers, because stored workflows may have other values.
        draft |= {
            "type": "options",
            "options": [
                {"name": title_of(name), "value": value} for name, value in sorted(parameter.choices.items())
            ],
        }
        del draft["typeOptions"]
    if "default" in override:
        draft["default"] = override["default"]
    if "placeholder" in override:
        draft["placeholder"] = override["placeholder"]
    if override.get("empty") or draft["type"] == "boolean":
        del draft["required"]
    if parameter.name == "limit":
        draft["typeOptions"] = {"minValue": 1}
    if "description" in override:
        draft["description"] = override["description"]
    elif draft["type"] == "boolean":
        draft["description"] = f"Whether to set {draft['displayName'].lower()}"
    return draft


def _draft_locator(parameter: Parameter, *, by_number: bool) -> NodeProperty:
    title = title_of(parameter.name)
    by_key: dict[str, Any] = {"displayName": f"By {title}", "name": "id", "type": "string"}
    if _is_integer(parameter):
        by_key |= {
            "placeholder": "e.g. 42",
            "validation": [_regex(_INTEGER_TEXT, "The ID must be a whole number")],
        }
    elif parameter.type == "Guid":
        by_key["validation"] = [_regex(_GUID_TEXT, "The ID must be a GUID")]
    modes = draft_modes("searchEntities", by_key)
    if by_number:
        # An extension number can be the ID of another entry.
        by_key["hint"] = "The ID that 3CX gave the entry, not its extension number"
        modes.append(draft_written_mode("By Number", "number", "e.g. 102"))
    return {
        "displayName": title,
        "name": parameter.name,
        "type": "resourceLocator",
        "default": NOTHING_CHOSEN,
        "required": True,
        "description": f"Choose the entry from the list, or give its {'ID or number' if by_number else title}",
        "modes": modes,
    }


def _arrange(uses: list[_Use]) -> list[_Use]:
    """Return the properties in an order that agrees with most paths.

    The paths contradict each other, so no order agrees with all. The next property is always the one that the fewest
    paths put after one of those that are left.
    """
    places = [dict(zip(use.operations, use.positions, strict=True)) for use in uses]

    def count_after(one: int, other: int) -> int:
        first, then = places[one], places[other]
        return sum((first[name] > then[name]) - (first[name] < then[name]) for name in first.keys() & then)

    contradictions = [
        [max(0, count_after(one, other)) for other in range(len(uses))] for one in range(len(uses))
    ]
    left = list(range(len(uses)))
    arranged = []
    while left:
        chosen = min(left, key=lambda one: sum(contradictions[one][other] for other in left))
        left.remove(chosen)
        arranged.append(uses[chosen])
    return arranged


def _is_integer(parameter: Parameter) -> bool:
    edm = EDM_TYPES.get(parameter.type)
    return edm is not None and edm.is_integer


def _regex(pattern: str, message: str) -> dict[str, Any]:
    return {"type": "regex", "properties": {"regex": pattern, "errorMessage": message}}


def _sort_key(use: _Use) -> tuple[bool, float, str, str]:
    mean = sum(use.positions) / len(use.positions)
    # Locators with the same name are adjacent, the most used first.
    is_key = use.draft["type"] == "resourceLocator"
    return not is_key, -len(use.operations) if is_key else mean, use.draft["name"], json.dumps(use.draft)
