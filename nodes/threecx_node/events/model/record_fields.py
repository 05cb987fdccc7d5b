"""The fields of events of records: recordings, chats, the event log, trunks, backups and users."""

from __future__ import annotations

from dataclasses import replace

from .call_fields import ENDED_AT, STARTED_AT
from .event_fields import Shape, boolean, integer, make_example, record, seconds, text, texts, time

_RECORDING = Shape(
    "Recording",
    (
        integer(
            "id", "The ID, by which the operation Download Recording takes the recording", 501, required=True
        ),
        replace(STARTED_AT, description="When the recording began"),
        replace(ENDED_AT, description="When the recording ended"),
        seconds("durationSeconds", "How long the recording is", 132),
        text(
            "callType",
            "The kind of the call in 3CX: Local, InboundExternal or OutboundExternal",
            "InboundExternal",
        ),
        text("fromNumber", "The number of the caller", "+49305550100"),
        text("fromName", "The name of the caller", "Ada Lovelace"),
        text("toNumber", "The number that was called", "100"),
        text("toName", "The name of the party that was called", "Grace Hopper"),
        text(
            "url", "The name of the file on the PBX", "100/[Ada Lovelace]_100-49305550100_20260301080008.wav"
        ),
        boolean("isArchived", "Whether the file was moved to the archive", example=False),
        boolean("canBeTranscribed", "Whether 3CX can transcribe it; since 20.0.8", example=True),
    ),
)
RECORDING = record("recording", "The recording", _RECORDING, required=True)

_TRANSCRIPTION = Shape(
    "Transcription",
    (
        integer("recordingId", "The ID of the recording", 501, required=True),
        text("text", "The text that was spoken", "Hello, this is Ada. I am calling about my order."),
        text("summary", "The summary of 3CX", "Ada asks about her order."),
        integer("sentimentScore", "The score of the mood, as 3CX gives it", 4),
    ),
)
TRANSCRIPTION = record("transcription", "The transcription of the recording", _TRANSCRIPTION, required=True)

_VOICEMAIL = Shape(
    "Voicemail",
    (
        text(
            "callLogId",
            "The ID of the call in the call log",
            "00000000-01dc-a95c-0000-000000000001",
            required=True,
        ),
        text("extension", "The extension whose voicemail answered", "100", required=True),
        replace(STARTED_AT, description="When the voicemail answered"),
        seconds("durationSeconds", "How long the caller was connected to the voicemail", 24),
    ),
)
VOICEMAIL = record("voicemail", "The voicemail", _VOICEMAIL, required=True)

_CHAT = Shape(
    "ChatMessage",
    (
        integer("id", "The ID of the message", 9001, required=True),
        integer("conversationId", "The ID of the conversation", 77, required=True),
        text("text", "The message", "Is the shop open today?"),
        time("sentAt", "When the message was sent", "2026-03-01T08:00:00.000Z"),
        text("fromNumber", "The number of the sender in the chat", "100"),
        text("fromName", "The name of the sender", "Ada Lovelace"),
        text("fromPhone", "The telephone number of a sender outside the PBX", "+49305550100"),
        text("fromEmail", "The e-mail address of a sender outside the PBX", "ada@example.com"),
        boolean("isExternal", "Whether the sender is outside the PBX", example=True, required=True),
        text("queue", "The number of the queue of the conversation", "800"),
        text("recipients", "The recipients, as 3CX lists them", "100"),
    ),
)
CHAT = record("chat", "The message", _CHAT, required=True)

_LOG_ENTRY = Shape(
    "EventLogEntry",
    (
        integer("id", "The ID of the entry", 4711, required=True),
        integer("eventId", "The number of the kind of the entry in 3CX", 12290),
        text("severity", "The severity", "warning", choices=("info", "warning", "error"), required=True),
        text("group", "The group of the entry", "Trunks"),
        text("groupName", "The name of the group", "Trunks"),
        text("message", "The text of the entry", "Trunk 10000 is not registered"),
        text("source", "The part of 3CX that wrote the entry", "SIP Server"),
        texts("params", "The values in the text", ["10000"]),
        time("time", "When the entry was written", "2026-03-01T08:00:00.000Z"),
    ),
)
LOG_ENTRY = record("logEntry", "The entry of the event log", _LOG_ENTRY, required=True)

_TRUNK = Shape(
    "Trunk",
    (
        integer("id", "The ID of the trunk", 21, required=True),
        text("number", "The number of the trunk", "10000"),
        text("name", "The name of the trunk", "Example Telecom"),
        text("host", "The host of the provider", "sip.example.com"),
        boolean("isOnline", "Whether the trunk is registered", example=False, required=True),
    ),
)
TRUNK = record("trunk", "The trunk", _TRUNK, required=True)

_BACKUP = Shape(
    "Backup",
    (
        text("id", "The ID of the backup, which is its file name", "backup-20260301.zip", required=True),
        text("fileName", "The name of the file", "backup-20260301.zip", required=True),
        time("createdAt", "When the backup was made", "2026-03-01T08:00:00.000Z"),
        integer("size", "The size of the file, in bytes", 52_428_800),
    ),
)
BACKUP = record("backup", "The backup", _BACKUP, required=True)

_USER = Shape(
    "User",
    (
        integer("id", "The ID of the user", 35, required=True),
        text("number", "The extension of the user", "100"),
        text("firstName", "The first name", "Grace"),
        text("lastName", "The last name", "Hopper"),
        text("displayName", "The name that is shown", "Grace Hopper"),
        text("email", "The e-mail address", "grace@example.com"),
        text("mobile", "The mobile number", "+491705550101"),
        boolean("enabled", "Whether the extension is enabled", example=True),
        text("outboundCallerId", "The caller ID of calls to outside", "+49305550101"),
        text("language", "The language of the user", "EN"),
        text("profile", "The current status, such as Available", "Available"),
        texts("changedFields", "The fields that were changed, in user.updated", ["email"]),
    ),
)
_EXAMPLE = make_example(_USER.fields)
USER = record(
    "user",
    "The user",
    _USER,
    example={name: value for name, value in _EXAMPLE.items() if name != "changedFields"},
    required=True,
)
UPDATED_USER = replace(USER, example=_EXAMPLE)
DELETED_USER = replace(USER, example={"id": 35, "number": "100"})
