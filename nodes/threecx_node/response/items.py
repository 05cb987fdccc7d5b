"""Makes the result items of a payload: `{"json": {…}, "pairedItem": {"item": n}}`, with `binary` for a file."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..catalog import Operation
    from .decode import File, Payload

Item = dict[str, Any]
# Bulk actions whose response lists the failures: an empty list is their success.
_LISTS_FAILURES = frozenset({"BatchDelete", "BatchDeleteFiles"})
_ETAG = "@odata.etag"


def to_items(
    operation: Operation,
    payload: Payload,
    index: int,
    *,
    keys: Mapping[str, Any],
    binary_property: str = "data",
    fields: tuple[str, ...] = (),
    attempts: int = 1,
) -> list[Item]:
    """Return the result items of input item `index`.

    `keys` are the path parameters of the request, `fields` what Simplify keeps of an entity (empty: all of it).
    More than one of the `attempts` are named where the response is empty.
    """
    paired = {"item": index}
    if payload.kind == "file":
        return [file_item(payload.value, paired, binary_property)]
    if payload.kind == "nothing" or (operation.id in _LISTS_FAILURES and not payload.value):
        described = _describe_success(operation, keys)
        if attempts > 1:
            described["attempts"] = attempts
        return [{"json": described, "pairedItem": paired}]
    if payload.kind == "collection":
        return [{"json": _simplify(each, fields), "pairedItem": paired} for each in payload.value]
    value = payload.value if payload.kind == "entity" else {"value": payload.value}
    return [{"json": _simplify(value, fields), "pairedItem": paired}]


def _simplify(value: Any, fields: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        return {"value": value}
    if not fields:
        return value
    kept = {name: value[name] for name in fields if name in value}
    # Not one of the fields, but a later delete needs it for If-Match.
    return {_ETAG: value[_ETAG], **kept} if _ETAG in value else kept


def _describe_success(operation: Operation, keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return what represents an empty response: that the operation was carried out, and on which entity."""
    if operation.kind == "delete":
        return {"deleted": True, **keys}
    if operation.kind == "update":
        return {"updated": True, **keys}
    return {"success": True}


def file_item(file: File, paired: dict[str, int], binary_property: str) -> Item:
    """Return the item of a downloaded file: its description, and its content as binary data."""
    _, dot, extension = file.name.rpartition(".")
    # The server's own name is for workflows that need it.
    original = {"originalFileName": file.given_name} if file.given_name not in ("", file.name) else {}
    described = {
        "fileName": file.name,
        **original,
        "mimeType": file.media_type,
        "fileSize": len(file.content),
    }
    return {
        "json": described,
        "binary": {
            binary_property: {
                "data": base64.b64encode(file.content).decode(),
                "mimeType": file.media_type,
                "fileName": file.name,
                **original,
                **({"fileExtension": extension} if dot else {}),
            }
        },
        "pairedItem": paired,
    }
