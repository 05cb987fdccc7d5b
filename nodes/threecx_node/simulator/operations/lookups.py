"""Look-ups by number and by name, and across the kinds of DNs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..odata.errors import EntityNotFoundError
from ..pbx.entities import OWNER_NUMBER
from .common import require
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

# The kinds of DNs that reports cover.
_REPORTED_TYPES = frozenset({"Extension", "Queue", "RingGroup", "IVR", "ExternalLine"})


@handles("GetByNumber")
def _get_parking(pbx: Pbx, invocation: Invocation) -> Entity:
    return pbx.select_plain(
        "Pbx.Parking", pbx.views.record_by_number("Parkings", invocation.arguments["number"]).value
    )


@handles("GetParameterByName")
def _get_parameter(pbx: Pbx, invocation: Invocation) -> Entity:
    for record in pbx.views.records("Parameters"):
        if record.value["Name"] == invocation.arguments["name"]:
            return record.value
    raise EntityNotFoundError("name")


@handles("GetReportPeers")
def _list_report_peers(pbx: Pbx, _invocation: Invocation) -> list[Entity]:
    return _list_peers(pbx, reported=True)


@handles("RetreivePeersByNumbers")
def _list_peers_by_numbers(pbx: Pbx, invocation: Invocation) -> list[Entity]:
    """Return the peers of the existing numbers, in the order of the dial plan; skip other numbers."""
    request = require(invocation, "peersRequest")
    wanted = set(request.get("DnNumbers") or [])
    reported = bool(request.get("IsReportPeers"))
    return [peer for peer in _list_peers(pbx, reported=reported) if peer["Number"] in wanted]


@handles("HasSystemOwner")
def _has_system_owner(pbx: Pbx, _invocation: Invocation) -> bool:
    return pbx.store.find_owner(OWNER_NUMBER) is not None


def _list_peers(pbx: Pbx, *, reported: bool) -> list[Entity]:
    peers = [record.value for record in pbx.views.records("Peers")]
    return [peer for peer in peers if peer["Type"] in _REPORTED_TYPES] if reported else peers
