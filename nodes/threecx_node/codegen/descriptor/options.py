"""Build the properties that are not path parameters: If-Match, body, output and options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...catalog.api_request import API_REQUEST
from ...catalog.replaced_lists import find_replaced_lists
from ...catalog.summary_fields import is_worth_simplifying
from .api_request import BODY, IF_MATCH_OPTION
from .filters import COMBINE_OPTION, draft_filters, find_filtered_operations
from .list_texts import CHOOSE_SOME
from .parameters import show_for

BINARY_PROPERTY = "binaryPropertyName"
FILE_NAME = "fileName"

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from ...catalog import Catalog, OperationVersion
    from ...descriptor.definition import NodeProperty

_IF_MATCH: NodeProperty = {
    "displayName": "If Match",
    "name": "If-Match",
    "type": "string",
    "default": "",
    "description": "ETag that the entry must have to be deleted; empty deletes it even if it was changed",
}
_BODY: NodeProperty = {
    "displayName": "Body",
    "name": "body",
    "type": "resourceMapper",
    "default": {"mappingMode": "defineBelow", "value": None},
    "noDataExpression": True,
    "description": "Fields to send; a field that is not added here is not sent",
    "typeOptions": {
        "loadOptionsDependsOn": ["operation"],
        "resourceMapper": {
            "resourceMapperMethod": "getBodyFields",
            "mode": "add",
            "fieldWords": {"singular": "field", "plural": "fields"},
            "addAllFields": False,
            "multiKeyMatch": False,
            "supportAutoMap": True,
            "noFieldsError": "Fields not loaded: test the credential",
        },
    },
}
_RETURN_ALL: NodeProperty = {
    "displayName": "Return All",
    "name": "returnAll",
    "type": "boolean",
    "default": False,
    "description": "Whether to return all results or only up to a given limit",
}
_LIMIT: NodeProperty = {
    "displayName": "Limit",
    "name": "limit",
    "type": "number",
    "default": 50,
    "description": "Max number of results to return",
    "typeOptions": {"minValue": 1},
}
SIMPLIFY: NodeProperty = {
    "displayName": "Simplify",
    "name": "simplify",
    "type": "boolean",
    "default": True,
    "description": "Whether to return a simplified version of the response instead of the raw data",
}
_OUTPUT: NodeProperty = {
    "displayName": "Output",
    "name": "output",
    "type": "options",
    "default": "simplified",
    "description": "Fields that the agent gets of each result",
    "options": [
        {"name": "Raw", "value": "raw", "description": "All fields"},
        {"name": "Selected Fields", "value": "selectedFields", "description": "The fields that are named"},
        {"name": "Simplified", "value": "simplified", "description": "The ten most important fields"},
    ],
}
_OUTPUT_FIELDS: NodeProperty = {
    "displayName": "Output Fields",
    "name": "outputFieldNames",
    "type": "string",
    "default": "",
    "required": True,
    "placeholder": "e.g. Id,Number,FirstName",
    "description": "Names of the fields to return, separated by commas",
}
_SEARCH: NodeProperty = {
    "displayName": "Search",
    "name": "$search",
    "type": "string",
    "default": "",
    "description": "Text that the entries must contain ($search)",
}
_INPUT_BINARY: NodeProperty = {
    "displayName": "Input Binary Field",
    "name": BINARY_PROPERTY,
    "type": "string",
    "default": "data",
    "required": True,
    "description": "Name of the binary field of the input item that contains the file to upload",
}
_FILE_NAME: NodeProperty = {
    "displayName": "File Name",
    "name": FILE_NAME,
    "type": "string",
    "default": "",
    "placeholder": "e.g. closed.wav",
    "description": "Name that the file gets on the PBX; empty keeps the name of the binary field's file",
}
_BINARY: NodeProperty = {
    "displayName": "Put Output File in Field",
    "name": "binaryProperty",
    "type": "string",
    "default": "data",
    "required": True,
    "description": "Name of the binary field to put the file in",
}


def build_call_properties(catalog: Catalog) -> list[NodeProperty]:
    """Return the properties of all operations in the order in which a canvas shows them."""
    names = frozenset(catalog.operation_ids)
    return [
        show_for(_IF_MATCH, _find_operations(catalog, names, lambda version: version.if_match)),
        show_for(_INPUT_BINARY, _find_operations(catalog, names, lambda version: version.upload is not None)),
        show_for(_FILE_NAME, _find_operations(catalog, names, lambda version: version.upload is not None)),
        # Some actions of calls send an empty object.
        show_for(_BODY, _find_operations(catalog, names, lambda version: bool(version.body))),
        show_for(BODY, [API_REQUEST]),
        *build_output_properties(catalog, names, [API_REQUEST]),
        build_options(catalog, names),
    ]


def build_output_properties(
    catalog: Catalog, names: Collection[str], files: Iterable[str] = (), tasks: Iterable[str] = ()
) -> list[NodeProperty]:
    """Return how much is returned and how, for the operations `names`.

    `files` are others that may return a file, `tasks` those whose results can be simplified.
    """
    limit = show_for(_LIMIT, _find_operations(catalog, names, lambda version: version.is_paged))
    limit["displayOptions"]["show"]["returnAll"] = [False]
    return [
        show_for(_RETURN_ALL, _find_operations(catalog, names, lambda version: version.is_paged)),
        limit,
        show_for(draft_filters(), _keep(find_filtered_operations(catalog), names)),
        *_build_outputs(
            [*_find_operations(catalog, names, lambda version: _simplifies(catalog, version)), *tasks]
        ),
        show_for(_BINARY, [*_find_operations(catalog, names, _is_file), *files]),
    ]


def build_search(catalog: Catalog, names: Collection[str]) -> NodeProperty:
    """Return a search that is always shown, for those of the operations `names` that can search."""
    return show_for(_SEARCH, _find_operations(catalog, names, lambda version: "$search" in version.query))


def _build_outputs(operations: list[str]) -> list[NodeProperty]:
    """Return the choices of fields: a switch in a node, a list in a tool of an AI agent."""
    simplify, output, fields = (show_for(each, operations) for each in (SIMPLIFY, _OUTPUT, _OUTPUT_FIELDS))
    simplify["displayOptions"]["hide"] = {"@tool": [True]}
    output["displayOptions"]["show"]["@tool"] = [True]
    fields["displayOptions"]["show"] |= {"@tool": [True], "output": ["selectedFields"]}
    return [simplify, output, fields]


def _is_file(version: OperationVersion) -> bool:
    return version.returns.kind == "file"


def _simplifies(catalog: Catalog, version: OperationVersion) -> bool:
    return version.returns.kind in ("entity", "collection") and is_worth_simplifying(
        catalog, version.returns.type
    )


def _find_operations(
    catalog: Catalog, names: Collection[str], wanted: Callable[[OperationVersion], bool]
) -> list[str]:
    return [
        name
        for name in catalog.operation_ids
        if name in names and wanted(catalog.operation(name).versions[-1])
    ]


def build_options(
    catalog: Catalog, names: Collection[str], more: Iterable[NodeProperty] = ()
) -> NodeProperty:
    """Return the collection of options for the operations `names`, with `more` members."""

    def takes(option: str) -> Callable[[OperationVersion], bool]:
        return lambda version: option in version.query

    def query(draft: NodeProperty, wanted: Callable[[OperationVersion], bool] | None = None) -> NodeProperty:
        return show_for(draft, _find_operations(catalog, names, wanted or takes(draft["name"])), nested=True)

    entries: list[NodeProperty] = [
        show_for(
            {
                "displayName": "Allow Incomplete Lists",
                "name": "allowIncompleteLists",
                "type": "boolean",
                "default": False,
                "description": "Whether to send an update whose lists lack fields that the PBX has stored; "
                "these are then lost",
            },
            [
                name
                for name in catalog.operation_ids
                if name in names and find_replaced_lists(catalog, catalog.operation(name), None)
            ],
            nested=True,
        ),
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
        show_for(
            IF_MATCH_OPTION,
            # In the node with all operations, each of them has it as a field of its own.
            [API_REQUEST]
            if len(names) == len(catalog.operation_ids)
            else _find_operations(catalog, names, lambda version: version.if_match),
            nested=True,
        ),
        query(
            {
                "displayName": "Include Count",
                "name": "includeCount",
                "type": "boolean",
                "default": False,
                "description": "Whether the response body contains the number of all entries ($count)",
            },
            lambda version: version.is_paged and "$count" in version.query,
        ),
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
        query(
            _draft_multi_options(
                "$expand", "Expand", "Related entries to return with each ($expand)", "getExpandOptions"
            )
        ),
        show_for(COMBINE_OPTION, _keep(find_filtered_operations(catalog), names), nested=True),
        query(
            _draft_multi_options(
                "$orderby",
                "Order by",
                "Fields to sort by, the most important first ($orderby)",
                "getOrderByOptions",
            )
        ),
        query(_SEARCH),
        query(
            _draft_multi_options(
                "$select",
                "Select",
                "Fields to return instead of those of Simplify ($select)",
                "getSelectOptions",
            )
        ),
        query(
            {
                "displayName": "Skip",
                "name": "$skip",
                "type": "number",
                "default": 0,
                "description": "Number of entries to skip ($skip)",
                "typeOptions": {"minValue": 0, "numberPrecision": 0},
            }
        ),
        {
            "displayName": "Timeout",
            "name": "timeout",
            "type": "number",
            "default": 60,
            "description": "Number of seconds to wait for a response of the PBX",
            "typeOptions": {"minValue": 1},
        },
        query(
            {
                "displayName": "Top",
                "name": "$top",
                "type": "number",
                "default": 100,
                "description": "Max number of entries in the file ($top)",
                "typeOptions": {"minValue": 1, "numberPrecision": 0},
            },
            lambda version: _is_file(version) and "$top" in version.query,
        ),
    ]
    # Last, because conditions need no OData.
    odata_filter = query(
        {
            "displayName": "Filter (OData)",
            "name": "$filter",
            "type": "string",
            "default": "",
            "placeholder": "e.g. Number eq '102'",
            "hint": "For what Filters cannot express. Put no expression between quotes: a quote in its value changes "
            "the filter.",
            "description": "OData condition that the entries must meet, besides the filters ($filter)",
        }
    )
    return {
        "displayName": "Options",
        "name": "options",
        "type": "collection",
        "default": {},
        "placeholder": "Add option",
        "options": [
            *sorted([*_drop_unused(entries), *more], key=lambda each: each["displayName"]),
            odata_filter,
        ],
    }


def _keep(operations: Iterable[str], names: Collection[str]) -> list[str]:
    return [each for each in operations if each in names]


def _drop_unused(entries: Iterable[NodeProperty]) -> Iterator[NodeProperty]:
    for each in entries:
        if each.get("displayOptions", {}).get("show", {}).get("/operation") != []:
            yield each


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
