"""The task that lists recordings."""

from __future__ import annotations

from .periods import AMOUNT, DIRECTION, PERIOD
from .task_model import Task, TaskField, TaskParameter

TASKS = (
    Task(
        "FindRecordings",
        "Recordings",
        "Get Many",
        "Get many recordings",
        "List the recordings of a period, the newest first. Download Recording takes their ID",
        (
            *PERIOD,
            DIRECTION,
            TaskParameter(
                "extension",
                "Extension",
                "reference",
                "Only recordings of calls of these extensions",
                placeholder="e.g. 100",
                reference="Users",
                multiple=True,
            ),
            TaskParameter(
                "number",
                "Number",
                "string",
                "Only recordings of calls with this number, written in any way. An asterisk at the start or the end "
                "stands for any digits, as in +49 30*",
                placeholder="e.g. +49 30 5550100",
            ),
            TaskParameter(
                "minSeconds",
                "Minimum Length (Seconds)",
                "number",
                "Only recordings that are at least this long",
                minimum=0,
            ),
            TaskParameter(
                "onlyTranscribed",
                "Only Transcribed",
                "boolean",
                "Whether to list only recordings with a transcription",
                default=False,
            ),
            *AMOUNT,
        ),
        "read",
        ("ListRecording",),
        (
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
    ),
)  # fmt: skip
