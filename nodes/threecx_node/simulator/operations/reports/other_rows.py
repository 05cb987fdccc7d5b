"""Reports about chats, inbound rules and the actions of administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import journal
from ..common import list_entities
from .row_functions import computes_rows

if TYPE_CHECKING:
    from ...odata.records import Entity
    from ...pbx.pbx import Pbx
    from .arguments import ReportArguments


@computes_rows("Pbx.InboundRuleReport")
def _list_inbound_rules(pbx: Pbx, _arguments: ReportArguments) -> list[Entity]:
    return [
        {
            "DID": rule["Data"],
            "Id": rule["Id"],
            "InOfficeRouting": rule["OfficeHoursDestination"],
            "OutOfficeRouting": rule["OutOfOfficeHoursDestination"],
            "RuleName": rule["RuleName"],
            "Trunk": (rule["TrunkDN"] or {}).get("Name") or "",
        }
        for rule in list_entities(pbx, "InboundRules")
    ]


@computes_rows("Pbx.AuditLog")
def _list_audit_log(pbx: Pbx, _arguments: ReportArguments) -> list[Entity]:
    return [
        {
            "Action": 1,
            "Id": entry["Id"],
            "Ip": "127.0.0.1",
            "ObjectName": entry["Operation"],
            "ObjectType": 0,
            "Source": 0,
            "Timestamp": entry["At"],
            "UserName": "API",
        }
        for entry in journal.list_entries(pbx)
    ]


@computes_rows("Pbx.ChatHistoryView")
def _filter_chats(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    given = arguments.given
    return [
        chat
        for chat in list_entities(pbx, "ChatHistoryView")
        if arguments.covers(chat["TimeSent"])
        and arguments.wants(chat["FromNo"] or "", "fromExtension")
        and (given["fromText"] or "").casefold() in (chat["FromName"] or "").casefold()
        and (given["toText"] or "").casefold() in (chat["ChatName"] or "").casefold()
    ]


@computes_rows("Pbx.QueueChatPerformance")
def _count_queue_chats(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    return [
        {
            **_build_queue_names(queue),
            "AbandonedCount": sum(not chat["FromNo"] for chat in chats),
            "AnsweredCount": sum(bool(chat["FromNo"]) for chat in chats),
            "IncomingCount": len(chats),
            "QuantityAgents": len(queue["Agents"]),
        }
        for queue, chats in _list_queue_chats(pbx, arguments)
    ]


@computes_rows("Pbx.QueueAgentsChatStatistics")
def _count_agent_chats(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    return [
        {
            **_build_queue_names(queue),
            "AnsweredCount": sum(chat["FromNo"] == agent["Number"] for chat in chats),
            "DealtWithCount": sum(chat["FromNo"] == agent["Number"] for chat in chats),
            "Dn": agent["Number"],
            "DnDisplayName": agent["Name"],
            "SortOrder": order,
        }
        for queue, chats in _list_queue_chats(pbx, arguments)
        for order, agent in enumerate(queue["Agents"])
    ]


@computes_rows("Pbx.QueueAgentsChatStatisticsTotals")
def _count_chat_totals(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    return [
        {
            **_build_queue_names(queue),
            "AnsweredCount": sum(bool(chat["FromNo"]) for chat in chats),
            "DealtWithCount": sum(bool(chat["FromNo"]) for chat in chats),
        }
        for queue, chats in _list_queue_chats(pbx, arguments)
    ]


@computes_rows("Pbx.AbandonedChatsStatistics")
def _list_abandoned_chats(pbx: Pbx, arguments: ReportArguments) -> list[Entity]:
    return [
        {
            "ChatId": chat["ConversationId"],
            "DateOfRequest": chat["TimeSent"],
            "ParticipantEmail": chat["ParticipantEmail"] or "",
            "ParticipantMessage": chat["Message"] or "",
            "ParticipantName": chat["FromName"],
            "ParticipantNumber": chat["ParticipantPhone"] or "",
            "QueueDisplayName": queue["Name"],
            "QueueNo": queue["Number"],
            "Source": chat["Source"] or "",
        }
        for queue, chats in _list_queue_chats(pbx, arguments)
        for chat in chats
        if not chat["FromNo"]
    ]


def _list_queue_chats(pbx: Pbx, arguments: ReportArguments) -> list[tuple[Entity, list[Entity]]]:
    chats = [chat for chat in list_entities(pbx, "ChatHistoryView") if arguments.covers(chat["TimeSent"])]
    return [
        (queue, [chat for chat in chats if chat["QueueNumber"] == queue["Number"]])
        for queue in list_entities(pbx, "Queues")
        if arguments.wants(queue["Number"], "queueDnStr")
    ]


def _build_queue_names(queue: Entity) -> dict[str, Any]:
    return {"Queue": queue["Number"], "QueueDisplayName": queue["Name"]}
