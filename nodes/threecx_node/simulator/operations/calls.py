"""Calls: started and dropped, with their history; and the calls by which a PBX records or plays a prompt."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..odata.literals import format_date_time
from .common import build_entity, format_now, require, require_dn
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

# The parties of each active call, for the history when it ends.
PARTIES = "(calls)"


@handles("MakeCall")
def _make_call(pbx: Pbx, invocation: Invocation) -> Entity:
    caller = require_dn(pbx, require(invocation, "dn"), "dn")
    destination = require(invocation, "destination")
    callee = pbx.entities.dial_plan.find_by_number(destination)
    shown = f"{callee.number} {callee.name}" if callee else destination
    call_id = start_call(
        pbx, f"{caller.number} {caller.name}", shown, source=caller.number, target=destination
    )
    participant = {
        "Id": call_id,
        "CallId": call_id,
        "LegId": 1,
        "DN": caller.number,
        "PartyDn": callee.number if callee else "",
        "PartyDnType": callee.type if callee else "ExternalLine",
        "PartyCallerId": destination,
        "PartyCallerName": callee.name if callee else "",
        "Status": "Dialing",
    }
    return build_entity(
        pbx,
        "Pbx.CallControlResultResponse",
        FinalStatus="Success",
        Reason="None",
        ReasonText="",
        Result=participant,
    )


@handles("DropCall")
def _drop_call(pbx: Pbx, invocation: Invocation) -> Entity:
    call_id = invocation.arguments["Id"]
    active = pbx.entities.record("ActiveCalls", call_id).value
    pbx.store.delete("ActiveCalls", call_id)
    parties = pbx.store.get(PARTIES, call_id)
    pbx.store.delete(PARTIES, call_id)
    start, end = active["EstablishedAt"], datetime.now(UTC)
    seconds = max(0.0, (end - datetime.fromisoformat(start)).total_seconds())
    source, target = (parties.value["caller"], parties.value["callee"]) if parties else ("", "")
    caller = pbx.entities.dial_plan.find_by_number(source)
    inside = pbx.entities.dial_plan.find_by_number(target)
    pbx.entities.create(
        "CallHistoryView",
        {
            "SegmentStartTime": start,
            "SegmentEndTime": format_date_time(end),
            "CallTime": f"PT{seconds:.3f}S",
            "CallAnswered": True,
            "SrcDn": source,
            "SrcCallerNumber": source,
            "SrcDisplayName": caller.name if caller else "",
            "SrcInternal": True,
            "DstDn": inside.number if inside else "",
            "DstCallerNumber": target,
            "DstDisplayName": inside.name if inside else "",
            "DstInternal": inside is not None,
            "DstExternal": inside is None,
        },
    )
    return {}


def start_call(pbx: Pbx, caller: str, callee: str, *, source: str, target: str) -> int:
    """Start a call between two parties, `source` and `target` in the history; return its id."""
    moment = format_now()
    call_id = pbx.store.next_id("ActiveCalls")
    active = {
        "Id": call_id,
        "Caller": caller,
        "Callee": callee,
        "Status": "Talking",
        "EstablishedAt": moment,
        "LastChangeStatus": moment,
        "ServerNow": moment,
    }
    pbx.store.put("ActiveCalls", call_id, build_entity(pbx, "Pbx.ActiveCall", **active))
    pbx.store.put(PARTIES, call_id, {"caller": source, "callee": target})
    return call_id


def call_extension(pbx: Pbx, number: str, target: str) -> None:
    """Start a call from the PBX to an extension, which records or plays something."""
    dn = require_dn(pbx, number, target)
    start_call(pbx, "PBX", f"{dn.number} {dn.name}", source="", target=dn.number)
