"""Describes the requests that a batch would send, without sending them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from threecx_credentials.fields import MASK

from ..values.json import loads
from .paging import first_page

if TYPE_CHECKING:
    from ..messages import HttpRequest
    from .plan import PlannedItem


def describe_item(planned: PlannedItem, api_url: str) -> dict[str, Any]:
    """Return `{"method", "url", "headers", "body"}` of an item's first request, without the token.

    Where a look-up comes first, `then` has the method and URL of the request that follows it; the key that the
    look-up finds is still `{name}` in it.
    """
    request = planned.request
    assert request is not None  # noqa: S101 (an item without a request has an error and is not described)
    if planned.paging is not None:
        request = first_page(request, planned.paging)
    if not planned.look_ups:
        return _describe_request(request, api_url)
    then = {"method": request.method, "url": api_url + request.target}
    return {**_describe_request(planned.look_ups[0].request, api_url), "then": then}


def _describe_request(request: HttpRequest, api_url: str) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": api_url + request.target,
        "headers": {**request.headers, "Authorization": f"Bearer {MASK}"},
        "body": None if request.body is None else loads(request.body),
    }
