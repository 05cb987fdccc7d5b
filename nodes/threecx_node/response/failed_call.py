"""Read the answer that a new call has failed: busy, not answered and not registered are results, not errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..values.json import loads
from .payload import Payload

if TYPE_CHECKING:
    from ..messages import HttpResponse

# A request that cannot be carried out in this state, and one that depends on something that failed.
_STATUSES = frozenset({422, 424})
_REASONS = frozenset({"noanswer", "phonebusy", "phonenotregistered"})
_FAILED = frozenset({"failed", "rejected", "-1", "0"})


def read_failed_call(response: HttpResponse) -> Payload | None:
    """Return the result in an error of the PBX that says how a call has failed, None for any other response."""
    if response.status not in _STATUSES or response.outcome_unknown:
        return None
    try:
        document = loads(response.content)
    except ValueError:
        return None
    if not isinstance(document, Mapping):
        return None
    status, reason = (str(document.get(name)).strip().lower() for name in ("finalstatus", "reason"))
    if status not in _FAILED or reason not in _REASONS:
        return None
    return Payload("entity", dict(document), response=response, document=document)
