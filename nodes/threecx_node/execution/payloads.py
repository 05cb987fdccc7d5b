"""Turn the payloads of an item into its result, in the format that the item asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..catalog.call_control import RESOURCE as CALL_CONTROL
from ..options import RESPONSE_FORMATS
from ..response.items import to_items
from ..response.whole import to_whole_items
from .call_items import shape_payload
from .results import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..catalog import Operation
    from ..messages import HttpRequest
    from ..response.decode import File, Payload
    from .plan import PlannedItem
    from .saving import Downloads


def to_result(
    operation: Operation,
    planned: PlannedItem,
    request: HttpRequest,
    payloads: Sequence[Payload],
    downloads: Downloads | None,
    *,
    host: str,
    more: bool,
    attempts: int,
) -> Result:
    """Return the result of an item of `operation`; `more` says that its list goes on after it.

    `host` is the host name and port of the PBX.

    Only a result of whole responses has more than one payload. A file is saved by `downloads`, where there are some;
    that raises SaveError.
    """
    if downloads is not None and payloads[0].kind == "file":
        return Result(planned.index, items=[_save(downloads, payloads[0].value, planned.index)])
    if planned.response_format != RESPONSE_FORMATS[0]:
        items = to_whole_items(
            payloads,
            planned.index,
            is_full=planned.response_format == RESPONSE_FORMATS[2],
            is_counted="$count=" in request.query,
            binary_property=planned.binary_property,
        )
        return Result(planned.index, items=items, more=more)
    [payload] = payloads
    if operation.resource == CALL_CONTROL:
        payload = shape_payload(operation, planned, request, payload, host)
    items = to_items(
        planned.responder or operation,
        payload,
        planned.index,
        keys=request.keys,
        binary_property=planned.binary_property,
        fields=planned.kept_fields,
        attempts=attempts,
    )
    return Result(planned.index, items=items, more=more)


def _save(downloads: Downloads, file: File, index: int) -> dict[str, Any]:
    path = downloads.save(file)
    described = {
        "fileName": path.name,
        **({"originalFileName": file.given_name} if file.given_name not in ("", path.name) else {}),
        "mimeType": file.media_type,
        "fileSize": path.stat().st_size,
        "path": str(path),
    }
    return {"json": described, "pairedItem": {"item": index}}
