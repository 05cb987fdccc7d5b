"""The JSON of calls for people and tests: what happened so far, and the steps that are left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from .handle import CallHandle
    from .models import Call, Leg, Segment


def describe_call(call: Call, handle: CallHandle | None = None) -> dict[str, Any]:
    """Return a call as JSON values; with a handle, its scenario and steps too."""
    document: dict[str, Any] = {
        "call": call.id,
        "direction": call.direction,
        "caller": call.caller.number,
        "dialled": call.dialled,
        "did": call.did,
        "status": call.status,
        "reason": call.reason,
        "started": _format(call.started),
        "answered": _format(call.answered),
        "ended": _format(call.ended),
        "participants": [_describe_leg(leg) for leg in call.legs.values()],
        "segments": [_describe_segment(segment) for segment in call.segments],
    }
    if handle is not None:
        document["scenario"] = handle.scenario
        document["steps"] = [step.to_json() for step in handle.steps]
        document["skipped"] = [{**step.to_json(), "why": why} for step, why in handle.skipped]
        if handle.consultation is not None:
            document["consultation"] = handle.consultation.id
    return document


def _describe_leg(leg: Leg) -> dict[str, Any]:
    return {
        "id": leg.id,
        "dn": leg.dn,
        "status": leg.status,
        "device_id": leg.device_id,
        "party_dn": leg.party_dn,
        "party_caller_id": leg.party_caller_id,
    }


def _describe_segment(segment: Segment) -> dict[str, Any]:
    return {
        "source": segment.source.number,
        "destination": segment.destination.number,
        "via": segment.via,
        "started": _format(segment.started),
        "answered": _format(segment.answered),
        "ended": _format(segment.ended),
        "reason": segment.reason,
    }


def _format(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
