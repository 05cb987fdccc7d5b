"""Follows chat messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...values.row_values import read_number, read_text, read_time
from .id_source import begin_watch, read_new_rows
from .id_watch import IdWatch
from .rows import Query
from .source import Findings, write_time

if TYPE_CHECKING:
    from ..model.event import Event
    from .rows import Row
    from .source import Request

CHAT_NEW = "chat.new"
OPERATION = "ListChatMessagesHistoryView"
_KEY = "MessageId"
_WAIT, _LONGEST_WAIT = 5.0, 30.0
# Where the time of the last message says that there is none, the messages are read this often nevertheless.
_CHECK = 120.0


class Chats:
    """The source of chat messages."""

    types = frozenset({CHAT_NEW})
    name = "chats"
    title = "the chat history"
    right = "the role System Owner"

    def __init__(self) -> None:
        self._wait = _WAIT
        self._last_check: float | None = None

    def forget(self) -> None:
        """Forget what is known besides the cursor."""
        self._last_check = None

    def probe(self, release: str) -> Query:  # noqa: ARG002 (the same in all releases)
        """Return a query of one row."""
        return Query(OPERATION, select=(_KEY,), top=1)

    async def poll(self, request: Request) -> Findings:
        """Return the new messages. Raises ThreeCxError."""
        if request.cursor is None:
            watch = await begin_watch(request.reader, OPERATION, _KEY)
            self._last_check = request.now
            return Findings(watch.to_json(), _WAIT)
        is_due = self._last_check is None or request.now - self._last_check >= _CHECK
        if not (request.is_changed or is_due):
            self._wait = min(_LONGEST_WAIT, self._wait * 1.5)
            return Findings(dict(request.cursor), self._wait)
        watch = IdWatch.from_json(request.cursor)
        rows, has_more = await read_new_rows(request.reader, OPERATION, _KEY, watch)
        watch.take(read_number(row[_KEY]) for row in rows)
        self._last_check = request.now
        self._wait = _WAIT if rows else min(_LONGEST_WAIT, self._wait * 1.5)
        events = [_build_event(request, row) for row in rows]
        return Findings(watch.to_json(), 0.0 if has_more else self._wait, events)


def _build_event(request: Request, row: Row) -> Event:
    message, conversation = read_number(row[_KEY]), read_number(row.get("ConversationId"))
    number, phone = read_text(row.get("SenderParticipantNo")), read_text(row.get("SenderParticipantPhone"))
    recipients = read_text(row.get("Recipients"))
    queue = read_text(row.get("QueueNumber"))
    chat = {
        "id": message,
        "conversationId": conversation,
        "text": read_text(row.get("Message")),
        "sentAt": write_time(row.get("TimeSent")),
        "fromNumber": number,
        "fromName": read_text(row.get("SenderParticipantName")),
        "fromPhone": phone,
        "fromEmail": read_text(row.get("SenderParticipantEmail")),
        "isExternal": bool(row.get("IsExternal")),
        "queue": queue,
        "recipients": recipients,
    }
    # Extensions have numbers; websites and phones do not.
    numbers = [number, *(each.strip() for each in recipients.split(","))]
    extensions = list(dict.fromkeys(each for each in numbers if each.isdigit() and each != queue))
    data = {
        "extension": extensions[0] if len(extensions) == 1 else number,
        "extensions": extensions,
        "externalNumber": phone,
        "queue": queue,
        "chat": {name: value for name, value in chat.items() if value != ""},
    }
    time = read_time(row.get("TimeSent")) or request.utc_now
    return request.build(CHAT_NEW, time, f"chats/{message}", f"chats/{conversation}", data)
