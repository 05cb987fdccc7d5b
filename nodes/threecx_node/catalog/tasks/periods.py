"""The parameters of tasks that list what happened in a period, and how much of it is wanted."""

from __future__ import annotations

from .task_model import TaskParameter, choose, count, decide, refer

TODAY, YESTERDAY, LAST_7_DAYS, THIS_MONTH, CUSTOM = "today", "yesterday", "last7Days", "thisMonth", "custom"
ANY = "any"
DIRECTIONS = ("inbound", "outbound", "internal")

_IN_CUSTOM = {"period": (CUSTOM,)}

PERIOD = (
    choose(
        "period",
        "Period",
        "The days that are listed, in the time zone of the workflow",
        (TODAY, "Today"),
        (YESTERDAY, "Yesterday"),
        (LAST_7_DAYS, "Last 7 Days"),
        (THIS_MONTH, "This Month"),
        (CUSTOM, "Custom"),
        default=TODAY,
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

DIRECTION = choose(
    "direction",
    "Direction",
    "Which calls are listed: those from outside, those to the outside, or those between extensions",
    (ANY, "Any"),
    *((each, each.title()) for each in DIRECTIONS),
    default=ANY,
)

AMOUNT = (
    decide("returnAll", "Return All", "Whether to return all results or only up to a given limit"),
    count(
        "limit", "Limit", "Max number of results to return", default=50, shown_for={"returnAll": ("false",)}
    ),
)


def choose_extensions(description: str) -> TaskParameter:
    """Return the parameter of the extensions by which a list is restricted."""
    return refer("extension", "Extension", "Users", description, placeholder="e.g. 100", multiple=True)


def choose_number(listed: str) -> TaskParameter:
    """Return the parameter of the number by which a list of what is `listed` is restricted."""
    return TaskParameter(
        "number",
        "Number",
        "string",
        f"Only {listed} with this number, written in any way. An asterisk at the start or the end stands for any "
        "digits, as in +49 30*",
        placeholder="e.g. +49 30 5550100",
    )
