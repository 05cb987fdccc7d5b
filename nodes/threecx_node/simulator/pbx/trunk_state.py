"""Let a trunk lose and regain its registration, with an entry in the event log, as a provider's outage does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..odata.errors import NON_EXISTENT_NUMBER, ErrorDetail, ODataError
from ..odata.literals import format_date_time

if TYPE_CHECKING:
    from datetime import datetime

    from .entities import Entities

# The numbers of events: the documents name none, so these are the simulator's own.
_TRUNK_DOWN, _TRUNK_UP = 4210, 4211


def set_trunk_state(entities: Entities, now: datetime, number: str, *, is_online: bool) -> bool:
    """Register the trunk with that number, or end its registration; return whether that is a change.

    Raises ODataError (400) for a number that is not that of a trunk.
    """
    dn = entities.dial_plan.find_by_number(number)
    if dn is None or dn.set_name != "Trunks":
        raise ODataError.of(400, ErrorDetail("number", NON_EXISTENT_NUMBER))
    trunk = entities.record("Trunks", dn.id).value
    if trunk["IsOnline"] == is_online:
        return False
    text = f"Trunk {number} {dn.name}".strip()
    with entities.store.transaction():
        entities.store.put("Trunks", dn.id, {**trunk, "IsOnline": is_online})
        entities.create(
            "EventLogs",
            {
                "EventId": _TRUNK_UP if is_online else _TRUNK_DOWN,
                "Source": "Call Manager",
                "Type": "Info" if is_online else "Error",
                "Params": [number],
                "Message": f"{text} is registered" if is_online else f"{text} has lost its registration",
                "TimeGenerated": format_date_time(now),
            },
        )
    return True
