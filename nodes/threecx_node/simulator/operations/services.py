"""The PBX's services: started, stopped, restarted; their list shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..registry import Call, handles
from .common import all_of, changed, required

if TYPE_CHECKING:
    from ..pbx import Pbx

_STATES = {
    "Start": "Running",
    "Stop": "Stopped",
    "Restart": "Running",
    "Enable": "Running",
    "Disable": "Stopped",
}


@handles(*_STATES)
def _manage(pbx: Pbx, call: Call) -> None:
    names = required(call, "options").get("ServiceNames") or []
    status = _STATES[call.route.operation.id]
    for name, _ in all_of(pbx, "Services", names):
        changed(pbx, "Services", name, Status=status)


@handles("RestartAll", "RestartOperatingSystem")
def _restart_all(pbx: Pbx, _call: Call) -> None:
    for name in list(pbx.store.table("Services")):
        changed(pbx, "Services", name, Status="Running")
    # A machine that starts anew has nobody talking.
    for table in ("ActiveCalls", "(calls)"):
        for key in list(pbx.store.table(table)):
            pbx.store.delete(table, key)


@handles("GarbageCollect")
def _collect_garbage(pbx: Pbx, _call: Call) -> None:
    for name, record in list(pbx.store.table("Services").items()):
        changed(pbx, "Services", name, MemoryUsed=(record.value["MemoryUsed"] or 0) // 2)
