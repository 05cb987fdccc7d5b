"""Turns all legs of a call that has ended into its events: logged, missed, and a message left in a mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...call_records.recorded_call import RecordedCall
from ...callcontrol.call_events import format_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...call_records.call_rows import LegRow
    from ..model.event import Event
    from .source import Request

CALL_LOGGED, CALL_MISSED, VOICEMAIL_NEW = "call.logged", "call.missed", "voicemail.new"
CALL_TYPES = frozenset({CALL_LOGGED, CALL_MISSED, VOICEMAIL_NEW})


def build_call_events(request: Request, rows: Iterable[LegRow]) -> Iterator[Event]:
    """Yield the wanted events of one call."""
    call = RecordedCall.of(rows)
    facts, record = call.read_facts(), call.describe()
    key = order_key = f"callLog/{call.id}"
    if CALL_LOGGED in request.types:
        data = {**facts, "callLog": record}
        yield request.build(CALL_LOGGED, call.ended, f"{key}/logged", order_key, data)
    if CALL_MISSED in request.types and call.is_missed:
        data = {**facts, "inferred": True, "callLog": record}
        yield request.build(CALL_MISSED, call.ended, f"{key}/missed", order_key, data)
    if VOICEMAIL_NEW in request.types and (messages := call.messages):
        last = messages[-1]
        voicemail = {
            "callLogId": call.id,
            "extension": last.target.dn,
            "startedAt": format_time(last.started),
            "durationSeconds": last.talk,
        }
        data = {**facts, "extension": last.target.dn, "inferred": True, "voicemail": voicemail}
        yield request.build(VOICEMAIL_NEW, last.ended, f"{key}/voicemail", order_key, data)
