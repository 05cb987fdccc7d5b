"""Turn what the Call Control API returns into the form of items: results of actions, and the handle of each call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..callcontrol.entities import ActionResult
from ..catalog.call_control import (
    ALREADY_GONE,
    DN,
    LIST_PARTICIPANTS,
    PARTICIPANT,
    PARTICIPANT_ID,
    RESULT,
)
from ..errors import ResponseError, ThreeCxError
from ..messages import HttpRequest, RequestValues
from ..request.build import RequestBuilder
from ..response.payload import Payload
from .call_watch import ENDED

if TYPE_CHECKING:
    from ..catalog import Operation
    from .look_ups import Exchange
    from .plan import Plan, PlannedItem

_NOT_FOUND = 404
_DNS = "CallControl.Dn"


def shape_payload(
    operation: Operation, planned: PlannedItem, request: HttpRequest, payload: Payload, pbx: str
) -> Payload:
    """Return the payload of an operation on live calls with the values that its items have.

    `pbx` is the host name and port of the PBX. Raises UnusableResponseError for the result of an action that cannot be
    read.
    """
    returns = operation.versions[-1].returns.type
    if payload.kind not in ("entity", "collection", "nothing"):
        return payload
    if returns == RESULT:
        document = payload.value if payload.kind == "entity" else {}
        return replace(payload, kind="entity", value=_describe_result(document, planned, request, pbx))
    add = {PARTICIPANT: add_handle, _DNS: _add_handles}.get(returns)
    if add is None or payload.kind == "nothing":
        return payload
    dn = request.keys.get(DN)
    if payload.kind == "entity":
        return replace(payload, value=add(payload.value, pbx, dn))
    return replace(payload, value=[add(each, pbx, dn) for each in payload.value])


def add_handle(participant: Any, pbx: str, dn: Any = None) -> Any:
    """Return a participant with its handle as `call`, by which later operations find it."""
    if not isinstance(participant, Mapping) or participant.get("id") is None:
        return participant
    handle = {
        "pbx": pbx,
        "dn": participant.get("dn") or dn,
        "participantId": participant["id"],
        "callId": participant.get("callid"),
    }
    return {**participant, "call": handle}


def _add_handles(found: Any, pbx: str, dn: Any = None) -> Any:
    """Return a DN whose participants have their handles."""
    participants = found.get("participants") if isinstance(found, Mapping) else None
    if not isinstance(participants, list):
        return found
    return {**found, "participants": [add_handle(each, pbx, found.get("dn") or dn) for each in participants]}


def _describe_result(
    document: Mapping[str, Any], planned: PlannedItem, request: HttpRequest, pbx: str
) -> dict[str, Any]:
    try:
        result = ActionResult.from_json(document, host=pbx)
    except ThreeCxError as error:
        # The PBX accepted it, but what became of it cannot be read.
        error.mark_unknown()
        raise
    leg = result.participant
    dn = (leg.dn if leg else "") or request.keys.get(DN)
    participant_id = leg.id if leg else request.keys.get(PARTICIPANT_ID)
    call_id = (leg.call_id if leg else 0) or planned.call_id
    handle = {"pbx": pbx, "dn": dn, "participantId": participant_id, "callId": call_id}
    is_gone = result.other.get(ALREADY_GONE) is True
    return {
        "callId": call_id,
        "participantId": participant_id,
        "dn": dn,
        "status": leg.status if leg else ENDED if is_gone else "",
        "finalStatus": result.final_status,
        "reason": result.reason,
        "reasonText": result.reason_text,
        **({ALREADY_GONE: True} if is_gone else {}),
        "call": None if participant_id is None else handle,
    }


async def exchange_drop(exchange: Exchange, request: HttpRequest, plan: Plan) -> Payload:
    """Drop a call: one that has ended already is a success.

    A 404 may be about the DN or the API too, so the participants of the DN are read before it is taken for that. Raises
    ThreeCxError.
    """
    try:
        return await exchange(request, plan.operation, plan.version)
    except ResponseError as error:
        if error.http_code != _NOT_FOUND or not await _is_gone(exchange, request, plan):
            raise
    return Payload("entity", {"finalstatus": "Success", ALREADY_GONE: True})


async def _is_gone(exchange: Exchange, request: HttpRequest, plan: Plan) -> bool:
    """Return whether the DN is there and certainly does not have the participant."""
    operation = plan.catalog.operation(LIST_PARTICIPANTS)
    version = operation.version(plan.version.releases[-1])
    look = RequestBuilder(plan.catalog, operation, version.releases[-1])
    try:
        payload = await exchange(look.build(RequestValues({DN: request.keys[DN]})), operation, version)
    except ThreeCxError:
        return False
    ids = {str(each.get("id")) for each in payload.value if isinstance(each, Mapping)}
    return str(request.keys[PARTICIPANT_ID]) not in ids
