"""Path parameters and keys of all operations → as few properties as can serve them.

Operations share a property where name, type, meaning and need are the same: n8n pays for every property of a
node each time a workflow is opened.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...catalog.labels import describe_releases, title_of
from ..catalog.naming import overrides

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...catalog import Catalog, Operation, OperationVersion, Parameter
    from ...descriptor.models import NodeProperty

_KEYED = re.compile(r"^/(?P<set>\w+)\(\{(?P<key>\w+)\}\)")
_BY_NUMBER = re.compile(r"^/(?P<set>\w+)\(Number=\{Number\}\)$")
_INTEGERS = ("Byte", "Int16", "Int32", "Int64")
_SEEMS_ID = re.compile(r"(Id|_id|^id)$")
_INTEGER_TEXT = r"^\s*-?\d{1,10}\s*$"
_GUID_TEXT = r"^\s*[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\s*$"


@dataclass
class _Use:
    """One property's operations and where in their paths it stands."""

    draft: NodeProperty
    operations: list[str]
    positions: list[int]


def path_properties(catalog: Catalog) -> list[NodeProperty]:
    """A property for every path parameter of every operation; keys first, the others in the paths' order."""
    sets = _Sets(catalog)
    uses: dict[str, _Use] = {}
    for operation_id in catalog.operation_ids:
        operation = catalog.operation(operation_id)
        for position, draft in enumerate(_drafts(catalog, operation, sets)):
            use = uses.setdefault(json.dumps(draft, sort_keys=True), _Use(draft, [], []))
            use.operations.append(operation_id)
            use.positions.append(position)
    ordered = sorted(uses.values(), key=_order)
    keys = [use for use in ordered if use.draft["type"] == "resourceLocator"]
    ordered = [*keys, *_settle(ordered[len(keys) :])]
    return [shown_for(use.draft, use.operations) for use in ordered]


def shown_for(draft: NodeProperty, operations: list[str], *, nested: bool = False) -> NodeProperty:
    """The property, shown by these operations; inside a collection the path begins at the root."""
    show = {"/operation" if nested else "operation": sorted(operations)}
    return {**draft, "displayOptions": {"show": show}}


class _Sets:
    """Which entity sets can be listed, and which can be looked up by number."""

    def __init__(self, catalog: Catalog) -> None:
        paths = defaultdict(set)
        for operation_id in catalog.operation_ids:
            operation = catalog.operation(operation_id)
            for shape in operation.versions:
                paths[operation.kind].add(shape.path)
        self.listable = {path[1:] for path in paths["list"] if path.count("/") == 1}
        found = (_BY_NUMBER.match(path) for path in paths["get"])
        self.by_number = {match["set"] for match in found if match}


def _drafts(catalog: Catalog, operation: Operation, sets: _Sets) -> Iterator[NodeProperty]:
    newest = operation.versions[-1]
    offered = {each.name.casefold() for each in newest.parameters}
    for each in newest.parameters:
        yield _draft(each, newest, sets)
    for shape in reversed(operation.versions[:-1]):
        for each in shape.parameters:
            # 3CX renamed {number} to {Number}: one field serves both.
            if each.name.casefold() not in offered:
                offered.add(each.name.casefold())
                having = [
                    release
                    for other in operation.versions
                    for release in other.releases
                    if each.name in {parameter.name for parameter in other.parameters}
                ]
                yield _older(_draft(each, shape, sets), describe_releases(having, catalog.releases))


def _older(draft: NodeProperty, only: str) -> NodeProperty:
    """A parameter that the newest release has no more: offered, never asked for."""
    described = draft.get("description")
    draft.pop("required", None)
    draft.pop("typeOptions", None)
    # A text, whatever it is on the wire: a number field would hold a number, which the newest release refuses.
    draft |= {"type": "string", "default": ""}
    draft["description"] = f"{described} ({only[0].lower()}{only[1:]})" if described else only
    return draft


