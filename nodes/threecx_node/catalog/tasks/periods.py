"""The parameters of tasks that list what happened in a period, and how much of it is wanted."""

from __future__ import annotations

from .task_model import TaskParameter

TODAY, YESTERDAY, LAST_7_DAYS, THIS_MONTH, CUSTOM = "today", "yesterday", "last7Days", "thisMonth", "custom"
ANY = "any"
DIRECTIONS = ("inbound", "outbound", "internal")

_IN_CUSTOM = {"period": (CUSTOM,)}

PERIOD = (
    TaskParameter(
        "period",
        "Period",
        "options",
        "The days that are listed, in the time zone of the workflow",
        default=TODAY,
        choices=(
            (TODAY, "Today"),
            (YESTERDAY, "Yesterday"),
            (LAST_7_DAYS, "Last 7 Days"),
            (THIS_MONTH, "This Month"),
            (CUSTOM, "Custom"),
        ),
    ),
    TaskParameter(
        "from",
        "From",
        "dateTime",
        "The start of the period. A time without an offset is in the time zone of the workflow",
        placeholder="e.g. 2026-03-01T08:00:00",
        shown_for=_IN_CUSTOM,
    ),
    TaskParameter(
        "to",
        "To",
        "dateTime",
        "The end of the period; a date alone belongs to it with the whole day. Leave it empty for the present time",
        placeholder="e.g. 2026-03-02T00:00:00",
        shown_for=_IN_CUSTOM,
        ends_day=True,
    ),
)
"""The period: a day or several in the time zone of the batch, or from one moment to another."""

DIRECTION = TaskParameter(
    "direction",
    "Direction",
    "options",
    "Which calls are listed: those from outside, those to the outside, or those between extensions",
    default=ANY,
    choices=((ANY, "Any"), *((each, each.title()) for each in DIRECTIONS)),
)

AMOUNT = (
    TaskParameter(
        "returnAll",
        "Return All",
        "boolean",
        "Whether to return all results or only up to a given limit",
        default=False,
    ),
    TaskParameter(
        "limit",
        "Limit",
        "number",
        "Max number of results to return",
        default=50,
        minimum=1,
        is_whole=True,
        shown_for={"returnAll": ("false",)},
    ),
)
