"""Receive messages from outside: a text message of a phone, or a live chat of a website."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..odata.errors import NON_EXISTENT_NUMBER, REQUIRED, ErrorDetail, ODataError
from ..odata.literals import format_date_time

if TYPE_CHECKING:
    from datetime import datetime

    from .entities import Entities

# The longest message: the limit of the simulator.
MAX_TEXT = 4096


def receive_chat(
    entities: Entities, now: datetime, text: str, *, sender: str, to: str, name: str = ""
) -> int:
    """Store a message to a queue or an extension; return the ID of its conversation.

    `sender` is a phone number, or anything else for a visitor of a website; a sender goes on with the conversation
    that it has with the same destination. Raises ODataError (400) for an unknown destination, and a text or sender
    that is empty or too long.
    """
    for field, value in (("text", text), ("sender", sender)):
        if not value or len(value) > MAX_TEXT:
            raise ODataError.of(400, ErrorDetail(field, REQUIRED))
    dn = entities.dial_plan.find_by_number(to)
    if dn is None or dn.set_name not in ("Queues", "Users"):
        raise ODataError.of(400, ErrorDetail("to", NON_EXISTENT_NUMBER))
    is_phone = sender.removeprefix("+").isdecimal()
    phone, kind = (sender, "SMS") if is_phone else ("", "LiveChat")
    conversation = _find_conversation(entities, sender, to)
    shared: dict[str, Any] = {
        "ConversationId": conversation,
        "Message": text,
        "QueueNumber": to if dn.set_name == "Queues" else "",
        "IsExternal": True,
        "TimeSent": format_date_time(now),
    }
    with entities.store.transaction():
        entities.create(
            "ChatHistoryView",
            {
                **shared,
                "ChatName": name or sender,
                "FromName": name or sender,
                "ParticipantPhone": phone,
                "Source": kind,
                "ProviderType": kind,
            },
        )
        entities.create(
            "ChatMessagesHistoryView",
            {
                **shared,
                "SenderParticipantName": name or sender,
                "SenderParticipantPhone": phone,
                "Recipients": to,
            },
        )
    return conversation


def _find_conversation(entities: Entities, sender: str, to: str) -> int:
    last = 0
    for record in entities.store.table("ChatMessagesHistoryView").values():
        message = record.value
        is_same = sender in (message["SenderParticipantPhone"], message["SenderParticipantName"])
        if is_same and message["Recipients"] == to:
            return int(message["ConversationId"])
        last = max(last, message["ConversationId"])
    return last + 1
