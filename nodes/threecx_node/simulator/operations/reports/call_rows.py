"""Reports with a row per call: the call log, inbound and outbound calls, what calls cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .history import ReportedCall, calls_in, duration
from .registry import rows_of

if TYPE_CHECKING:
    from ...pbx import Pbx
    from ...state import Entity
    from .arguments import Arguments
    from .history import Party

# `callsType` of the call reports and `callArea` of the statistics: 0 is all.
_ANSWERED, _UNANSWERED = 1, 2
INTERNAL_AREA, EXTERNAL_AREA = 1, 2


@rows_of("Pbx.CallLogData")
def _call_log(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    given = arguments.given
    return [
        _log_row(call)
        for call in calls_in(pbx, arguments)
        if _is_of_type(call, given["callsType"])
        and _is_party(call.source, given["sourceFilter"])
        and _is_party(call.target, given["destinationFilter"])
        and _lasts(call, arguments)
    ]


@rows_of("Pbx.InboundCall")
def _inbound(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    return [
        {
            **_call_row(call),
            "DestinationCallerId": call.target.number,
            "Did": "",
            "TrunkName": _trunk_name(pbx, call.source.dn),
            "TrunkNumber": call.source.dn,
        }
        for call in calls_in(pbx, arguments)
        if call.inbound
        and _is_of_type(call, arguments.given["callsType"])
        and arguments.wants(call.source.dn, "trunkDns")
    ]


@rows_of("Pbx.OutboundCall")
def _outbound(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    return [
        {
            **_call_row(call),
            "Answered": call.answered,
            "CallCost": _cost(pbx, call),
            "DestinationCalleeId": call.target.number,
            "TrunkName": _trunk_name(pbx, call.target.dn),
            "TrunkNumber": call.target.dn,
        }
        for call in calls_in(pbx, arguments)
        if call.outbound
        and _is_of_type(call, arguments.given["callsType"])
        and arguments.wants(call.target.dn, "trunkDns")
    ]


@rows_of("Pbx.CallCostByExtensionGroup")
def _costs(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    rows = []
    for call in calls_in(pbx, arguments):
        groups = pbx.entities.dial_plan.memberships(call.source.dn) if call.outbound else []
        rows += [
            {
                "BillingCost": _cost(pbx, call),
                "CallType": call.direction,
                "DstDn": call.target.number,
                "GroupName": group["Name"],
                "IsAnswered": call.answered,
                "RingingDur": duration(call.ringing),
                "SegId": str(call.id),
                "SrcDisplayName": call.source.name,
                "SrcDn": call.source.dn,
                "StartTime": call.start,
                "TalkingDur": duration(call.talking),
            }
            for group in groups
            if arguments.wants(group["Number"], "groupFilter")
        ]
    return rows


def in_area(call: ReportedCall, area: int) -> bool:
    """Whether a call is of the area that a statistic asks for."""
    inside = call.source.inside and call.target.inside
    return {INTERNAL_AREA: inside, EXTERNAL_AREA: not inside}.get(area, True)


def _log_row(call: ReportedCall) -> dict[str, Any]:
    return {
        "Answered": call.answered,
        "CallHistoryId": str(call.id),
        "CallId": call.id,
        "CallType": call.direction,
        "CdrId": str(call.id),
        "DestinationCallerId": call.target.number,
        "DestinationDisplayName": call.target.name,
        "DestinationDn": call.target.dn,
        "Direction": call.direction,
        "Indent": 0,
        "MainCallHistoryId": str(call.id),
        "RingingDuration": duration(call.ringing),
        "SegmentId": call.id,
        "SourceCallerId": call.source.number,
        "SourceDisplayName": call.source.name,
        "SourceDn": call.source.dn,
        "StartTime": call.start,
        "Status": _status(call),
        "TalkingDuration": duration(call.talking),
    }


def _call_row(call: ReportedCall) -> dict[str, Any]:
    return {
        "CallDuration": duration(call.ringing + call.talking),
        "CallHistoryId": str(call.id),
        "CdrId": str(call.id),
        "DestinationDisplayName": call.target.name,
        "DestinationDn": call.target.dn,
        "RingingDuration": duration(call.ringing),
        "SourceCallerId": call.source.number,
        "SourceDisplayName": call.source.name,
        "SourceDn": call.source.dn,
        "StartTime": call.start,
        "Status": _status(call),
        "TalkingDuration": duration(call.talking),
    }


def _status(call: ReportedCall) -> str:
    return "Answered" if call.answered else "Unanswered"


def _is_of_type(call: ReportedCall, wanted: int) -> bool:
    return {_ANSWERED: call.answered, _UNANSWERED: not call.answered}.get(wanted, True)


def _is_party(party: Party, text: str) -> bool:
    """Whether a filter's text (empty: all) names this party, by number or in its name."""
    return not text or text in (party.dn, party.number) or text.casefold() in party.name.casefold()


def _lasts(call: ReportedCall, arguments: Arguments) -> bool:
    if not arguments.given["callTimeFilterType"]:
        return True
    longest = arguments.seconds["callTimeFilterTo"]
    return call.talking >= arguments.seconds["callTimeFilterFrom"] and (
        not longest or call.talking <= longest
    )


def _trunk_name(pbx: Pbx, number: str) -> str:
    dn = pbx.entities.dial_plan.by_number(number)
    return dn.name if dn and dn.set_name == "Trunks" else ""


def _cost(pbx: Pbx, call: ReportedCall) -> float:
    """By the longest prefix of the table of costs that fits, for every minute that began."""
    number = call.target.number.removeprefix("+")
    fitting = [
        record.value
        for record in pbx.store.table("CallCostSettings").values()
        if record.value["Prefix"] and number.startswith(record.value["Prefix"].removeprefix("+"))
    ]
    if not fitting or not call.talking:
        return 0
    best = max(fitting, key=lambda cost: len(cost["Prefix"]))
    return round((best["Rate"] or 0) * -(-call.talking // 60), 4)
