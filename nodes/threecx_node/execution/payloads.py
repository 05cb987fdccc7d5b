"""Turn the payloads of an item into its result, in the format that the item asks for."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class ResultBuilder:
    """Builds the results of the items of `operation`.

    A file is saved by `downloads`, where there are some. `host` is the host name and port of the PBX.
    """

    operation: Operation
    downloads: Downloads | None
    host: str

    def build(
        self,
        planned: PlannedItem,
        request: HttpRequest,
        payloads: Sequence[Payload],
        *,
        more: bool,
        attempts: int,
    ) -> Result:
        """Return the result of an item; `more` says that its list goes on after it.

        Only a result of whole responses has more than one payload. Raises SaveError.
        """
        if self.downloads is not None and payloads[0].kind == "file":
            return Result(planned.index, items=[_save(self.downloads, payloads[0].value, planned.index)])
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
        if self.operation.resource == CALL_CONTROL:
            payload = shape_payload(self.operation, planned, request, payload, self.host)
        items = to_items(
            planned.responder or self.operation,
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
