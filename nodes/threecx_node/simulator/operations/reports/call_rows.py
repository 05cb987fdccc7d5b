"""Reports with one row per call: the call log, inbound and outbound calls, call costs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .history import ReportedCall, format_duration, list_calls, list_segments
from .row_functions import computes_rows

if TYPE_CHECKING:
    from ...odata.records import Entity
    from ...pbx.pbx import Pbx
    from .arguments import ReportArguments
    from .history import Party

# `callsType` of the call reports and `callArea` of the statistics: 0 is all.
_ANSWERED, _UNANSWERED = 1, 2
INTERNAL_AREA, EXTERNAL_AREA = 1, 2


@computes_rows("Pbx.CallLogData")
def _list_all_calls(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    given = arguments.given
    return [
        _build_log_row(pbx, call)
        for call in list_segments(pbx, arguments)
        if not (call.polled and given["hidePcalls"])
        and _is_of_type(call, given["callsType"])
        and _is_party(call.source, given["sourceFilter"])
        and _is_party(call.target, given["destinationFilter"])
        and _has_wanted_length(call, arguments)
    ]


@computes_rows("Pbx.InboundCall")
def _list_inbound_calls(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    return [
        {
            **_build_call_row(call),
            "DestinationCallerId": call.target.number,
            "Did": call.did,
            "TrunkName": _find_trunk_name(pbx, call.source.dn),
            "TrunkNumber": call.source.dn,
        }
        for call in list_calls(pbx, arguments)
        if call.inbound
        and _is_of_type(call, arguments.given["callsType"])
        and arguments.wants(call.source.dn, "trunkDns")
    ]


@computes_rows("Pbx.OutboundCall")
def _list_outbound_calls(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    return [
        {
            **_build_call_row(call),
            "Answered": call.answered,
            "CallCost": _compute_cost(pbx, call),
            "DestinationCalleeId": call.target.number,
            "TrunkName": _find_trunk_name(pbx, call.target.dn),
            "TrunkNumber": call.target.dn,
        }
        for call in list_calls(pbx, arguments)
        if call.outbound
        and _is_of_type(call, arguments.given["callsType"])
        and arguments.wants(call.target.dn, "trunkDns")
    ]


@computes_rows("Pbx.CallCostByExtensionGroup")
def _list_call_costs(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    rows = []
    for call in list_calls(pbx, arguments):
        groups = pbx.entities.dial_plan.list_memberships(call.source.dn) if call.outbound else []
        rows += [
            {
                "BillingCost": _compute_cost(pbx, call),
                "CallType": call.call_type,
                "DstDn": call.target.number,
                "GroupName": group["Name"],
                "IsAnswered": call.answered,
                "RingingDur": format_duration(call.ringing),
                "SegId": str(call.id),
                "SrcDisplayName": call.source.name,
                "SrcDn": call.source.dn,
                "StartTime": call.start,
                "TalkingDur": format_duration(call.talking),
            }
            for group in groups
            if arguments.wants(group["Number"], "groupFilter")
        ]
    return rows


def is_in_area(call: ReportedCall, area: int) -> bool:
    """Return whether a call is in the area of a statistic: internal, external or any."""
    inside = call.source.inside and call.target.inside
    return {INTERNAL_AREA: inside, EXTERNAL_AREA: not inside}.get(area, True)


def _build_log_row(pbx: Pbx, call: ReportedCall) -> dict[str, Any]:
    return {
        "Answered": call.answered,
        "CallHistoryId": call.history_id,
        "CallId": call.call_id,
        "CallType": call.call_type,
        "CdrId": str(call.id),
        "DestinationCallerId": call.target.number,
        "DestinationDisplayName": call.target.name,
        "DestinationDn": call.target.dn,
        "DestinationType": call.target_type,
        "Direction": call.direction,
        "Indent": call.indent,
        "MainCallHistoryId": call.history_id,
        **_read_recording(pbx, call),
        "Reason": call.reason,
        "RingingDuration": format_duration(call.ringing),
        "SegmentId": call.id,
        "SourceCallerId": call.source.number,
        "SourceDisplayName": call.source.name,
        "SourceDn": call.source.dn,
        "SourceType": call.source_type,
        "StartTime": call.start,
        "Status": call.status,
        "TalkingDuration": format_duration(call.talking),
    }


def _read_recording(pbx: Pbx, call: ReportedCall) -> dict[str, Any]:
    """Return what the log says about the recording of a segment; nothing before its file is ready."""
    record = None if call.recording is None else pbx.store.get("Recordings", call.recording)
    if record is None:
        return {}
    found = record.value
    analysis = {name: found[name] for name in ("SentimentScore", "Summary", "Transcription")}
    return {
        **analysis,
        "DstRecId": found["Id"],
        "RecordingUrl": found["RecordingUrl"],
        "Recordings": [{"Id": found["Id"], **analysis}],
    }


def _build_call_row(call: ReportedCall) -> dict[str, Any]:
    return {
        "CallDuration": format_duration(call.ringing + call.talking),
        "CallHistoryId": call.history_id,
        "CdrId": str(call.id),
        "DestinationDisplayName": call.target.name,
        "DestinationDn": call.target.dn,
        "RingingDuration": format_duration(call.ringing),
        "SourceCallerId": call.source.number,
        "SourceDisplayName": call.source.name,
        "SourceDn": call.source.dn,
        "StartTime": call.start,
        "Status": call.status,
        "TalkingDuration": format_duration(call.talking),
    }


def _is_of_type(call: ReportedCall, wanted: int) -> bool:
    return {_ANSWERED: call.answered, _UNANSWERED: not call.answered}.get(wanted, True)


def _is_party(party: Party, text: str) -> bool:
    """Return whether a filter's text matches a party, by number or in its name; an empty one matches all."""
    return not text or text in (party.dn, party.number) or text.casefold() in party.name.casefold()


def _has_wanted_length(call: ReportedCall, arguments: ReportArguments) -> bool:
    if not arguments.given["callTimeFilterType"]:
        return True
    longest = arguments.seconds["callTimeFilterTo"]
    return call.talking >= arguments.seconds["callTimeFilterFrom"] and (
        not longest or call.talking <= longest
    )


def _find_trunk_name(pbx: Pbx, number: str) -> str:
    dn = pbx.entities.dial_plan.find_by_number(number)
    return dn.name if dn and dn.set_name == "Trunks" else ""


def _compute_cost(pbx: Pbx, call: ReportedCall) -> float:
    """Return the cost by the longest matching prefix of the table of costs, for every started minute."""
    number = call.target.number.removeprefix("+")
    fitting = [
        record.value
        for record in pbx.store.table("CallCostSettings").values()
        if record.value["Prefix"] and number.startswith(record.value["Prefix"].removeprefix("+"))
    ]
    if not fitting or not call.talking:
        return 0
    best = max(fitting, key=lambda cost: len(cost["Prefix"]))
    return round((best["Rate"] or 0) * math.ceil(call.talking / 60), 4)
