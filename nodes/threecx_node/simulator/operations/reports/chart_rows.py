"""Reports over time: the number of calls in every hour, day or month."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from .agent_rows import list_group_numbers
from .arguments import choose_step
from .call_rows import is_in_area
from .history import ReportedCall, list_calls
from .row_functions import computes_rows

if TYPE_CHECKING:
    from ...odata.records import Entity
    from ...pbx.pbx import Pbx
    from .arguments import ReportArguments

# `groupingType` of the newer reports.
_STEPS = ("hour", "day", "month")
_LENGTHS = {"hour": 13, "day": 10, "month": 7}
_REST = {"hour": ":00:00.000Z", "day": "T00:00:00.000Z", "month": "-01T00:00:00.000Z"}

Counter = Callable[[ReportedCall], tuple[int, int]]


def _count_answer(call: ReportedCall) -> tuple[int, int]:
    """Count an answered call first, a lost one second."""
    return call.answered, not call.answered


def _count_direction(call: ReportedCall) -> tuple[int, int]:
    """Count an incoming call first, an outgoing one second."""
    return not call.outbound, call.outbound


@computes_rows("Pbx.CallDistribution")
def _chart_distribution(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    bars = _count_intervals(
        _select_calls(pbx, arguments),
        _choose_grouping(arguments),
        _count_direction,
    )
    return [
        {"DateTimeInterval": moment, "IncomingCount": coming, "OutgoingCount": going}
        for moment, coming, going in bars
    ]


@computes_rows("Pbx.UserActivity")
def _chart_activity(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    bars = _count_intervals(
        _select_calls(pbx, arguments),
        _choose_grouping(arguments),
        _count_answer,
    )
    return [
        {"DateTimeInterval": moment, "AnsweredCount": answered, "UnansweredCount": lost}
        for moment, answered, lost in bars
    ]


@computes_rows("ReportQueueAnUnCalls:Pbx.TimeReportData")
def _chart_queue_calls(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    return _build_chart(_select_queue_calls(pbx, arguments), arguments, _count_answer)


@computes_rows("ReportUserActivity:Pbx.TimeReportData")
def _chart_activity_of_old_report(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    return _build_chart(
        _select_calls_of_old_reports(pbx, arguments),
        arguments,
        _count_answer,
    )


@computes_rows("ReportCallDistribution:Pbx.TimeReportData")
def _chart_distribution_of_old_report(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    return _build_chart(
        _select_calls_of_old_reports(pbx, arguments),
        arguments,
        _count_direction,
    )


@computes_rows("ReportAverageQueueWaitingTime:Pbx.TimeReportData")
def _chart_waiting_time(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    """Return the average waiting time in seconds and the number of calls in every interval."""
    bars = _count_intervals(
        _select_queue_calls(pbx, arguments),
        choose_step(arguments.given["chartBy"]),
        lambda call: (round(call.ringing), 1),
    )
    return [
        {"XValue": moment, "YValue1": waited // count, "YValue2": count} for moment, waited, count in bars
    ]


def _build_chart(calls: Iterable[ReportedCall], arguments: ReportArguments, count: Counter) -> list[Entity]:
    bars = _count_intervals(calls, choose_step(arguments.given["chartBy"]), count)
    return [{"XValue": moment, "YValue1": one, "YValue2": two} for moment, one, two in bars]


def _count_intervals(calls: Iterable[ReportedCall], step: str, count: Counter) -> list[tuple[str, int, int]]:
    """Return two counts for every interval that has calls, oldest first."""
    found: dict[str, tuple[int, int]] = {}
    for call in calls:
        moment = call.start[: _LENGTHS[step]] + _REST[step]
        one, two = found.get(moment, (0, 0))
        more_one, more_two = count(call)
        found[moment] = (one + more_one, two + more_two)
    return [(moment, one, two) for moment, (one, two) in sorted(found.items())]


def _select_calls(pbx: Pbx, arguments: ReportArguments) -> list[ReportedCall]:
    """Return the calls of the extensions or the group in the arguments."""
    groups, area = arguments.numbers("groupNumber"), arguments.given["callArea"]
    queues = arguments.given["includeQueueCalls"]
    return [
        call
        for call in list_calls(pbx, arguments)
        if (queues or not call.queue)
        and is_in_area(call, area)
        and any(
            arguments.wants(number, "extensionDns")
            and (not groups or groups & list_group_numbers(pbx, number))
            for number in (call.source.dn, call.target.dn)
        )
    ]


def _select_calls_of_old_reports(pbx: Pbx, arguments: ReportArguments) -> list[ReportedCall]:
    given = arguments.given
    groups = arguments.numbers("groupStr")
    return [
        call
        for call in list_calls(pbx, arguments)
        if (given["includeInternalCalls"] or call.call_type != "Internal")
        and (given["includeQueueCalls"] or not call.queue)
        and arguments.wants(call.queue, "queueDnStr")
        and (not groups or groups & list_group_numbers(pbx, call.target.dn))
    ]


def _select_queue_calls(pbx: Pbx, arguments: ReportArguments) -> list[ReportedCall]:
    shortest = arguments.seconds.get("waitInterval", 0)
    return [
        call
        for call in list_calls(pbx, arguments)
        if call.queue
        and arguments.wants(call.queue, "queueDnStr")
        and (call.answered or call.ringing >= shortest)
    ]


def _choose_grouping(arguments: ReportArguments) -> str:
    kind = arguments.given["groupingType"]
    return _STEPS[kind] if 0 <= kind < len(_STEPS) else "day"
