"""Free numbers and templates for new entities: GetFirstAvailable… and Init… functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..odata.errors import EntityNotFoundError
from .common import build_template
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

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
def _find_first_available(pbx: Pbx, invocation: Invocation) -> Entity:
    return {
        "Number": pbx.entities.dial_plan.find_free_number(_FIRST_AVAILABLE[invocation.route.operation.id])
    }


@handles("InitFax")
def _init_fax(pbx: Pbx, _invocation: Invocation) -> Entity:
    return build_template(pbx, "Pbx.Fax", Number=pbx.entities.dial_plan.find_free_number("Fax"))


@handles("InitTrunk")
def _init_trunk(pbx: Pbx, invocation: Invocation) -> Entity:
    wanted = invocation.arguments["template"]
    found = pbx.store.get("TrunkTemplates", wanted)
    if found is None:
        raise EntityNotFoundError("template")
    gateway = {"Name": found.value["Name"], "TemplateFilename": wanted, "Type": "Provider"}
    return build_template(
        pbx, "Pbx.Trunk", Number=pbx.entities.dial_plan.find_free_number("Trunks"), Gateway=gateway
    )


@handles(*_BRIDGES)
def _init_bridge(pbx: Pbx, invocation: Invocation) -> Entity:
    name, kind = _BRIDGES[invocation.route.operation.id]
    number = pbx.entities.dial_plan.find_free_number("Trunks")
    return build_template(pbx, "Pbx.Trunk", Number=number, Gateway={"Name": name, "Type": kind})
