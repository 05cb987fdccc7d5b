"""The sessions of queue agents: recorded when a user's queue status changes, read by the login report."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..odata.literals import format_date_time

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..store.memory import MemoryStore

# {"Number", "LoggedIn", "LoggedOut", "Seconds"}; LoggedIn is None for agents that the seed logged in.
SESSIONS = "(agent sessions)"


def record_queue_status(store: MemoryStore, old: Entity, new: Entity) -> None:
    """Begin a session if a user's queue status became LoggedIn, end it if it became LoggedOut."""
    if old["QueueStatus"] == new["QueueStatus"]:
        return
    moment = datetime.now(UTC)
    if new["QueueStatus"] == "LoggedIn":
        session = {"Number": new["Number"], "LoggedIn": format_date_time(moment), "LoggedOut": None}
        store.put(SESSIONS, store.next_id(SESSIONS), {**session, "Seconds": None})
        return
    for key, record in reversed(list(store.table(SESSIONS).items())):
        session = record.value
        if session["Number"] == new["Number"] and session["LoggedOut"] is None:
            seconds = (moment - datetime.fromisoformat(session["LoggedIn"])).total_seconds()
            ended = {**session, "LoggedOut": format_date_time(moment), "Seconds": max(0, round(seconds))}
            store.put(SESSIONS, key, ended)
            return
    unknown = {"Number": new["Number"], "LoggedIn": None, "LoggedOut": format_date_time(moment)}
    store.put(SESSIONS, store.next_id(SESSIONS), {**unknown, "Seconds": None})
