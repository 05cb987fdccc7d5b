"""Reports about extensions: their calls, their queues and ring groups, their logins."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ...pbx.agent_sessions import SESSIONS
from ..common import list_entities
from .call_rows import is_in_area
from .history import ReportedCall, format_duration, format_mean, list_calls, list_segments
from .row_functions import computes_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...odata.records import Entity
    from ...pbx.pbx import Pbx
    from .arguments import ReportArguments


@computes_rows("Pbx.ExtensionStatistics")
def _count_by_extension(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    users = [
        user for user in list_entities(pbx, "Users") if arguments.wants(user["Number"], "extensionFilter")
    ]
    return _compute_statistics(pbx, arguments, users)


@computes_rows("Pbx.ReportExtensionStatisticsByGroup")
def _count_by_group_member(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    wanted = arguments.numbers("groupNumber")
    users = [
        user
        for user in list_entities(pbx, "Users")
        if not wanted or wanted & list_group_numbers(pbx, user["Number"])
    ]
    return _compute_statistics(pbx, arguments, users)


@computes_rows("Pbx.AgentsInQueueStatistics")
def _count_by_agent(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    calls = _group_by_target(call for call in list_segments(pbx, arguments) if call.queue)
    rows = []
    for queue in _list_wanted(pbx, "Queues", arguments, "queueDnStr"):
        for agent in queue["Agents"]:
            own = [call for call in calls[agent["Number"]] if call.queue == queue["Number"]]
            answered = [call for call in own if call.answered]
            talking = sum(call.talking for call in own)
            ringing = sum(call.ringing for call in own)
            rows.append(
                {
                    "AnsweredCount": len(answered),
                    "AnsweredPercent": 100 * len(answered) // len(own) if own else 0,
                    "AnsweredPerHourCount": 0,
                    "AvgRingTime": format_mean(ringing, len(own)),
                    "AvgTalkTime": format_mean(talking, len(answered)),
                    "Dn": agent["Number"],
                    "DnDisplayName": agent["Name"],
                    "LostCount": len(own) - len(answered),
                    "Queue": queue["Number"],
                    "QueueDisplayName": queue["Name"],
                    "RingTime": format_duration(ringing),
                    "TalkTime": format_duration(talking),
                }
            )
    return rows


@computes_rows("Pbx.ExtensionsStatisticsByRingGroups")
def _count_by_ring_group_member(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    calls = list(list_calls(pbx, arguments))
    rows = []
    for group in _list_wanted(pbx, "RingGroups", arguments, "ringGroupDns"):
        received = [call for call in calls if call.ring_group == group["Number"]]
        for order, member in enumerate(group["Members"]):
            own = sum(1 for call in received if call.answered and call.target.dn == member["Number"])
            rows.append(
                {
                    "ExtensionAnsweredCount": own,
                    "ExtensionDisplayName": member["Name"],
                    "ExtensionDn": member["Number"],
                    "RingGroupDisplayName": group["Name"],
                    "RingGroupDn": group["Number"],
                    "RingGroupReceivedCount": len(received),
                    "RingGroupUnansweredCount": sum(1 for call in received if not call.answered),
                    "SortOrder": order,
                }
            )
    return rows


@computes_rows("Pbx.RingGroupStatistics")
def _count_by_ring_group(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    calls = list(list_calls(pbx, arguments))
    rows = []
    for group in _list_wanted(pbx, "RingGroups", arguments, "ringGroupDns"):
        received = [call for call in calls if call.ring_group == group["Number"]]
        rows.append(
            {
                "RingGroupAnsweredCount": sum(1 for call in received if call.answered),
                "RingGroupDisplayName": group["Name"],
                "RingGroupDn": group["Number"],
                "RingGroupReceivedCount": len(received),
            }
        )
    return rows


@computes_rows("Pbx.AgentLoginHistory")
def _list_logins(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    """List logins and logouts since the simulator started; an open session has no end."""
    rows = []
    sessions = [record.value for record in pbx.store.table(SESSIONS).values()]
    for queue in _list_wanted(pbx, "Queues", arguments, "queueDnStr"):
        agents = {agent["Number"]: agent["Name"] for agent in queue["Agents"]}
        for session in sessions:
            number, moment = session["Number"], session["LoggedIn"] or session["LoggedOut"]
            if number in agents and arguments.wants(number, "agentDnStr") and arguments.covers(moment):
                rows.append(_build_session_row(queue["Number"], agents[number], session))
    return rows


def list_group_numbers(pbx: Pbx, number: str) -> set[str]:
    """Return the numbers of the groups of an extension."""
    return {membership["Number"] for membership in pbx.entities.dial_plan.list_memberships(number)}


def _build_session_row(queue: str, name: str, session: Entity) -> dict[str, Any]:
    moment = session["LoggedIn"] or session["LoggedOut"]
    return {
        "Agent": name,
        "AgentNo": session["Number"],
        "Day": f"{moment[:10]}T00:00:00.000Z",
        "loggedInDt": session["LoggedIn"],
        "LoggedOutDt": session["LoggedOut"],
        "LoggedInInterval": format_duration(session["Seconds"] or 0),
        "LoggedInDayInterval": format_duration(session["Seconds"] or 0),
        "LoggedInTotalInterval": format_duration(session["Seconds"] or 0),
        "QueueNo": queue,
    }


def _compute_statistics(pbx: Pbx, arguments: ReportArguments, users: Iterable[Entity]) -> list[Entity]:
    area = arguments.given["callArea"]
    calls = [call for call in list_calls(pbx, arguments) if is_in_area(call, area)]
    received = _group_by_target(calls)
    started = defaultdict(list)
    for call in calls:
        if call.source.inside:
            started[call.source.dn].append(call)
    rows = []
    for user in users:
        number = user["Number"]
        inbound, outbound = received[number], started[number]
        rows.append(
            {
                "DisplayName": user["DisplayName"],
                "Dn": number,
                "InboundAnsweredCount": sum(call.answered for call in inbound),
                "InboundAnsweredTalkingDur": format_duration(sum(call.talking for call in inbound)),
                "InboundUnansweredCount": sum(not call.answered for call in inbound),
                "OutboundAnsweredCount": sum(call.answered for call in outbound),
                "OutboundAnsweredTalkingDur": format_duration(sum(call.talking for call in outbound)),
                "OutboundUnansweredCount": sum(not call.answered for call in outbound),
            }
        )
    return rows


def _group_by_target(calls: Iterable[ReportedCall]) -> defaultdict[str, list[ReportedCall]]:
    found: defaultdict[str, list[ReportedCall]] = defaultdict(list)
    for call in calls:
        found[call.target.dn].append(call)
    return found


def _list_wanted(pbx: Pbx, set_name: str, arguments: ReportArguments, argument: str) -> list[Entity]:
    entities = list_entities(pbx, set_name)
    return [entity for entity in entities if arguments.wants(entity["Number"], argument)]
