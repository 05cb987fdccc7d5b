"""The fields of events of calls: of live ones, and of those in the call log."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from ...callcontrol.call_events import Direction
from .event_fields import Shape, boolean, integer, integers, record, records, seconds, text, texts, time

EXAMPLE_PBX = "pbx.example.com:5001"
_STARTED, _ANSWERED, _ENDED = (f"2026-03-01T08:{minutes}.000Z" for minutes in ("00:00", "00:08", "02:20"))
_CALLER, _CALLER_NAME, _DID = "+49305550100", "Ada Lovelace", "+49305550199"

SOURCE = text(
    "source",
    "Where the event comes from: Call Control while the call was in progress, or the records of the PBX",
    "live",
    choices=("live", "records"),
    required=True,
)
INFERRED = boolean(
    "inferred",
    "Whether the event was concluded from other facts, such as a call that ended while the connection was lost. `time` "
    "can then be the time at which this was noticed",
    example=False,
)
DIRECTION = text("direction", "The direction of the call", "inbound", choices=get_args(Direction))
DIRECTION_OF_MISSED = replace(DIRECTION, choices=("inbound", "internal", "unknown"))
EXTENSION = text("extension", "The extension that the event is about", "100")
STARTED_AT = time("startedAt", "When the call began", _STARTED)
ANSWERED_AT = time("answeredAt", "When a person answered the call", _ANSWERED)
ENDED_AT = time("endedAt", "When the call ended", _ENDED)
EXTERNAL_NUMBER = text("externalNumber", "The number of the party outside the PBX", _CALLER)
CALLER_NUMBER = text("callerNumber", "The number of the caller", _CALLER)
CALLER_NAME = text("callerName", "The name of the caller, as the PBX knows it", _CALLER_NAME)
DID = text("did", "The DID number that was called", _DID)
QUEUE = text("queue", "The number of the queue through which the call or chat came", "800")
EXTENSIONS = texts("extensions", "All extensions that have taken part", ["100", "101"])
RING_GROUP = text("ringGroup", "The number of the ring group through which the call came", "801")
TRANSFERRED_FROM = text("transferredFrom", "The extension that passed the call on", "101")

_HANDLE = Shape(
    "CallHandle",
    (
        text("pbx", "Host and port of the PBX", EXAMPLE_PBX, required=True),
        text("dn", "The DN of the leg", "100", required=True),
        integer("participantId", "The ID of the participant", 8106, required=True),
        integer("callId", "The ID of the call", 1001, required=True),
    ),
)
CALL = record(
    "call", "The handle of the leg, which operations on live calls take; only while the call is live", _HANDLE
)

# The parties and times of a call, wherever the event comes from.
CALL_PARTIES = (
    EXTENSION,
    EXTENSIONS,
    EXTERNAL_NUMBER,
    CALLER_NUMBER,
    CALLER_NAME,
    text("calledNumber", "The number that was called", _DID),
    DID,
    QUEUE,
    RING_GROUP,
)

LIVE_CALL = (
    SOURCE,
    replace(INFERRED, is_required=True),
    replace(CALL, is_required=True),
    replace(DIRECTION, is_required=True),
    *CALL_PARTIES,
    STARTED_AT,
)

_IS_ANSWERED = boolean("answered", "Whether a person answered", example=True, required=True)
_RINGING = seconds("ringingSeconds", "How long it rang", 8)
_TALKING = seconds("talkingSeconds", "How long the parties talked", 132)
_RECORDING_IDS = integers("recordingIds", "The IDs of the recordings", [501])

_LEG = Shape(
    "CallLogLeg",
    (
        text(
            "id",
            "The ID of the segment in the call log",
            "00000000-01dc-a95c-0000-000000000002",
            required=True,
        ),
        replace(STARTED_AT, description="When the leg began"),
        replace(DIRECTION, description="The direction of the leg"),
        text("status", "The status in the call log", "Answered"),
        replace(_IS_ANSWERED, description="Whether the destination answered"),
        text("sourceNumber", "The DN that called; that of a trunk for a party outside the PBX", "10000"),
        text("sourceName", "The name of the party that called", _CALLER_NAME),
        text("sourceCallerId", "The number of the party that called", _CALLER),
        text("destinationNumber", "The DN that was called", "100"),
        text("destinationName", "The name of the party that was called", "Grace Hopper"),
        text("destinationCallerId", "The number of the party that was called", "100"),
        text("reason", "Why the leg ended, in the words of 3CX", "Terminated by source"),
        _RINGING,
        _TALKING,
        _RECORDING_IDS,
    ),
)
_CALL_LOG = Shape(
    "CallLog",
    (
        text(
            "id",
            "The ID of the call in the call log: MainCallHistoryId; before 3CX 20.0.6 that of its first segment",
            "00000000-01dc-a95c-0000-000000000001",
            required=True,
        ),
        integer("callId", "The number of the call; since 3CX 20.0.6", 1001),
        _IS_ANSWERED,
        seconds("durationSeconds", "From the beginning of the call to its end", 140),
        _TALKING,
        _RINGING,
        _RECORDING_IDS,
        records("legs", "All legs of the call, by their times", _LEG, required=True),
    ),
)
CALL_LOG = record("callLog", "The call in the call log", _CALL_LOG, required=True)
