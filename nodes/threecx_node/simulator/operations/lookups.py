"""Look-ups beside the sets: by number, by name, across kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..entities import OWNER_NUMBER
from ..registry import Call, handles
from .common import not_found, required

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity

# Whose calls reports can tell about.
_REPORTED_TYPES = frozenset({"Extension", "Queue", "RingGroup", "IVR", "ExternalLine"})


@handles("GetByNumber")
def _parking_by_number(pbx: Pbx, call: Call) -> Entity:
    return pbx.plain("Pbx.Parking", pbx.views.record_by_number("Parkings", call.arguments["number"]).value)


@handles("GetParameterByName")
def _parameter_by_name(pbx: Pbx, call: Call) -> Entity:
    for record in pbx.views.records("Parameters"):
        if record.value["Name"] == call.arguments["name"]:
            return record.value
    raise not_found("name")


@handles("GetReportPeers")
def _report_peers(pbx: Pbx, _call: Call) -> list[Entity]:
    return _peers(pbx, reported=True)


@handles("RetreivePeersByNumbers")
def _peers_by_numbers(pbx: Pbx, call: Call) -> list[Entity]:
    """The peers of the numbers that exist, in the order of the dial plan; others are left out."""
    request = required(call, "peersRequest")
    wanted = set(request.get("DnNumbers") or [])
    reported = bool(request.get("IsReportPeers"))
    return [peer for peer in _peers(pbx, reported=reported) if peer["Number"] in wanted]


@handles("HasSystemOwner")
def _has_system_owner(pbx: Pbx, _call: Call) -> bool:
    return pbx.store.owner_of(OWNER_NUMBER) is not None


def _peers(pbx: Pbx, *, reported: bool) -> list[Entity]:
    peers = [record.value for record in pbx.views.records("Peers")]
    return [peer for peer in peers if peer["Type"] in _REPORTED_TYPES] if reported else peers
