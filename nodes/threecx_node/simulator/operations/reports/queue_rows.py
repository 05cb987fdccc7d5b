"""Reports about queues: how many calls, answered when, lost when, against the promise of the queue (SLA)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .history import ReportedCall, calls_in, duration, mean
from .registry import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...pbx import Pbx
    from ...state import Entity
    from .arguments import Arguments

_QUEUES = ("queueDns", "queueDnStr")


@rows_of("Pbx.QueuePerformanceOverview")
def _overview(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    rows = []
    for queue, calls in _queues(pbx, arguments):
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
                    "TalkTime": duration(sum(call.talking for call in own)),
                }
            )
    return rows


@rows_of("Pbx.QueuePerformanceTotals")
def _totals(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    return [
        {
            "ExtensionAnsweredCount": sum(call.answered for call in calls),
            "ExtensionDroppedCount": sum(not call.answered for call in calls),
            "QueueDisplayName": queue["Name"],
            "QueueDn": queue["Number"],
            "QueueReceivedCount": len(calls),
        }
        for queue, calls in _queues(pbx, arguments)
    ]


@rows_of("Pbx.DetailedQueueStatistics")
def _detailed(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    rows = []
    for queue, calls in _queues(pbx, arguments):
        answered = sum(call.answered for call in calls)
        talking, ringing = sum(call.talking for call in calls), sum(call.ringing for call in calls)
        rows.append(
            {
                **_named(queue),
                "AnsweredCount": answered,
                "AvgRingTime": mean(ringing, len(calls)),
                "AvgTalkTime": mean(talking, answered),
                "CallbacksCount": 0,
                "CallsCount": len(calls),
                "QueueDn": queue["Name"],
                "RingTime": duration(ringing),
                "TalkTime": duration(talking),
            }
        )
    return rows


@rows_of("Pbx.TeamQueueGeneralStatistics")
def _team(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    rows = []
    for queue, calls in _queues(pbx, arguments):
        answered, talking = sum(call.answered for call in calls), sum(call.talking for call in calls)
        rows.append(
            {
                **_named(queue),
                "AgentsInQueueCount": len(queue["Agents"]),
                "AnsweredCount": answered,
                "AvgTalkTime": mean(talking, answered),
                "ReceivedCount": len(calls),
                "TotalTalkTime": duration(talking),
            }
        )
    return rows


@rows_of("Pbx.StatisticSla")
def _sla(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    return [
        {
            **_named(queue),
            "BadSlaCallsCount": sum(_breaches(queue, call) for call in calls),
            "ReceivedCount": len(calls),
        }
        for queue, calls in _queues(pbx, arguments)
    ]


@rows_of("Pbx.BreachesSla")
def _sla_breaches(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    return [
        {
            "CallerId": call.source.number,
            "CallTime": call.start,
            "Queue": queue["Name"] or "",
            "QueueDnNumber": queue["Number"],
            "WaitingTime": duration(call.ringing),
        }
        for queue, calls in _queues(pbx, arguments)
        for call in calls
        if _breaches(queue, call)
    ]


@rows_of("Pbx.AbandonedQueueCalls")
def _abandoned(pbx: Pbx, arguments: Arguments) -> list[Entity]:
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
            "WaitTime": duration(call.ringing),
        }
        for queue, calls in _queues(pbx, arguments)
        for call in calls
        if not call.answered
    ]


@rows_of("Pbx.QueueAnsweredCallsByWaitTime")
def _answered(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    longest = arguments.seconds["answerInterval"]
    return [
        {
            "AnsweredTime": call.end_of_ringing,
            "CallTime": call.start,
            "Destination": call.target.dn,
            "Dn": queue["Name"] or "",
            "DnNumber": queue["Number"],
            "RingTime": duration(call.ringing),
            "Source": call.source.number,
        }
        for queue, calls in _queues(pbx, arguments)
        for call in calls
        if call.answered and (not longest or call.ringing <= longest)
    ]


@rows_of("Pbx.QueueCallbacks")
def _callbacks(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    # Nobody is called back here, so all counts of callbacks are 0 (and failed ones have no rows).
    return [
        {
            **_named(queue),
            "CallbacksCount": 0,
            "FailCallbacksCount": 0,
            "ReceivedCount": len(calls),
        }
        for queue, calls in _queues(pbx, arguments)
    ]


def _queues(pbx: Pbx, arguments: Arguments) -> Iterator[tuple[Entity, list[ReportedCall]]]:
    """The wanted queues with the calls that came to them; those given up too soon do not count."""
    shortest = arguments.seconds.get("waitInterval", 0)
    by_queue: dict[str, list[ReportedCall]] = {}
    for call in calls_in(pbx, arguments):
        if call.queue and (call.answered or call.ringing >= shortest):
            by_queue.setdefault(call.queue, []).append(call)
    for record in pbx.store.table("Queues").values():
        queue = record.value
        if arguments.wants(queue["Number"], *_QUEUES):
            yield queue, by_queue.get(queue["Number"], [])


def _named(queue: Entity) -> dict[str, Any]:
    return {"Dn": queue["Name"], "QueueDnNumber": queue["Number"]}


def _breaches(queue: Entity, call: ReportedCall) -> bool:
    return call.ringing > (queue["SLATime"] or 0)
