"""Build the collection Options: what is seldom needed, for the operations that take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...catalog.api_request import API_REQUEST
from ...catalog.replaced_lists import find_replaced_lists
from .api_request import IF_MATCH_OPTION
from .filters import COMBINE_OPTION, find_filtered_operations
from .list_texts import CHOOSE_SOME
from .parameters import show_for

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from ...catalog import Catalog, OperationVersion
    from ...descriptor.definition import NodeProperty


def _draft_multi_options(name: str, title: str, what: str, method: str) -> NodeProperty:
    options: dict[str, Any] = {"loadOptionsMethod": method, "loadOptionsDependsOn": ["operation"]}
    return {
        "displayName": f"{title} Names or IDs",
        "name": name,
        "type": "multiOptions",
        "default": [],
        "description": f"{what}. {CHOOSE_SOME}",
        "typeOptions": options,
    }


_ALLOW_INCOMPLETE_LISTS: NodeProperty = {
    "displayName": "Allow Incomplete Lists",
    "name": "allowIncompleteLists",
    "type": "boolean",
    "default": False,
    "description": "Whether to send an update whose lists lack fields that the PBX has stored; "
    "these are then lost",
}
_INCLUDE_COUNT: NodeProperty = {
    "displayName": "Include Count",
    "name": "includeCount",
    "type": "boolean",
    "default": False,
    "description": "Whether the response body contains the number of all entries ($count)",
}
_SEARCH: NodeProperty = {
    "displayName": "Search",
    "name": "$search",
    "type": "string",
    "default": "",
    "description": "Text that the entries must contain ($search)",
}
_TOP: NodeProperty = {
    "displayName": "Top",
    "name": "$top",
    "type": "number",
    "default": 100,
    "description": "Max number of entries in the file ($top)",
    "typeOptions": {"minValue": 1, "numberPrecision": 0},
}
_FILTER: NodeProperty = {
    "displayName": "Filter (OData)",
    "name": "$filter",
    "type": "string",
    "default": "",
    "placeholder": "e.g. Number eq '102'",
    "hint": "For what Filters cannot express. Put no expression between quotes: a quote in its value changes "
    "the filter.",
    "description": "OData condition that the entries must meet, besides the filters ($filter)",
}
# Options of the run, which all operations take.
_OF_RUN: tuple[NodeProperty, ...] = (
    {
        "displayName": "Concurrency",
        "name": "concurrency",
        "type": "number",
        "default": 8,
        "description": "Max number of requests to the PBX at the same time; the executor may allow fewer",
        "typeOptions": {"minValue": 1},
    },
    {
        "displayName": "Dry Run",
        "name": "dryRun",
        "type": "boolean",
        "default": False,
        "description": "Whether to return the requests without sending them",
    },
    {
        "displayName": "Max Deletes",
        "name": "maxDeletes",
        "type": "number",
        "default": 100,
        "description": "Max number of entries that the run may delete; a run that would delete more is refused "
        "before anything is sent",
        "typeOptions": {"minValue": 0, "numberPrecision": 0},
    },
    {
        "displayName": "Response Format",
        "name": "responseFormat",
        "type": "options",
        "default": "items",
        "description": "How the response is returned",
        "options": [
            {
                "name": "Body",
                "value": "body",
                "description": "One item with the response as the PBX sent it: a list is in its field value",
            },
            {
                "name": "Body, Headers and Status",
                "value": "full",
                "description": "One item with the fields body, headers, statusCode and statusMessage",
            },
            {"name": "Items", "value": "items", "description": "One item per entry"},
        ],
    },
    {
        "displayName": "Retry Time",
        "name": "retryTime",
        "type": "number",
        "default": 30,
        "description": "Number of seconds for sending a request again after a fault, where that is safe; "
        "0 sends each request once",
        "typeOptions": {"minValue": 0},
    },
    {
        "displayName": "Timeout",
        "name": "timeout",
        "type": "number",
        "default": 60,
        "description": "Number of seconds to wait for a response of the PBX",
        "typeOptions": {"minValue": 1},
    },
)
# Options of a query, which an operation takes that has them in 3CX's document.
_OF_QUERY: tuple[NodeProperty, ...] = (
    _draft_multi_options(
        "$expand", "Expand", "Related entries to return with each ($expand)", "getExpandOptions"
    ),
    _draft_multi_options(
        "$orderby",
        "Order by",
        "Fields to sort by, the most important first ($orderby)",
        "getOrderByOptions",
    ),
    _SEARCH,
    _draft_multi_options(
        "$select", "Select", "Fields to return instead of those of Simplify ($select)", "getSelectOptions"
    ),
    {
        "displayName": "Skip",
        "name": "$skip",
        "type": "number",
        "default": 0,
        "description": "Number of entries to skip ($skip)",
        "typeOptions": {"minValue": 0, "numberPrecision": 0},
    },
)


def build_search(catalog: Catalog, names: Collection[str]) -> NodeProperty:
    """Return a search that is always shown, for those of the operations `names` that can search."""
    return show_for(_SEARCH, find_operations(catalog, names, lambda version: "$search" in version.query))


def build_options(
    catalog: Catalog, names: Collection[str], more: Iterable[NodeProperty] = ()
) -> NodeProperty:
    """Return the collection of options for the operations `names`, with `more` members."""
    members = [*_OF_RUN, *_drop_unused(_show_members(catalog, names)), *more]
    # Last, because conditions need no OData.
    odata_filter = show_for(_FILTER, _find_takers(catalog, names, "$filter"), nested=True)
    return {
        "displayName": "Options",
        "name": "options",
        "type": "collection",
        "default": {},
        "placeholder": "Add option",
        "options": [*sorted(members, key=lambda each: each["displayName"]), odata_filter],
    }


def _show_members(catalog: Catalog, names: Collection[str]) -> Iterator[NodeProperty]:
    """Yield the options that some operations take, each with a condition that shows it for these."""
    for each in _OF_QUERY:
        yield show_for(each, _find_takers(catalog, names, each["name"]), nested=True)
    counting = find_operations(catalog, names, lambda version: version.is_paged and "$count" in version.query)
    yield show_for(_INCLUDE_COUNT, counting, nested=True)
    files = find_operations(catalog, names, lambda version: returns_file(version) and "$top" in version.query)
    yield show_for(_TOP, files, nested=True)
    # In the node with all operations, each of them has it as a field of its own.
    is_admin = len(names) == len(catalog.operation_ids)
    matching = (
        [API_REQUEST] if is_admin else find_operations(catalog, names, lambda version: version.if_match)
    )
    yield show_for(IF_MATCH_OPTION, matching, nested=True)
    filtered = [each for each in find_filtered_operations(catalog) if each in names]
    yield show_for(COMBINE_OPTION, filtered, nested=True)
    replacing = [
        each
        for each in catalog.operation_ids
        if each in names and find_replaced_lists(catalog, catalog.operation(each), None)
    ]
    yield show_for(_ALLOW_INCOMPLETE_LISTS, replacing, nested=True)


def _find_takers(catalog: Catalog, names: Collection[str], option: str) -> list[str]:
    return find_operations(catalog, names, lambda version: option in version.query)


def find_operations(
    catalog: Catalog, names: Collection[str], wanted: Callable[[OperationVersion], bool]
) -> list[str]:
    """Return those of the operations `names` whose newest version is `wanted`."""
    return [
        name
        for name in catalog.operation_ids
        if name in names and wanted(catalog.operation(name).versions[-1])
    ]


def returns_file(version: OperationVersion) -> bool:
    """Return whether a version of an operation returns a file."""
    return version.returns.kind == "file"


def _drop_unused(entries: Iterable[NodeProperty]) -> Iterator[NodeProperty]:
    for each in entries:
        if each["displayOptions"]["show"]["/operation"]:
            yield each
