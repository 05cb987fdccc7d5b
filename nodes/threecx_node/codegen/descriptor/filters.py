"""Build the conditions of lists: a field from a list, an operator that fits it, and an input for its value.

The list of fields appends the kind of each to its value ("Enabled|boolean"), so that the canvas chooses the operators
and the input without a request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...catalog.filter_fields import OPERATORS, WITHOUT_VALUE, FilterField, takes_filter
from .list_texts import CHOOSE_ONE, CHOOSE_SOME

if TYPE_CHECKING:
    from ...catalog import Catalog
    from ...catalog.filter_fields import ValueKind
    from ...descriptor.definition import Choice, NodeProperty

_ORDERED: tuple[ValueKind, ...] = ("number", "moment", "date", "time", "duration")
_CHOSEN: tuple[ValueKind, ...] = ("enum", "boolean")
# A canvas offers true and false as choices.
_LEFT_OUT = ("isTrue", "isFalse")
_EMPTINESS = sorted(WITHOUT_VALUE.difference(_LEFT_OUT))

COMBINE_OPTION: NodeProperty = {
    "displayName": "Combine Filters",
    "name": "combineFilters",
    "type": "options",
    "default": "and",
    "description": "How many of the filters the entries must meet",
    "options": [{"name": "All", "value": "and"}, {"name": "Any", "value": "or"}],
}


def find_filtered_operations(catalog: Catalog) -> list[str]:
    """Return the operations that take conditions."""
    return [
        name for name in catalog.operation_ids if takes_filter(catalog, catalog.operation(name).versions[-1])
    ]


def draft_filters() -> NodeProperty:
    """Return the property with the conditions, which is not restricted to operations yet."""
    return {
        "displayName": "Filters",
        "name": "filters",
        "type": "fixedCollection",
        "default": {},
        "placeholder": "Add filter",
        "description": "Conditions that the entries must meet",
        "typeOptions": {"multipleValues": True},
        "options": [
            {
                "name": "conditions",
                "displayName": "Condition",
                "values": [_build_field(), *_build_operators(), *_build_values()],
            }
        ],
    }


def _build_field() -> NodeProperty:
    return {
        "displayName": "Field Name or ID",
        "name": "field",
        "type": "options",
        "default": "",
        "description": f"Field to compare. {CHOOSE_ONE}",
        "typeOptions": {"loadOptionsMethod": "getFilterFields", "loadOptionsDependsOn": ["operation"]},
    }


def _build_operators() -> list[NodeProperty]:
    return [
        _build_operator("text", {"hide": {"field": [_is_of("guid", *_CHOSEN, *_ORDERED)]}}),
        _build_operator("number", {"show": {"field": [_is_of(*_ORDERED)]}}),
        _build_operator("enum", {"show": {"field": [_is_of("guid", *_CHOSEN)]}}),
    ]


def _build_operator(kind: ValueKind, display: dict[str, dict[str, list[Any]]]) -> NodeProperty:
    fitting = FilterField("", "", kind, "").operators
    choices: list[Choice] = [{"name": OPERATORS[name], "value": name} for name in fitting]
    return {
        "displayName": "Operator",
        "name": "operator",
        "type": "options",
        "default": "equals",
        "displayOptions": display,
        "options": sorted(choices, key=lambda each: each["name"]),
    }


def _build_values() -> list[NodeProperty]:
    choices = {"loadOptionsMethod": "getFilterValues", "loadOptionsDependsOn": ["&field"]}
    return [
        {
            "displayName": "Value",
            "name": "value",
            "type": "string",
            "default": "",
            "description": "Value to compare with; of Is One Of several, separated by commas",
            "displayOptions": {"hide": {"operator": _EMPTINESS, "field": [_is_of("moment", *_CHOSEN)]}},
        },
        {
            "displayName": "Value",
            "name": "value",
            "type": "dateTime",
            "default": "",
            "displayOptions": {"show": {"field": [_is_of("moment")]}, "hide": {"operator": _EMPTINESS}},
        },
        {
            "displayName": "Value Name or ID",
            "name": "value",
            "type": "options",
            "default": "",
            "description": f"Value to compare with. {CHOOSE_ONE}",
            "typeOptions": choices,
            "displayOptions": {
                "show": {"field": [_is_of(*_CHOSEN)]},
                "hide": {"operator": ["in", *_EMPTINESS]},
            },
        },
        {
            "displayName": "Value Names or IDs",
            "name": "value",
            "type": "multiOptions",
            "default": [],
            "description": f"Values to compare with. {CHOOSE_SOME}",
            "typeOptions": choices,
            "displayOptions": {"show": {"field": [_is_of(*_CHOSEN)], "operator": ["in"]}},
        },
    ]


def _is_of(*kinds: ValueKind) -> dict[str, Any]:
    """Return the condition of a canvas that a field is of one of several kinds."""
    return {"_cnd": {"regex": rf"\|({'|'.join(kinds)})$"}}
