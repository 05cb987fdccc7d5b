"""Render the entities of the Call Control API as JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..calls.engine import CallEngine
    from ..calls.models import Device, Leg, Outcome

# The fields of a participant whose names are those of the leg's attributes.
_SAME = (
    "id", "status", "dn", "party_caller_name", "party_dn", "party_caller_id", "party_did", "device_id", "party_dn_type",
    "direct_control", "originated_by_dn", "originated_by_type", "referred_by_dn", "referred_by_type",
    "on_behalf_of_dn", "on_behalf_of_type",
)  # fmt: skip


def render_participant(leg: Leg) -> dict[str, Any]:
    """Return a leg as a participant. Texts that are not known are null, as a PBX writes them."""
    participant = {name: getattr(leg, name) for name in _SAME}
    participant = {name: None if value == "" else value for name, value in participant.items()}
    return {**participant, "callid": leg.call_id, "legid": leg.leg_id}


def render_device(device: Device) -> dict[str, Any]:
    """Return a device."""
    return {"dn": device.dn, "device_id": device.device_id, "user_agent": device.user_agent}


def render_dn(calls: CallEngine, dn: str) -> dict[str, Any]:
    """Return a DN with its devices and participants."""
    return {
        "dn": dn,
        "type": calls.dn_type(dn),
        "devices": [render_device(each) for each in calls.devices(dn)],
        "participants": [render_participant(each) for each in calls.participants(dn)],
    }


def render_outcome(outcome: Outcome) -> dict[str, Any]:
    """Return the result of an action."""
    return {
        "finalstatus": outcome.final_status.capitalize(),
        "reason": outcome.reason or "None",
        "result": render_participant(outcome.leg) if outcome.leg is not None else None,
        "reasontext": outcome.reason_text or None,
    }
