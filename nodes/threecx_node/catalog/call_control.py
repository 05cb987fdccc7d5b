"""The names of the operations of the Call Control API that code refers to, and of their parameters."""

from __future__ import annotations

BASE_PATH = "/callcontrol"
NAMESPACE = "CallControl."
RESOURCE = "CallControl"
PLACE_CALL = "PlaceCall"
LIST_DNS = "ListCallControlDn"
GET_DN = "GetCallControlDn"
LIST_DEVICES = "ListDnDevice"
GET_PARTICIPANT = "GetParticipant"
LIST_PARTICIPANTS = "ListParticipant"
DN, DEVICE_ID, PARTICIPANT_ID = "dn", "deviceId", "participantId"
DESTINATION, RING_TIME, ATTACHED_DATA = "destination", "timeout", "attacheddata"
DROP = "DropParticipant"
PARTICIPANT, RESULT = f"{NAMESPACE}Participant", f"{NAMESPACE}ActionResult"
ALREADY_GONE = "alreadyGone"
"""The field of the result of a drop whose participant was gone before."""
