"""The fields and arguments that are times for 3CX though their types do not say so."""

from __future__ import annotations

TIMES_OF_DAY = frozenset(
    {"TimeOfStartDate", "TimeOfEndDate", "ScheduledReportGenerationTime", "HDAutoLogoutTime"}
)
"""Fields of the type Duration that mean a time of day: of holidays, and of the PBX's settings."""

TIME_SPANS = frozenset({"waitInterval", "answerInterval", "callTimeFilterFrom", "callTimeFilterTo"})
"""Arguments of the type String that are durations as hours:minutes:seconds, such as `0:00:0`."""
