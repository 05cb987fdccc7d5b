"""Build the resource API with its operation Request, which the catalog does not contain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...catalog.api_request import API_REQUEST, API_RESOURCE, API_RESOURCE_TEXTS, METHODS
from .parameters import show_for

if TYPE_CHECKING:
    from ...catalog import Catalog
    from ...descriptor.definition import Choice, NodeProperty

RESOURCE_CHOICE: Choice = {"name": API_RESOURCE_TEXTS["name"], "value": API_RESOURCE}
_PARAMETERS: tuple[NodeProperty, ...] = (
    {
        "displayName": "Method",
        "name": "method",
        "type": "options",
        "default": "GET",
        "options": [{"name": method, "value": method} for method in sorted(METHODS)],
        "description": "HTTP method of the request",
    },
    {
        "displayName": "Path",
        "name": "path",
        "type": "string",
        "default": "",
        "required": True,
        "placeholder": "e.g. /xapi/v1/Users",
        "description": "Path below /xapi/v1 or /callcontrol; the address of the PBX is in the credential",
    },
    {
        "displayName": "Query",
        "name": "query",
        "type": "json",
        "default": "",
        "placeholder": 'e.g. {"$top": 5}',
        "description": "Query options as an object, or as a list of pairs",
    },
)
BODY: NodeProperty = {
    "displayName": "Body",
    "name": "body",
    "type": "json",
    "default": "",
    "placeholder": 'e.g. {"FirstName": "Ada"}',
    "description": "JSON to send; empty sends no body",
}
IF_MATCH_OPTION: NodeProperty = {
    "displayName": "If Match",
    "name": "If-Match",
    "type": "string",
    "default": "",
    "description": "ETag that the entry must have for the request to be carried out",
}


def build_operation_property(catalog: Catalog) -> NodeProperty:
    """Return the list of operations of the resource API."""
    operation = catalog.operation(API_REQUEST)
    choice: Choice = {
        "name": operation.name,
        "value": operation.id,
        "action": operation.action,
        "description": operation.description,
    }
    show: dict[str, Any] = {"resource": [API_RESOURCE]}
    return {
        "displayName": "Operation",
        "name": "operation",
        "type": "options",
        "noDataExpression": True,
        "displayOptions": {"show": show},
        "default": operation.id,
        "options": [choice],
    }


def build_request_properties() -> list[NodeProperty]:
    """Return the parameters of a request, but for its body: method, path and query."""
    return [show_for(each, [API_REQUEST]) for each in _PARAMETERS]
