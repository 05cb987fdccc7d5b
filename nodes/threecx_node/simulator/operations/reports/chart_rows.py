"""Reports over time: how many calls in every hour, day or month."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from .agent_rows import groups_of
from .arguments import step_of
from .call_rows import in_area
from .history import ReportedCall, calls_in
from .registry import rows_of

if TYPE_CHECKING:
    from ...pbx import Pbx
    from ...state import Entity
    from .arguments import Arguments

# `groupingType` of the newer reports.
_STEPS = ("hour", "day", "month")
_LENGTHS = {"hour": 13, "day": 10, "month": 7}
_REST = {"hour": ":00:00.000Z", "day": "T00:00:00.000Z", "month": "-01T00:00:00.000Z"}

Counter = Callable[[ReportedCall], tuple[int, int]]


@rows_of("Pbx.CallDistribution")
def _distribution(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    bars = _bars(_chosen(pbx, arguments), _step(arguments), lambda call: (not call.outbound, call.outbound))
    return [
        {"DateTimeInterval": moment, "IncomingCount": coming, "OutgoingCount": going}
        for moment, coming, going in bars
    ]


@rows_of("Pbx.UserActivity")
def _activity(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    bars = _bars(_chosen(pbx, arguments), _step(arguments), lambda call: (call.answered, not call.answered))
    return [
        {"DateTimeInterval": moment, "AnsweredCount": answered, "UnansweredCount": lost}
        for moment, answered, lost in bars
    ]


@rows_of("ReportQueueAnUnCalls:Pbx.TimeReportData")
def _queue_answered(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    return _chart(_of_queues(pbx, arguments), arguments, lambda call: (call.answered, not call.answered))


@rows_of("ReportUserActivity:Pbx.TimeReportData")
def _old_activity(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    return _chart(_old_chosen(pbx, arguments), arguments, lambda call: (call.answered, not call.answered))


@rows_of("ReportCallDistribution:Pbx.TimeReportData")
def _old_distribution(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    return _chart(_old_chosen(pbx, arguments), arguments, lambda call: (not call.outbound, call.outbound))


@rows_of("ReportAverageQueueWaitingTime:Pbx.TimeReportData")
def _waiting(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    """The average waiting time in seconds, and how many calls it is the average of."""
    bars = _bars(
        _of_queues(pbx, arguments), step_of(arguments.given["chartBy"]), lambda call: (call.ringing, 1)
    )
    return [
        {"XValue": moment, "YValue1": waited // count, "YValue2": count} for moment, waited, count in bars
    ]


def _chart(calls: Iterable[ReportedCall], arguments: Arguments, count: Counter) -> list[Entity]:
    bars = _bars(calls, step_of(arguments.given["chartBy"]), count)
    return [{"XValue": moment, "YValue1": one, "YValue2": two} for moment, one, two in bars]


def _bars(calls: Iterable[ReportedCall], step: str, count: Counter) -> list[tuple[str, int, int]]:
    """The two counts of every interval in which there were calls, oldest first."""
    found: dict[str, tuple[int, int]] = {}
    for call in calls:
        moment = call.start[: _LENGTHS[step]] + _REST[step]
        one, two = found.get(moment, (0, 0))
        more_one, more_two = count(call)
        found[moment] = (one + more_one, two + more_two)
    return [(moment, one, two) for moment, (one, two) in sorted(found.items())]


def _chosen(pbx: Pbx, arguments: Arguments) -> list[ReportedCall]:
    """The calls of the extensions or the group that the report asks for."""
    groups, area = arguments.numbers("groupNumber"), arguments.given["callArea"]
    queues = arguments.given["includeQueueCalls"]
    return [
        call
        for call in calls_in(pbx, arguments)
        if (queues or not call.queue)
        and in_area(call, area)
        and any(
            arguments.wants(number, "extensionDns") and (not groups or groups & groups_of(pbx, number))
            for number in (call.source.dn, call.target.dn)
        )
    ]


def _old_chosen(pbx: Pbx, arguments: Arguments) -> list[ReportedCall]:
    given = arguments.given
    groups = arguments.numbers("groupStr")
    return [
        call
        for call in calls_in(pbx, arguments)
        if (given["includeInternalCalls"] or call.direction != "Internal")
        and (given["includeQueueCalls"] or not call.queue)
        and arguments.wants(call.queue, "queueDnStr")
        and (not groups or groups & groups_of(pbx, call.target.dn))
    ]


def _of_queues(pbx: Pbx, arguments: Arguments) -> list[ReportedCall]:
    shortest = arguments.seconds.get("waitInterval", 0)
    return [
        call
        for call in calls_in(pbx, arguments)
        if call.queue
        and arguments.wants(call.queue, "queueDnStr")
        and (call.answered or call.ringing >= shortest)
    ]


def _step(arguments: Arguments) -> str:
    kind = arguments.given["groupingType"]
    return _STEPS[kind] if 0 <= kind < len(_STEPS) else "day"
