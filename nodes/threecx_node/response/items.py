"""A payload → result items: `{"json": {…}, "pairedItem": {"item": n}}`, with `binary` where there is a file."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..catalog import Operation, OperationVersion
    from .decode import File, Payload

Item = dict[str, Any]
# Bulk actions whose answer lists what failed: an empty one is their success.
_LISTS_WHAT_FAILED = frozenset({"BatchDelete", "BatchDeleteFiles"})
_ETAG = "@odata.etag"


def to_items(
    operation: Operation,
    shape: OperationVersion,
    payload: Payload,
    index: int,
    *,
    keys: Mapping[str, Any],
    binary_property: str = "data",
    fields: tuple[str, ...] = (),
) -> list[Item]:
    """The result items of input item `index`.

    `keys` are the path parameters that the request was made of, `fields` what Simplify keeps of an entity
    (empty: all of it).
    """
    paired = {"item": index}
    if payload.kind == "file":
        return [_file_item(payload.value, paired, binary_property)]
    if payload.kind == "nothing" or (operation.id in _LISTS_WHAT_FAILED and not payload.value):
        return [{"json": _done(operation, shape, keys), "pairedItem": paired}]
    if payload.kind == "collection":
        return [{"json": _object(each, fields), "pairedItem": paired} for each in payload.value]
    value = payload.value if payload.kind == "entity" else {"value": payload.value}
    return [{"json": _object(value, fields), "pairedItem": paired}]


def _object(value: Any, fields: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        return {"value": value}
    if not fields:
        return value
    kept = {name: value[name] for name in fields if name in value}
    # Not one of the fields, but what If-Match wants of a later delete.
    return {_ETAG: value[_ETAG], **kept} if _ETAG in value else kept


def _done(operation: Operation, shape: OperationVersion, keys: Mapping[str, Any]) -> dict[str, Any]:
    """What stands for an empty answer: that it is done, and what it was done to."""
    if operation.kind == "delete":
        return {"deleted": True, **_own_keys(shape, keys)}
    if operation.kind == "update":
        return {"updated": True, **_own_keys(shape, keys)}
    return {"success": True}


def _own_keys(shape: OperationVersion, keys: Mapping[str, Any]) -> dict[str, Any]:
    own = {}
    for parameter in shape.parameters:
        value = keys[parameter.name]
        is_number = parameter.type in ("Int32", "Int64") and isinstance(value, str)
        own[parameter.name] = int(value) if is_number else value
    return own


def _file_item(file: File, paired: dict[str, int], binary_property: str) -> Item:
    _, dot, extension = file.name.rpartition(".")
    described = {"fileName": file.name, "mimeType": file.media_type, "fileSize": len(file.content)}
    return {
        "json": described,
        "binary": {
            binary_property: {
                "data": base64.b64encode(file.content).decode(),
                "mimeType": file.media_type,
                "fileName": file.name,
                **({"fileExtension": extension} if dot else {}),
            }
        },
        "pairedItem": paired,
    }
