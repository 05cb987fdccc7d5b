"""Numbers and templates for what is to be created: the first free one, Init… functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..registry import Call, handles
from .common import not_found, template

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity

_FIRST_AVAILABLE = {
    "GetFirstAvailableExtensionNumber": "Users",
    "GetFirstAvailableHotdeskingNumber": "Users",
    "GetFirstAvailableQueueNumber": "Queues",
    "GetFirstAvailableReceptionistNumber": "Receptionists",
    "GetFirstAvailableRingGroupNumber": "RingGroups",
    "GetFirstAvailableTrunkNumber": "Trunks",
}
_BRIDGES = {
    "InitMasterBridge": ("Master bridge", "BridgeMaster"),
    "InitSlaveBridge": ("Slave bridge", "BridgeSlave"),
}


@handles(*_FIRST_AVAILABLE)
def _first_available(pbx: Pbx, call: Call) -> Entity:
    return {"Number": pbx.entities.dial_plan.free_number(_FIRST_AVAILABLE[call.route.operation.id])}


@handles("InitFax")
def _init_fax(pbx: Pbx, _call: Call) -> Entity:
    return template(pbx, "Pbx.Fax", Number=pbx.entities.dial_plan.free_number("Fax"))


@handles("InitTrunk")
def _init_trunk(pbx: Pbx, call: Call) -> Entity:
    wanted = call.arguments["template"]
    found = pbx.store.get("TrunkTemplates", wanted)
    if found is None:
        raise not_found("template")
    gateway = {"Name": found.value["Name"], "TemplateFilename": wanted, "Type": "Provider"}
    return template(pbx, "Pbx.Trunk", Number=pbx.entities.dial_plan.free_number("Trunks"), Gateway=gateway)


@handles(*_BRIDGES)
def _init_bridge(pbx: Pbx, call: Call) -> Entity:
    name, kind = _BRIDGES[call.route.operation.id]
    number = pbx.entities.dial_plan.free_number("Trunks")
    return template(pbx, "Pbx.Trunk", Number=number, Gateway={"Name": name, "Type": kind})
