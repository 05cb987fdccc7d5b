"""Describes the requests that a batch would send, without sending them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from threecx_credentials.fields import MASK

from ..values.json import loads
from .paging import first_page

if TYPE_CHECKING:
    from ..messages import FileContent, HttpRequest
    from .plan import PlannedItem


def describe_item(planned: PlannedItem, base_url: str) -> dict[str, Any]:
    """Return `{"method", "url", "headers", "body"}` of an item's first request, without the token.

    The body of an upload is its file's name, media type and size.

    Where a look-up comes first, `then` has method, URL and body of the request that follows it; the key that the
    look-up finds is still `{name}` in it. `before` has method and URL of each request that reads the stored lists which
    the body replaces, to compare them.
    """
    request = planned.request
    assert request is not None  # noqa: S101 (an item without a request has an error and is not described)
    if planned.paging is not None:
        request = first_page(request, planned.paging)
    lists = planned.stored_lists
    reads = [{"method": each.method, "url": each.url(base_url)} for each in lists.requests] if lists else []
    before = {"before": reads} if reads else {}
    if not planned.look_ups:
        return {**_describe_request(request, base_url), **before}
    body = _describe_body(request)
    then = {
        "method": request.method,
        "url": request.url(base_url),
        **({} if body is None else {"body": body}),
    }
    return {**_describe_request(planned.look_ups[0].request, base_url), "then": then, **before}


def _describe_request(request: HttpRequest, base_url: str) -> dict[str, Any]:
    media_type = {"Content-Type": "multipart/form-data"} if request.part is not None else {}
    return {
        "method": request.method,
        "url": request.url(base_url),
        "headers": {**request.headers, **media_type, "Authorization": f"Bearer {MASK}"},
        "body": _describe_body(request),
    }


def _describe_body(request: HttpRequest) -> Any:
    if request.part is not None:
        return {request.part.field: describe_file(request.part.file)}
    return None if request.body is None else loads(request.body)


def describe_file(file: FileContent) -> dict[str, Any]:
    """Return name, media type and size of a file, without its bytes."""
    return {"fileName": file.name, "mimeType": file.media_type, "fileSize": len(file.content)}
