"""Reports about extensions: their calls, their part in queues and ring groups, their logins."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ...agents import SESSIONS
from .call_rows import in_area
from .history import ReportedCall, calls_in, duration, mean
from .registry import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...pbx import Pbx
    from ...state import Entity
    from .arguments import Arguments


@rows_of("Pbx.ExtensionStatistics")
def _extensions(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    users = [user for user in _users(pbx) if arguments.wants(user["Number"], "extensionFilter")]
    return _statistics(pbx, arguments, users)


@rows_of("Pbx.ReportExtensionStatisticsByGroup")
def _extensions_by_group(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    wanted = arguments.numbers("groupNumber")
    users = [user for user in _users(pbx) if not wanted or wanted & groups_of(pbx, user["Number"])]
    return _statistics(pbx, arguments, users)


@rows_of("Pbx.AgentsInQueueStatistics")
def _agents(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    calls = _by_target(call for call in calls_in(pbx, arguments) if call.queue)
    rows = []
    for queue in _wanted(pbx, "Queues", arguments, "queueDnStr"):
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
                    "AvgRingTime": mean(ringing, len(own)),
                    "AvgTalkTime": mean(talking, len(answered)),
                    "Dn": agent["Number"],
                    "DnDisplayName": agent["Name"],
                    "LostCount": len(own) - len(answered),
                    "Queue": queue["Number"],
                    "QueueDisplayName": queue["Name"],
                    "RingTime": duration(ringing),
                    "TalkTime": duration(talking),
                }
            )
    return rows


@rows_of("Pbx.ExtensionsStatisticsByRingGroups")
def _ring_group_members(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    calls = list(calls_in(pbx, arguments))
    rows = []
    for group in _wanted(pbx, "RingGroups", arguments, "ringGroupDns"):
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


@rows_of("Pbx.RingGroupStatistics")
def _ring_groups(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    calls = list(calls_in(pbx, arguments))
    rows = []
    for group in _wanted(pbx, "RingGroups", arguments, "ringGroupDns"):
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


@rows_of("Pbx.AgentLoginHistory")
def _logins(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    """Logins and logouts since the simulator started; one that goes on has no end yet."""
    rows = []
    sessions = [record.value for record in pbx.store.table(SESSIONS).values()]
    for queue in _wanted(pbx, "Queues", arguments, "queueDnStr"):
        agents = {agent["Number"]: agent["Name"] for agent in queue["Agents"]}
        for session in sessions:
            number, moment = session["Number"], session["LoggedIn"] or session["LoggedOut"]
            if number in agents and arguments.wants(number, "agentDnStr") and arguments.covers(moment):
                rows.append(_session_row(queue["Number"], agents[number], session))
    return rows


def groups_of(pbx: Pbx, number: str) -> set[str]:
    """The numbers of the groups of an extension."""
    return {membership["Number"] for membership in pbx.entities.dial_plan.memberships(number)}


def _session_row(queue: str, name: str, session: Entity) -> dict[str, Any]:
    moment = session["LoggedIn"] or session["LoggedOut"]
    return {
        "Agent": name,
        "AgentNo": session["Number"],
        "Day": f"{moment[:10]}T00:00:00.000Z",
        "loggedInDt": session["LoggedIn"],
        "LoggedOutDt": session["LoggedOut"],
        "LoggedInInterval": duration(session["Seconds"] or 0),
        "LoggedInDayInterval": duration(session["Seconds"] or 0),
        "LoggedInTotalInterval": duration(session["Seconds"] or 0),
        "QueueNo": queue,
    }


def _statistics(pbx: Pbx, arguments: Arguments, users: Iterable[Entity]) -> list[Entity]:
    area = arguments.given["callArea"]
    calls = [call for call in calls_in(pbx, arguments) if in_area(call, area)]
    received = _by_target(calls)
    made = defaultdict(list)
    for call in calls:
        if call.source.inside:
            made[call.source.dn].append(call)
    rows = []
    for user in users:
        number = user["Number"]
        inbound, outbound = received[number], made[number]
        rows.append(
            {
                "DisplayName": user["DisplayName"],
                "Dn": number,
                "InboundAnsweredCount": sum(call.answered for call in inbound),
                "InboundAnsweredTalkingDur": duration(sum(call.talking for call in inbound)),
                "InboundUnansweredCount": sum(not call.answered for call in inbound),
                "OutboundAnsweredCount": sum(call.answered for call in outbound),
                "OutboundAnsweredTalkingDur": duration(sum(call.talking for call in outbound)),
                "OutboundUnansweredCount": sum(not call.answered for call in outbound),
            }
        )
    return rows


def _by_target(calls: Iterable[ReportedCall]) -> defaultdict[str, list[ReportedCall]]:
    found: defaultdict[str, list[ReportedCall]] = defaultdict(list)
    for call in calls:
        found[call.target.dn].append(call)
    return found


def _users(pbx: Pbx) -> list[Entity]:
    return [record.value for record in pbx.store.table("Users").values()]


def _wanted(pbx: Pbx, set_name: str, arguments: Arguments, argument: str) -> list[Entity]:
    entities = (record.value for record in pbx.store.table(set_name).values())
    return [entity for entity in entities if arguments.wants(entity["Number"], argument)]
