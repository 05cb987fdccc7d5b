"""The activity log, from the journal of actions and the call history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import journal
from .common import build_entity, format_now, list_entities
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

_MOST_CALLS = 1000


@handles("GetLogs")
def _list_logs(pbx: Pbx, invocation: Invocation) -> list[Entity]:
    start, end = invocation.arguments["startDate"], invocation.arguments["endDate"]
    wanted = [invocation.arguments.get(name) or "" for name in ("extension", "call", "search")]
    lines = sorted((moment, text) for moment, text in _list_lines(pbx) if start <= moment <= end)
    rows = [
        build_entity(pbx, "Pbx.ActivityLogEvent", Index=index, TimeStamp=moment, Message=text)
        for index, (moment, text) in enumerate(lines, start=1)
        if all(part in text for part in wanted)
    ]
    # Before release 20.0.6, arguments selected the page.
    if "top" not in invocation.arguments:
        return rows
    skip, top = max(0, invocation.arguments["skip"]), invocation.arguments["top"]
    return rows[skip : skip + top] if top > 0 else rows[skip:]


@handles("GetFilter")
def _list_filter_values(pbx: Pbx, _invocation: Invocation) -> Entity:
    calls: dict[str, list[str]] = {}
    for row in _list_latest_calls(pbx):
        calls.setdefault(row["DstDn"] or "", []).append(str(row["SegmentId"]))
    users = [user["Number"] for user in list_entities(pbx, "Users")]
    extensions = [{"Number": number, "CallIds": calls.get(number, [])} for number in users]
    return build_entity(pbx, "Pbx.ActivityLogsFilter", Extensions=extensions)


@handles("ReportLogEvent")
def _create_event(pbx: Pbx, invocation: Invocation) -> None:
    given = invocation.body["request"]
    params = given.get("Params") or []
    values = {
        "EventId": given.get("EventId") or 0,
        "Source": given["Source"],
        "Type": given.get("Type") or "Info",
        "Params": params,
        "Message": " ".join([given["Source"], *params]),
        "TimeGenerated": format_now(),
    }
    pbx.entities.create("EventLogs", values)


def _list_latest_calls(pbx: Pbx) -> list[Entity]:
    return [record.value for record in pbx.store.list_latest("CallHistoryView", _MOST_CALLS)]


def _list_lines(pbx: Pbx) -> list[tuple[str, str]]:
    acts = [
        (entry["At"], f"{entry['Operation']} {entry['Arguments'] or ''}".strip())
        for entry in journal.list_entries(pbx)
    ]
    calls = [
        (
            row["SegmentStartTime"],
            f"Call {row['SegmentId']} from {row['SrcCallerNumber']} to {row['DstDn'] or row['DstCallerNumber']}",
        )
        for row in _list_latest_calls(pbx)
    ]
    return acts + calls
