"""The task that lists calls of the call log. Its fields have the names that the events of calls have."""

from __future__ import annotations

from .periods import AMOUNT, ANY, DIRECTION, PERIOD, choose_extensions, choose_number
from .task_model import Task, TaskField, choose, decide

ANSWERED, UNANSWERED = "answered", "unanswered"

TASKS = (
    Task(
        "ListCalls",
        "ReportCallLogData",
        name="Get Many",
        action="Get many calls",
        description="List the calls of a period, the newest first: the missed calls of today, for example. Each call "
        "is one item",
        parameters=(
            *PERIOD,
            DIRECTION,
            decide(
                "onlyMissed",
                "Only Missed",
                "Whether to list only calls that came in and that no person answered, those to voicemail among them",
            ),
            choose_extensions("Only calls in which one of these extensions takes part"),
            choose_number("calls"),
            choose(
                "answered",
                "Answered",
                "Whether a person answered the call",
                (ANY, "Any"),
                (ANSWERED, "Answered"),
                (UNANSWERED, "Unanswered"),
                default=ANY,
                is_option=True,
            ),
            *AMOUNT,
        ),
        effect="read",
        uses=("GetCallLogData", "ListCallHistoryView"),
        returns=(
            TaskField("id", "String", "The ID of the call in the call log"),
            TaskField("callId", "Int32", "The number of the call; since 3CX 20.0.6"),
            TaskField("startedAt", "DateTimeOffset", "When the call began"),
            TaskField("answeredAt", "DateTimeOffset", "When a person answered the call"),
            TaskField("endedAt", "DateTimeOffset", "When the call ended"),
            TaskField("direction", "String", "The direction of the call: inbound, outbound, internal or unknown"),
            TaskField("answered", "Boolean", "Whether a person answered"),
            TaskField("missed", "Boolean", "Whether the call came in and no person answered"),
            TaskField("extension", "String", "The extension that the call is about"),
            TaskField("extensions", "Collection(String)", "All extensions that have taken part"),
            TaskField("externalNumber", "String", "The number of the party outside the PBX"),
            TaskField("callerNumber", "String", "The number of the caller"),
            TaskField("callerName", "String", "The name of the caller, as the PBX knows it"),
            TaskField("calledNumber", "String", "The number that was called"),
            TaskField("queue", "String", "The number of the queue through which the call came"),
            TaskField("ringGroup", "String", "The number of the ring group through which the call came"),
            TaskField("durationSeconds", "Double", "From the beginning of the call to its end, in seconds"),
            TaskField("ringingSeconds", "Double", "How long it rang, in seconds"),
            TaskField("talkingSeconds", "Double", "How long the parties talked, in seconds"),
            TaskField("recordingIds", "Collection(Int32)", "The IDs of the recordings"),
            TaskField("legs", "Collection(Object)", "All legs of the call, in the order in which they began"),
        ),
        is_list=True,
        summary=(
            *("startedAt", "direction", "callerNumber", "callerName", "calledNumber", "extension", "queue"),
            *("answered", "durationSeconds", "talkingSeconds"),
        ),
    ),
)  # fmt: skip
