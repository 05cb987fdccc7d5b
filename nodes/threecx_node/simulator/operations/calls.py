"""Calls: started and dropped by the XAPI; and the calls by which a PBX records or plays a prompt.

They are the calls of the engine, so that the Call Control API sees them too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..calls.models import CallError
from ..odata.errors import INVALID, ErrorDetail, ODataError
from .common import build_entity, require, require_dn
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..calls.models import Leg, Outcome
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx


@handles("MakeCall")
def _make_call(pbx: Pbx, invocation: Invocation) -> Entity:
    caller = require_dn(pbx, require(invocation, "dn"), "dn")
    destination = require(invocation, "destination")
    try:
        outcome = pbx.calls.make_call(caller.number, destination)
    except CallError as error:
        raise ODataError.of(400, ErrorDetail("destination", INVALID)) from error
    return _build_result(pbx, outcome)


@handles("DropCall")
def _drop_call(pbx: Pbx, invocation: Invocation) -> Entity:
    call_id = invocation.arguments["Id"]
    pbx.entities.record("ActiveCalls", call_id)
    pbx.calls.end(call_id)
    return {}


def call_extension(pbx: Pbx, number: str, target: str) -> None:
    """Start a call from the PBX to an extension, which records or plays something."""
    dn = require_dn(pbx, number, target)
    pbx.calls.system_call(dn.number)


def _build_result(pbx: Pbx, outcome: Outcome) -> Entity:
    return build_entity(
        pbx,
        "Pbx.CallControlResultResponse",
        FinalStatus=outcome.final_status.capitalize(),
        Reason=outcome.reason,
        ReasonText=outcome.reason_text,
        Result=_build_participant(outcome.leg) if outcome.leg is not None else None,
    )


def _build_participant(leg: Leg) -> Entity:
    return {
        "Id": leg.id,
        "CallId": leg.call_id,
        "LegId": leg.leg_id,
        "DN": leg.dn,
        "DeviceId": leg.device_id,
        "DirectControl": leg.direct_control,
        "PartyDn": leg.party_dn,
        "PartyDnType": leg.party_dn_type,
        "PartyCallerId": leg.party_caller_id,
        "PartyCallerName": leg.party_caller_name,
        "Status": leg.status,
    }
