"""Queue agents log in and out: noted when a user's status changes, read by the login report."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .literals import format_date_time

if TYPE_CHECKING:
    from .state import Entity, MemoryStore

# {"Number", "LoggedIn", "LoggedOut", "Seconds"}; who was logged in from the start has no LoggedIn.
SESSIONS = "(agent sessions)"


def note_login(store: MemoryStore, old: Entity, new: Entity) -> None:
    """Begins a session where a user's queue status became LoggedIn, ends it where it became LoggedOut."""
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
