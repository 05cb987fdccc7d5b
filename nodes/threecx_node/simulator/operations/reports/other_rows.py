"""Reports about other things than calls: chats, inbound rules, what administrators did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import journal
from .registry import rows_of

if TYPE_CHECKING:
    from ...pbx import Pbx
    from ...state import Entity
    from .arguments import Arguments


@rows_of("Pbx.InboundRuleReport")
def _inbound_rules(pbx: Pbx, _arguments: Arguments) -> list[Entity]:
    return [
        {
            "DID": rule["Data"],
            "Id": rule["Id"],
            "InOfficeRouting": rule["OfficeHoursDestination"],
            "OutOfficeRouting": rule["OutOfOfficeHoursDestination"],
            "RuleName": rule["RuleName"],
            "Trunk": (rule["TrunkDN"] or {}).get("Name") or "",
        }
        for rule in (record.value for record in pbx.store.table("InboundRules").values())
    ]


@rows_of("Pbx.AuditLog")
def _audit(pbx: Pbx, _arguments: Arguments) -> list[Entity]:
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
        for entry in journal.entries(pbx)
    ]


@rows_of("Pbx.ChatHistoryView")
def _chats(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    given = arguments.given
    return [
        chat
        for chat in _all_chats(pbx)
        if arguments.covers(chat["TimeSent"])
        and arguments.wants(chat["FromNo"] or "", "fromExtension")
        and (given["fromText"] or "").casefold() in (chat["FromName"] or "").casefold()
        and (given["toText"] or "").casefold() in (chat["ChatName"] or "").casefold()
    ]


@rows_of("Pbx.QueueChatPerformance")
def _queue_chats(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    return [
        {
            **_queue_names(queue),
            "AbandonedCount": sum(not chat["FromNo"] for chat in chats),
            "AnsweredCount": sum(bool(chat["FromNo"]) for chat in chats),
            "IncomingCount": len(chats),
            "QuantityAgents": len(queue["Agents"]),
        }
        for queue, chats in _chats_of_queues(pbx, arguments)
    ]


@rows_of("Pbx.QueueAgentsChatStatistics")
def _agents_chats(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    return [
        {
            **_queue_names(queue),
            "AnsweredCount": sum(chat["FromNo"] == agent["Number"] for chat in chats),
            "DealtWithCount": sum(chat["FromNo"] == agent["Number"] for chat in chats),
            "Dn": agent["Number"],
            "DnDisplayName": agent["Name"],
            "SortOrder": order,
        }
        for queue, chats in _chats_of_queues(pbx, arguments)
        for order, agent in enumerate(queue["Agents"])
    ]


@rows_of("Pbx.QueueAgentsChatStatisticsTotals")
def _chat_totals(pbx: Pbx, arguments: Arguments) -> list[Entity]:
    return [
        {
            **_queue_names(queue),
            "AnsweredCount": sum(bool(chat["FromNo"]) for chat in chats),
            "DealtWithCount": sum(bool(chat["FromNo"]) for chat in chats),
        }
        for queue, chats in _chats_of_queues(pbx, arguments)
    ]


@rows_of("Pbx.AbandonedChatsStatistics")
def _abandoned_chats(pbx: Pbx, arguments: Arguments) -> list[Entity]:
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
        for queue, chats in _chats_of_queues(pbx, arguments)
        for chat in chats
        if not chat["FromNo"]
    ]


def _all_chats(pbx: Pbx) -> list[Entity]:
    return [record.value for record in pbx.store.table("ChatHistoryView").values()]


def _chats_of_queues(pbx: Pbx, arguments: Arguments) -> list[tuple[Entity, list[Entity]]]:
    chats = [chat for chat in _all_chats(pbx) if arguments.covers(chat["TimeSent"])]
    queues = (record.value for record in pbx.store.table("Queues").values())
    return [
        (queue, [chat for chat in chats if chat["QueueNumber"] == queue["Number"]])
        for queue in queues
        if arguments.wants(queue["Number"], "queueDnStr")
    ]


def _queue_names(queue: Entity) -> dict[str, Any]:
    return {"Queue": queue["Number"], "QueueDisplayName": queue["Name"]}
