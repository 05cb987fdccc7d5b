"""What an operation takes beside its path: If-Match, a body, the OData query, how the answer is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...catalog.summary_fields import is_worth_simplifying
from .parameters import shown_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...catalog import Catalog, OperationVersion
    from ...descriptor.models import NodeProperty

# The wording and the link are those that n8n's lint asks for.
_LINK = '<a href="https://docs.n8n.io/code/expressions/">expression</a>'
_CHOOSE = f"Choose from the list, or specify IDs using an {_LINK}."
_IF_MATCH: NodeProperty = {
    "displayName": "If Match",
    "name": "If-Match",
    "type": "string",
    "default": "",
    "description": "ETag that the entry must still have to be deleted; empty deletes it in any case",
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
            "noFieldsError": "The fields could not be loaded. Test the credential: the executor may not be running",
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
_SIMPLIFY: NodeProperty = {
    "displayName": "Simplify",
    "name": "simplify",
    "type": "boolean",
    "default": True,
    "description": "Whether to return a simplified version of the response instead of the raw data",
}
_BINARY: NodeProperty = {
    "displayName": "Put Output File in Field",
    "name": "binaryProperty",
    "type": "string",
    "default": "data",
    "required": True,
    "description": "Name of the binary field that takes the file",
}


def call_properties(catalog: Catalog) -> list[NodeProperty]:
    """The properties of the whole node that are not path parameters, in the order in which they are shown."""
    limit = shown_for(_LIMIT, _having(catalog, lambda shape: shape.is_paged))
    limit["displayOptions"]["show"]["returnAll"] = [False]
    return [
        shown_for(_IF_MATCH, _having(catalog, lambda shape: shape.if_match)),
        shown_for(_BODY, _having(catalog, lambda shape: shape.body is not None)),
        shown_for(_RETURN_ALL, _having(catalog, lambda shape: shape.is_paged)),
        limit,
        shown_for(_SIMPLIFY, _having(catalog, lambda shape: _simplifies(catalog, shape))),
        shown_for(_BINARY, _having(catalog, _is_file)),
        _options(catalog),
    ]


def _is_file(shape: OperationVersion) -> bool:
    return shape.returns.kind == "file"


def _simplifies(catalog: Catalog, shape: OperationVersion) -> bool:
    return shape.returns.kind in ("entity", "collection") and is_worth_simplifying(
        catalog, shape.returns.type
    )


def _having(catalog: Catalog, wanted: Callable[[OperationVersion], bool]) -> list[str]:
    return [name for name in catalog.operation_ids if wanted(catalog.operation(name).versions[-1])]


def _options(catalog: Catalog) -> NodeProperty:
    def takes(option: str) -> Callable[[OperationVersion], bool]:
        return lambda shape: option in shape.query

    def query(draft: NodeProperty, wanted: Callable[[OperationVersion], bool] | None = None) -> NodeProperty:
        return shown_for(draft, _having(catalog, wanted or takes(draft["name"])), nested=True)

    entries: list[NodeProperty] = [
        {
            "displayName": "Concurrency",
            "name": "concurrency",
            "type": "number",
            "default": 8,
            "description": "Max number of requests to the PBX at the same time, "
            "within what the executor allows to all its callers together",
            "typeOptions": {"minValue": 1},
        },
        {
            "displayName": "Dry Run",
            "name": "dryRun",
            "type": "boolean",
            "default": False,
            "description": "Whether to send nothing and return the request that would be sent",
        },
        query(
            _from_list(
                "$expand", "Expand", "Related entries to return with each ($expand)", "getExpandOptions"
            )
        ),
        query(
            {
                "displayName": "Filter",
                "name": "$filter",
                "type": "string",
                "default": "",
                "placeholder": "e.g. Number eq '102'",
                "description": "OData condition that the entries must meet ($filter)",
            }
        ),
        query(
            _from_list(
                "$orderby",
                "Order by",
                "Fields to sort by, first the most important ($orderby)",
                "getOrderByOptions",
            )
        ),
        query(
            {
                "displayName": "Search",
                "name": "$search",
                "type": "string",
                "default": "",
                "description": "Text that the entries must hold ($search)",
            }
        ),
        query(
            _from_list(
                "$select", "Select", "Fields to return, in place of Simplify ($select)", "getSelectOptions"
            )
        ),
        query(
            {
                "displayName": "Skip",
                "name": "$skip",
                "type": "number",
                "default": 0,
                "description": "How many entries to leave out at the beginning ($skip)",
                "typeOptions": {"minValue": 0, "numberPrecision": 0},
            }
        ),
        {
            "displayName": "Timeout",
            "name": "timeout",
            "type": "number",
            "default": 60,
            "description": "How many seconds to wait for an answer of the PBX",
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
            lambda shape: _is_file(shape) and "$top" in shape.query,
        ),
    ]
    return {
        "displayName": "Options",
        "name": "options",
        "type": "collection",
        "default": {},
        "placeholder": "Add option",
        "options": sorted(entries, key=lambda each: each["displayName"]),
    }


def _from_list(name: str, title: str, what: str, method: str) -> NodeProperty:
    options: dict[str, Any] = {"loadOptionsMethod": method, "loadOptionsDependsOn": ["operation"]}
    return {
        "displayName": f"{title} Names or IDs",
        "name": name,
        "type": "multiOptions",
        "default": [],
        "description": f"{what}. {_CHOOSE}",
        "typeOptions": options,
    }
