"""The services of the PBX: started, stopped, restarted, with their status in the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .common import change_entity, get_records, require
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..pbx.pbx import Pbx

_STATES = {
    "Start": "Running",
    "Stop": "Stopped",
    "Restart": "Running",
    "Enable": "Running",
    "Disable": "Stopped",
}


@handles(*_STATES)
def _set_status(pbx: Pbx, invocation: Invocation) -> None:
    names = require(invocation, "options").get("ServiceNames") or []
    status = _STATES[invocation.route.operation.id]
    for name, _ in get_records(pbx, "Services", names):
        change_entity(pbx, "Services", name, Status=status)


@handles("RestartAll", "RestartOperatingSystem")
def _restart_all(pbx: Pbx, _invocation: Invocation) -> None:
    for name in list(pbx.store.table("Services")):
        change_entity(pbx, "Services", name, Status="Running")
    # A restart ends all calls.
    for call in pbx.calls.calls():
        pbx.calls.end(call.id)


@handles("GarbageCollect")
def _collect_garbage(pbx: Pbx, _invocation: Invocation) -> None:
    for name, record in list(pbx.store.table("Services").items()):
        change_entity(pbx, "Services", name, MemoryUsed=(record.value["MemoryUsed"] or 0) // 2)
