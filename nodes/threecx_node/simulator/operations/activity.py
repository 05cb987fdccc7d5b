"""The activity log: what the journal of actions and the calls of the history tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..registry import Call, handles
from . import journal
from .common import made, now, set_records

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity

_MOST_CALLS = 1000


@handles("GetLogs")
def _logs(pbx: Pbx, call: Call) -> list[Entity]:
    start, end = call.arguments["startDate"], call.arguments["endDate"]
    wanted = [call.arguments.get(name) or "" for name in ("extension", "call", "search")]
    lines = sorted((moment, text) for moment, text in _lines(pbx) if start <= moment <= end)
    rows = [
        made(pbx, "Pbx.ActivityLogEvent", Index=index, TimeStamp=moment, Message=text)
        for index, (moment, text) in enumerate(lines, start=1)
        if all(part in text for part in wanted)
    ]
    # Before release 20.0.6 the page was chosen by arguments.
    if "top" not in call.arguments:
        return rows
    skip, top = max(0, call.arguments["skip"]), call.arguments["top"]
    return rows[skip : skip + top] if top > 0 else rows[skip:]


@handles("GetFilter")
def _filter(pbx: Pbx, _call: Call) -> Entity:
    calls: dict[str, list[str]] = {}
    for row in _latest_calls(pbx):
        calls.setdefault(row["DstDn"] or "", []).append(str(row["SegmentId"]))
    users = [user["Number"] for user in set_records(pbx, "Users")]
    extensions = [{"Number": number, "CallIds": calls.get(number, [])} for number in users]
    return made(pbx, "Pbx.ActivityLogsFilter", Extensions=extensions)


@handles("ReportLogEvent")
def _report_event(pbx: Pbx, call: Call) -> None:
    given = call.body["request"]
    params = given.get("Params") or []
    values = {
        "EventId": given.get("EventId") or 0,
        "Source": given["Source"],
        "Type": given.get("Type") or "Info",
        "Params": params,
        "Message": " ".join([given["Source"], *params]),
        "TimeGenerated": now(),
    }
    pbx.entities.create("EventLogs", values)


def _latest_calls(pbx: Pbx) -> list[Entity]:
    return [record.value for record in pbx.store.last("CallHistoryView", _MOST_CALLS)]


def _lines(pbx: Pbx) -> list[tuple[str, str]]:
    acts = [
        (entry["At"], f"{entry['Operation']} {entry['Arguments'] or ''}".strip())
        for entry in journal.entries(pbx)
    ]
    calls = [
        (
            row["SegmentStartTime"],
            f"Call {row['SegmentId']} from {row['SrcCallerNumber']} to {row['DstDn'] or row['DstCallerNumber']}",
        )
        for row in _latest_calls(pbx)
    ]
    return acts + calls
