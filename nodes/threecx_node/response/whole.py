"""Make the result items of a response that is returned as it came: its body, with or without headers and status.

They are what n8n's HTTP Request node makes of the same response, for workflows that read `value` or `statusCode`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from .items import file_item

if TYPE_CHECKING:
    from ..messages import HttpResponse
    from .decode import File, Payload
    from .items import Item

_COUNT = "@odata.count"
_NEXT_LINK = "@odata.nextLink"


def to_whole_items(
    payloads: Sequence[Payload],
    index: int,
    *,
    is_full: bool = False,
    is_counted: bool = True,
    binary_property: str = "data",
) -> list[Item]:
    """Return the result items of input item `index`; `payloads` are the pages of a list, or one response.

    A text file is a text in the field `binary_property`. `is_full` adds headers and status. Without `is_counted`, the
    count is left out that only paging asked for.
    """
    first = payloads[0]
    paired = {"item": index}
    meta = _describe_response(first.response) if is_full else {}
    if first.kind == "file":
        if _is_text(first.value):
            text = first.value.content.decode("utf-8-sig", "replace")
            return [{"json": {binary_property: text, **meta}, "pairedItem": paired}]
        item = file_item(first.value, paired, binary_property)
        return [{**item, "json": meta}] if is_full else [item]
    if first.kind == "nothing":
        return [{"json": meta, "pairedItem": paired}]
    body = _merge_pages(payloads, is_counted=is_counted)
    if is_full:
        return [{"json": {"body": body, **meta}, "pairedItem": paired}]
    # n8n makes an item of each element of a list, and an item is always an object.
    parts = body if isinstance(body, list) else [body]
    return [
        {"json": each if isinstance(each, Mapping) else {"value": each}, "pairedItem": paired}
        for each in parts
    ]


def _is_text(file: File) -> bool:
    return file.media_type.startswith("text/") or file.media_type.endswith(("/xml", "+xml"))


def _merge_pages(payloads: Sequence[Payload], *, is_counted: bool) -> Any:
    """Return the body of the first page with the entities of all pages."""
    first = payloads[0]
    if first.kind != "collection":
        return first.document
    rows = [row for page in payloads if page.kind == "collection" for row in page.value]
    if not isinstance(first.document, Mapping):
        return rows
    # The link leads to entities that are in the list already, or that were not asked for.
    left_out = {_NEXT_LINK} if len(payloads) > 1 else set()
    left_out |= set() if is_counted else {_COUNT}
    return {name: value for name, value in first.document.items() if name not in left_out} | {"value": rows}


def _describe_response(response: HttpResponse | None) -> dict[str, Any]:
    if response is None:
        return {}
    names = {status.value: status.phrase for status in HTTPStatus}
    return {
        "headers": {name.lower(): value for name, value in response.headers.items()},
        "statusCode": response.status,
        "statusMessage": names.get(response.status, ""),
    }
