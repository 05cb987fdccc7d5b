"""The task that lists recordings."""

from __future__ import annotations

from .periods import AMOUNT, DIRECTION, PERIOD, choose_extensions, choose_number
from .task_model import Task, TaskField, TaskParameter, decide

TASKS = (
    Task(
        "FindRecordings",
        "Recordings",
        name="Get Many",
        action="Get many recordings",
        description="List the recordings of a period, the newest first. Download Recording takes their ID",
        parameters=(
            *PERIOD,
            DIRECTION,
            choose_extensions("Only recordings of calls of these extensions"),
            choose_number("recordings of calls"),
            TaskParameter(
                "minSeconds",
                "Minimum Seconds",
                "number",
                "Only recordings that are at least this long",
                minimum=0,
            ),
            decide(
                "onlyTranscribed", "Only Transcribed", "Whether to list only recordings with a transcription"
            ),
            *AMOUNT,
        ),
        effect="read",
        uses=("ListRecording",),
        returns=(
            TaskField("Id", "Int32", "The ID, which Download Recording takes"),
            TaskField("StartTime", "DateTimeOffset", "When the recording began"),
            TaskField("EndTime", "DateTimeOffset", "When the recording ended"),
            TaskField("DurationSeconds", "Double", "How long the recording is, in seconds"),
            TaskField("CallType", "String", "The kind of the call: Local, InboundExternal or OutboundExternal"),
            TaskField("FromDn", "String", "The DN that called"),
            TaskField("FromCallerNumber", "String", "The number of the caller"),
            TaskField("FromDisplayName", "String", "The name of the caller"),
            TaskField("ToDn", "String", "The DN that was called"),
            TaskField("ToCallerNumber", "String", "The number that was called"),
            TaskField("ToDisplayName", "String", "The name of the party that was called"),
            TaskField("Transcription", "String", "The text that was spoken"),
            TaskField("Summary", "String", "The summary of 3CX"),
            TaskField("RecordingUrl", "String", "The name of the file on the PBX"),
        ),
        is_list=True,
        summary=(
            *("Id", "StartTime", "DurationSeconds", "CallType", "FromCallerNumber", "FromDisplayName"),
            *("ToCallerNumber", "ToDisplayName", "Transcription", "Summary"),
        ),
    ),
)  # fmt: skip
