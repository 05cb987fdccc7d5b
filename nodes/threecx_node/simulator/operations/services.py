"""The services of the PBX: started, stopped, restarted, with their status in the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .calls import PARTIES
from .common import change_entity, clear_table, get_records, require
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
    for table in ("ActiveCalls", PARTIES):
        clear_table(pbx, table)


@handles("GarbageCollect")
def _collect_garbage(pbx: Pbx, _invocation: Invocation) -> None:
    for name, record in list(pbx.store.table("Services").items()):
        change_entity(pbx, "Services", name, MemoryUsed=(record.value["MemoryUsed"] or 0) // 2)
