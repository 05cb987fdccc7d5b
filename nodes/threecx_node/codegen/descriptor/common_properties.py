"""Build the properties that are not path parameters: If-Match, files, body, output and options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...catalog.api_request import API_REQUEST
from ...catalog.summary_fields import is_worth_simplifying
from .api_request import BODY
from .filters import draft_filters, find_filtered_operations
from .options import build_options, find_operations, returns_file
from .parameters import show_for

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

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
_INPUT_BINARY: NodeProperty = {
    "displayName": "Input Binary Field",
    "name": "binaryPropertyName",
    "type": "string",
    "default": "data",
    "required": True,
    "description": "Name of the binary field of the input item that contains the file to upload",
}
_FILE_NAME: NodeProperty = {
    "displayName": "File Name",
    "name": "fileName",
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


def build_common_properties(catalog: Catalog) -> list[NodeProperty]:
    """Return the properties of all operations in the order in which a canvas shows them."""
    names = frozenset(catalog.operation_ids)
    return [
        show_for(_IF_MATCH, find_operations(catalog, names, lambda version: version.if_match)),
        show_for(_INPUT_BINARY, find_operations(catalog, names, lambda version: version.upload is not None)),
        show_for(_FILE_NAME, find_operations(catalog, names, lambda version: version.upload is not None)),
        # Some actions of calls send an empty object.
        show_for(_BODY, find_operations(catalog, names, lambda version: bool(version.body))),
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
    limit = show_for(_LIMIT, find_operations(catalog, names, lambda version: version.is_paged))
    limit["displayOptions"]["show"]["returnAll"] = [False]
    return [
        show_for(_RETURN_ALL, find_operations(catalog, names, lambda version: version.is_paged)),
        limit,
        show_for(draft_filters(), [each for each in find_filtered_operations(catalog) if each in names]),
        *_build_outputs(
            [*find_operations(catalog, names, lambda version: _simplifies(catalog, version)), *tasks]
        ),
        show_for(_BINARY, [*find_operations(catalog, names, returns_file), *files]),
    ]


def _build_outputs(operations: list[str]) -> list[NodeProperty]:
    """Return the choices of fields: a switch in a node, a list in a tool of an AI agent."""
    simplify, output, fields = (show_for(each, operations) for each in (SIMPLIFY, _OUTPUT, _OUTPUT_FIELDS))
    simplify["displayOptions"]["hide"] = {"@tool": [True]}
    output["displayOptions"]["show"]["@tool"] = [True]
    fields["displayOptions"]["show"] |= {"@tool": [True], "output": ["selectedFields"]}
    return [simplify, output, fields]


def _simplifies(catalog: Catalog, version: OperationVersion) -> bool:
    return version.returns.kind in ("entity", "collection") and is_worth_simplifying(
        catalog, version.returns.type
    )
