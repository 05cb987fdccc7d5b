"""The tasks about live calls."""

from __future__ import annotations

from ...options import DEFAULT_WAIT, MAX_WAIT, MIN_WAIT
from ..call_control import HANDLE
from .task_model import Task, TaskField, TaskParameter, choose, refer

CALL = TaskParameter(
    "call",
    "Call",
    "handle",
    "The call: the field call of an item of Make Call, of a live call or of an event; by default that of the item",
    placeholder="e.g. {{ $json.call }}",
)
_WAITS = (("ringing", "Ringing"), ("answered", "Answered"), ("ended", "Ended"))
_RESULT = (
    TaskField("callId", "Int32", "The ID of the call"),
    TaskField("participantId", "Int32", "The ID of the leg in the call"),
    TaskField("dn", "String", "The extension of the leg"),
    TaskField("status", "String", "The status of the leg: Dialing, Ringing, Connected or Ended"),
    TaskField("finalStatus", "String", "The result of 3CX: success, rejected, failed or unknown"),
    TaskField("reason", "String", "Why the request failed or the wait ended early"),
    TaskField("reasonText", "String", "The reason as a sentence"),
    TaskField("call", HANDLE, "The handle of the call for later operations"),
)

TASKS = (
    Task(
        "MakeCallFromExtension",
        "CallControl",
        name="Make Call",
        action="Make call",
        description="Ring the phone of an extension, then call a number, and optionally wait until the call is "
        "answered or ended",
        parameters=(
            refer(
                "fromExtension",
                "From Extension",
                "CallControl",
                "The extension whose phone rings first",
                required=True,
            ),
            TaskParameter(
                "to",
                "To",
                "string",
                "The number or the extension to call; blanks and hyphens are left out",
                required=True,
                placeholder="e.g. +43 512 555 010",
            ),
            choose(
                "waitFor",
                "Wait For",
                "The event to wait for before the result is returned",
                ("nothing", "Nothing"),
                *_WAITS,
                default="nothing",
            ),
            TaskParameter(
                "waitTimeout",
                "Wait Timeout",
                "number",
                "The seconds to wait at most; the call goes on after them",
                default=DEFAULT_WAIT,
                minimum=MIN_WAIT,
                maximum=MAX_WAIT,
                shown_for={"waitFor": tuple(wait for wait, _ in _WAITS)},
            ),
            refer(
                "device",
                "Device",
                "CallControlDevices",
                "The phone that makes the call; not needed where the extension has only one",
                is_option=True,
            ),
        ),
        effect="change",
        uses=("PlaceCall", "GetCallControlDn"),
        returns=_RESULT,
        is_repeatable=False,
    ),
    Task(
        "TransferCall",
        "CallControl",
        name="Transfer Call",
        action="Transfer call",
        description="Transfer a connected call to another number, or send a ringing call on to it",
        parameters=(
            CALL,
            TaskParameter(
                "to",
                "To",
                "string",
                "The number or the extension that gets the call",
                required=True,
                placeholder="e.g. 101",
            ),
        ),
        effect="change",
        uses=("GetParticipant", "ListParticipant", "TransferParticipant", "DivertParticipant"),
        returns=(TaskField("action", "String", "transferred or diverted"), *_RESULT),
        is_repeatable=False,
    ),
    Task(
        "HangUpCall",
        "CallControl",
        name="Hang Up",
        action="Hang up call",
        description="End a call. A call that has ended already is a success",
        parameters=(CALL,),
        effect="change",
        uses=("DropParticipant", "ListParticipant"),
        returns=(
            TaskField("action", "String", "ended, or unchanged where the call had ended before"),
            *_RESULT,
        ),
    ),
)
