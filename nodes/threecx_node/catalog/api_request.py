"""The operation API Request: any method and path of 3CX's APIs, for what no operation of the catalog does.

It is not part of a catalog, because 3CX's documents do not describe it: its path is a parameter.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from .models import Operation, OperationVersion, Parameter, Returns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .models import Kind

API_REQUEST = "ApiRequest"
API_RESOURCE = "Api"
API_RESOURCE_TEXTS: Mapping[str, str] = {"name": "API", "singular": "API request"}
METHODS: Mapping[str, Kind] = {
    "GET": "function",
    "POST": "action",
    "PATCH": "update",
    "PUT": "update",
    "DELETE": "delete",
}
"""The methods that a request may have, and what an operation with this method is."""
EXAMPLE = (
    """threecx execute ApiRequest -p method=GET -p path=/xapi/v1/Users -p 'query={"$top": 5}' --dry-run"""
)
_PARAMETERS = (
    Parameter("method", "String", optional=True),
    Parameter("path", "String"),
    Parameter("query", "String", optional=True),
)


def create_api_request(releases: tuple[str, ...]) -> Operation:
    """Return the operation; its parameters are those of the request."""
    return _create("action", "GET, POST, PATCH, PUT or DELETE", _PARAMETERS, releases)


@cache
def get_responder(method: str) -> Operation:
    """Return an operation whose responses are as those of a request with `method`."""
    return _create(METHODS[method], method, (Parameter("path", "String"),), ())


def _create(
    kind: Kind, method: str, parameters: tuple[Parameter, ...], releases: tuple[str, ...]
) -> Operation:
    version = OperationVersion(
        method=method,
        path="",
        parameters=parameters,
        query=(),
        if_match=True,
        body=None,
        returns=Returns("entity"),
        releases=releases,
        base_path="",
    )
    return Operation(
        API_REQUEST,
        API_RESOURCE,
        kind,
        "Request",
        "Send API request",
        releases,
        (version,),
        "Send any request below /xapi/v1 or /callcontrol",
    )
