"""Turns all legs of a call that has ended into its events: logged, missed, and a message left in a mailbox."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ...callcontrol.call_events import format_time
from .call_rows import MAILBOX, OUTSIDE, QUEUE, RING_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..model.event import Event
    from .call_rows import LegRow
    from .source import Request

CALL_LOGGED, CALL_MISSED, VOICEMAIL_NEW = "call.logged", "call.missed", "voicemail.new"
CALL_TYPES = frozenset({CALL_LOGGED, CALL_MISSED, VOICEMAIL_NEW})


def build_call_events(request: Request, rows: Iterable[LegRow]) -> Iterator[Event]:
    """Yield the wanted events of one call."""
    legs = sorted(rows, key=lambda leg: (leg.started, leg.id))
    call_id = legs[0].call
    time = max(leg.ended for leg in legs)
    facts = _read_facts(legs)
    answered = any(leg.answered and leg.target.is_person for leg in legs)
    record = _describe_call(legs, answered=answered)
    key = order_key = f"callLog/{call_id}"
    if CALL_LOGGED in request.types:
        data = {**facts, "callLog": record}
        yield request.build(CALL_LOGGED, time, f"{key}/logged", order_key, data)
    if CALL_MISSED in request.types and not answered and _is_incoming(legs):
        data = {**facts, "inferred": True, "callLog": record}
        yield request.build(CALL_MISSED, time, f"{key}/missed", order_key, data)
    if VOICEMAIL_NEW in request.types and (messages := [leg for leg in legs if _is_message(leg)]):
        last = messages[-1]
        voicemail = {
            "callLogId": call_id,
            "extension": last.target.dn,
            "startedAt": format_time(last.started),
            "durationSeconds": last.talk,
        }
        data = {**facts, "extension": last.target.dn, "inferred": True, "voicemail": voicemail}
        yield request.build(VOICEMAIL_NEW, last.ended, f"{key}/voicemail", order_key, data)


def _is_message(leg: LegRow) -> bool:
    return leg.answered and leg.target.kind == MAILBOX and leg.talk > 0


def _is_incoming(legs: Sequence[LegRow]) -> bool:
    direction = legs[0].direction
    rang = any(leg.target.extension for leg in legs)
    return direction == "inbound" or (direction != "outbound" and rang)


def _describe_call(legs: Sequence[LegRow], *, answered: bool) -> dict[str, Any]:
    people = [leg for leg in legs if leg.target.is_person]
    first = next((leg for leg in people if leg.answered), None)
    end = max(leg.ended for leg in legs)
    waited = (_find_answer(first) if first is not None else end) - legs[0].started
    recordings = dict.fromkeys(each for leg in legs for each in leg.recordings)
    record = {
        "id": legs[0].call,
        "callId": next((leg.call_id for leg in legs if leg.call_id), None),
        "answered": answered,
        "durationSeconds": round((end - legs[0].started).total_seconds(), 6),
        "talkingSeconds": round(sum(leg.talk for leg in people), 6),
        "ringingSeconds": round(waited.total_seconds(), 6),
        "recordingIds": list(recordings) or None,
        "legs": [leg.to_json() for leg in legs],
    }
    return {name: value for name, value in record.items() if value is not None}


def _find_answer(leg: LegRow) -> datetime:
    return leg.started + timedelta(seconds=leg.ring)


def _read_facts(legs: Sequence[LegRow]) -> dict[str, Any]:
    """Return the fields that events of live calls have too."""
    first = legs[0]
    direction = next((leg.direction for leg in legs if leg.direction != "unknown"), "unknown")
    answered = [leg for leg in legs if leg.answered and leg.target.is_person]
    rung = list(dict.fromkeys(leg.target.extension for leg in legs if leg.target.extension))
    if direction == "outbound":
        outside = next((leg.target.number for leg in legs if leg.target.kind == OUTSIDE), "")
        extension = first.source.extension
    else:
        outside = first.source.number if direction == "inbound" else ""
        extension = answered[-1].target.extension if answered else rung[0] if len(rung) == 1 else ""
    callers = [leg.source.extension for leg in legs if leg.source.extension]
    return {
        "direction": direction,
        "extension": extension,
        "extensions": list(dict.fromkeys([*callers, *rung])),
        "externalNumber": outside,
        "callerNumber": first.source.number or first.source.dn,
        "callerName": first.source.name,
        "calledNumber": first.target.number or first.target.dn,
        "queue": next((leg.target.dn for leg in legs if leg.target.kind == QUEUE), ""),
        "ringGroup": next((leg.target.dn for leg in legs if leg.target.kind == RING_GROUP), ""),
        "startedAt": format_time(first.started),
        "answeredAt": format_time(_find_answer(answered[0])) if answered else "",
        "endedAt": format_time(max(leg.ended for leg in legs)),
    }