def _draft(parameter: Parameter, shape: OperationVersion, sets: _Sets) -> NodeProperty:
    keyed = _KEYED.match(shape.path)
    if keyed and keyed["key"] == parameter.name:
        if keyed["set"] in sets.listable:
            return _locator(parameter, by_number=keyed["set"] in sets.by_number)
        return _plain(parameter, {})
    return _plain(parameter, overrides()["parameters"].get(parameter.name, {}))


def _plain(parameter: Parameter, decided: Mapping[str, Any]) -> NodeProperty:
    draft: NodeProperty = {
        "displayName": title_of(parameter.name),
        "name": parameter.name,
        "type": "string",
        "default": "",
        "required": True,
    }
    if parameter.type in _INTEGERS and not _SEEMS_ID.search(parameter.name):
        # An ID stays a text on the canvas: an empty number field would mean 0 and be sent.
        draft |= {"type": "number", "default": 0, "typeOptions": {"numberPrecision": 0}}
    elif parameter.type == "Boolean":
        draft |= {"type": "boolean", "default": False}
    elif parameter.type == "DateTimeOffset":
        draft |= {"type": "dateTime"}
    if "default" in decided:
        draft["default"] = decided["default"]
    if decided.get("empty") or draft["type"] == "boolean":
        del draft["required"]
    if parameter.name == "limit":
        draft["typeOptions"] = {"minValue": 1}
    if "description" in decided:
        draft["description"] = decided["description"]
    elif draft["type"] == "boolean":
        draft["description"] = f"Whether to set {draft['displayName'].lower()}"
    return draft


def _locator(parameter: Parameter, *, by_number: bool) -> NodeProperty:
    by_key: dict[str, Any] = {"displayName": f"By {title_of(parameter.name)}", "name": "id", "type": "string"}
    if parameter.type in _INTEGERS:
        by_key |= {"placeholder": "e.g. 42", "validation": [_regex(_INTEGER_TEXT, "An ID is a whole number")]}
    elif parameter.type == "Guid":
        by_key["validation"] = [_regex(_GUID_TEXT, "An ID here is a GUID")]
    modes: list[dict[str, Any]] = [
        {
            "displayName": "From List",
            "name": "list",
            "type": "list",
            "typeOptions": {"searchListMethod": "searchEntities", "searchable": True},
        },
        by_key,
    ]
    if by_number:
        # Whoever takes one for the other works on somebody else's entry.
        by_key["hint"] = "3CX's own ID of the entry, not its extension number"
        modes.append(
            {"displayName": "By Number", "name": "number", "type": "string", "placeholder": "e.g. 102"}
        )
    return {
        "displayName": title_of(parameter.name),
        "name": parameter.name,
        "type": "resourceLocator",
        "default": {"mode": "list", "value": ""},
        "required": True,
        "modes": modes,
    }


def _settle(uses: list[_Use]) -> list[_Use]:
    """In an order that contradicts few paths: next comes what the fewest paths put behind something left.

    The paths contradict each other here and there, so there is no order that suits them all.
    """
    places = [dict(zip(use.operations, use.positions, strict=True)) for use in uses]

    def behind(one: int, other: int) -> int:
        first, then = places[one], places[other]
        return sum((first[name] > then[name]) - (first[name] < then[name]) for name in first.keys() & then)

    contradictions = [[max(0, behind(one, other)) for other in range(len(uses))] for one in range(len(uses))]
    left = list(range(len(uses)))
    settled = []
    while left:
        chosen = min(left, key=lambda one: sum(contradictions[one][other] for other in left))
        left.remove(chosen)
        settled.append(uses[chosen])
    return settled


def _regex(pattern: str, message: str) -> dict[str, Any]:
    return {"type": "regex", "properties": {"regex": pattern, "errorMessage": message}}


def _order(use: _Use) -> tuple[bool, float, str, str]:
    mean = sum(use.positions) / len(use.positions)
    # Locators of the same name stand together, the most used first.
    is_key = use.draft["type"] == "resourceLocator"
    return not is_key, -len(use.operations) if is_key else mean, use.draft["name"], json.dumps(use.draft)
