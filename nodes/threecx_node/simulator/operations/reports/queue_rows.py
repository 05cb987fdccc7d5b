"""Reports about queues: answered and lost calls, waiting times, and breaches of the SLA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .history import ReportedCall, format_duration, format_mean, list_calls
from .row_functions import computes_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...odata.records import Entity
    from ...pbx.pbx import Pbx
    from .arguments import ReportArguments

_QUEUES = ("queueDns", "queueDnStr")


@computes_rows("Pbx.QueuePerformanceOverview")
def _count_by_queue_and_agent(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    rows = []
    for queue, calls in _list_queue_calls(pbx, arguments):
        answered = sum(call.answered for call in calls)
        for order, agent in enumerate(queue["Agents"]):
            own = [call for call in calls if call.target.dn == agent["Number"]]
            rows.append(
                {
                    "ExtensionAnsweredCount": sum(call.answered for call in own),
                    "ExtensionDisplayName": agent["Name"],
                    "ExtensionDn": agent["Number"],
                    "ExtensionDroppedCount": sum(not call.answered for call in own),
                    "QueueAnsweredCount": answered,
                    "QueueDisplayName": queue["Name"] or "",
                    "QueueDn": queue["Number"],
                    "QueueReceivedCount": len(calls),
                    "SortOrder": order,
                    "TalkTime": format_duration(sum(call.talking for call in own)),
                }
            )
    return rows


@computes_rows("Pbx.QueuePerformanceTotals")
def _count_by_queue(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    return [
        {
            "ExtensionAnsweredCount": sum(call.answered for call in calls),
            "ExtensionDroppedCount": sum(not call.answered for call in calls),
            "QueueDisplayName": queue["Name"],
            "QueueDn": queue["Number"],
            "QueueReceivedCount": len(calls),
        }
        for queue, calls in _list_queue_calls(pbx, arguments)
    ]


@computes_rows("Pbx.DetailedQueueStatistics")
def _compute_detailed_statistics(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    rows = []
    for queue, calls in _list_queue_calls(pbx, arguments):
        answered = sum(call.answered for call in calls)
        talking, ringing = sum(call.talking for call in calls), sum(call.ringing for call in calls)
        rows.append(
            {
                **_build_queue_names(queue),
                "AnsweredCount": answered,
                "AvgRingTime": format_mean(ringing, len(calls)),
                "AvgTalkTime": format_mean(talking, answered),
                "CallbacksCount": 0,
                "CallsCount": len(calls),
                "QueueDn": queue["Name"],
                "RingTime": format_duration(ringing),
                "TalkTime": format_duration(talking),
            }
        )
    return rows


@computes_rows("Pbx.TeamQueueGeneralStatistics")
def _compute_team_statistics(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    rows = []
    for queue, calls in _list_queue_calls(pbx, arguments):
        answered, talking = sum(call.answered for call in calls), sum(call.talking for call in calls)
        rows.append(
            {
                **_build_queue_names(queue),
                "AgentsInQueueCount": len(queue["Agents"]),
                "AnsweredCount": answered,
                "AvgTalkTime": format_mean(talking, answered),
                "ReceivedCount": len(calls),
                "TotalTalkTime": format_duration(talking),
            }
        )
    return rows


@computes_rows("Pbx.StatisticSla")
def _count_sla_breaches(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    return [
        {
            **_build_queue_names(queue),
            "BadSlaCallsCount": sum(_breaches_sla(queue, call) for call in calls),
            "ReceivedCount": len(calls),
        }
        for queue, calls in _list_queue_calls(pbx, arguments)
    ]


@computes_rows("Pbx.BreachesSla")
def _list_sla_breaches(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    return [
        {
            "CallerId": call.source.number,
            "CallTime": call.start,
            "Queue": queue["Name"] or "",
            "QueueDnNumber": queue["Number"],
            "WaitingTime": format_duration(call.ringing),
        }
        for queue, calls in _list_queue_calls(pbx, arguments)
        for call in calls
        if _breaches_sla(queue, call)
    ]


@computes_rows("Pbx.AbandonedQueueCalls")
def _list_abandoned_calls(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    return [
        {
            "CallerId": call.source.number,
            "CallHistoryId": str(call.id),
            "CallTime": call.start,
            "CallTimeForCsv": call.start,
            "ExtensionDisplayName": call.target.name,
            "ExtensionDn": call.target.dn,
            "IsLoggedIn": True,
            "PollingAttempts": 1,
            "QueueDisplayName": queue["Name"],
            "QueueDn": queue["Number"],
            "WaitTime": format_duration(call.ringing),
        }
        for queue, calls in _list_queue_calls(pbx, arguments)
        for call in calls
        if not call.answered
    ]


@computes_rows("Pbx.QueueAnsweredCallsByWaitTime")
def _list_answered_calls(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    longest = arguments.seconds["answerInterval"]
    return [
        {
            "AnsweredTime": call.end_of_ringing,
            "CallTime": call.start,
            "Destination": call.target.dn,
            "Dn": queue["Name"] or "",
            "DnNumber": queue["Number"],
            "RingTime": format_duration(call.ringing),
            "Source": call.source.number,
        }
        for queue, calls in _list_queue_calls(pbx, arguments)
        for call in calls
        if call.answered and (not longest or call.ringing <= longest)
    ]


@computes_rows("Pbx.QueueCallbacks")
def _count_callbacks(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    # The simulator has no callbacks, so their counts are 0, and failed ones have no rows.
    return [
        {
            **_build_queue_names(queue),
            "CallbacksCount": 0,
            "FailCallbacksCount": 0,
            "ReceivedCount": len(calls),
        }
        for queue, calls in _list_queue_calls(pbx, arguments)
    ]


def _list_queue_calls(pbx: Pbx, arguments: ReportArguments) -> Iterator[tuple[Entity, list[ReportedCall]]]:
    """Yield the queues in the arguments with their calls, except calls given up before the minimum wait."""
    shortest = arguments.seconds.get("waitInterval", 0)
    by_queue: dict[str, list[ReportedCall]] = {}
    for call in list_calls(pbx, arguments):
        if call.queue and (call.answered or call.ringing >= shortest):
            by_queue.setdefault(call.queue, []).append(call)
    for record in pbx.store.table("Queues").values():
        queue = record.value
        if arguments.wants(queue["Number"], *_QUEUES):
            yield queue, by_queue.get(queue["Number"], [])


def _build_queue_names(queue: Entity) -> dict[str, Any]:
    return {"Dn": queue["Name"], "QueueDnNumber": queue["Number"]}


def _breaches_sla(queue: Entity, call: ReportedCall) -> bool:
    return call.ringing > (queue["SLATime"] or 0)
