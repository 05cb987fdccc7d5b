"""Follow the calls of the engine: live ones are in ActiveCalls, ended ones in the call history and the event log."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any

from ..calls.models import QUEUE, SPECIAL_MENU
from ..odata.errors import ODataError
from ..odata.literals import format_date_time
from .call_log import (
    SEGMENTS,
    build_details,
    build_history_row,
    find_destination,
    find_end,
    is_answered,
    list_counted,
)
from .defaults import complete
from .references import SINGLETONS

if TYPE_CHECKING:
    from ..calls.engine import CallEngine
    from ..calls.models import Call, Change, Party, Segment
    from .entities import Entities
    from .recordings import RecordingQueue

log = logging.getLogger(__name__)

# The set of the live calls.
ACTIVE_CALLS = "ActiveCalls"
# The numbers of events: the documents name none, so these are the simulator's own.
_CALL_ENDED, _CALL_UNANSWERED, _VOICEMAIL = 4200, 4201, 4202
# Telephone quality: 8,000 samples of 2 bytes.
_BYTES_A_SECOND = 16_000


class CallRecords:
    """Writes the rows of one PBX that follow from its calls."""

    def __init__(self, entities: Entities, engine: CallEngine, recordings: RecordingQueue) -> None:
        self._entities = entities
        self._model = entities.model
        self._store = entities.store
        self._engine = engine
        self._recordings = recordings
        engine.add_listener(self._follow)

    def _follow(self, change: Change) -> None:
        try:
            with self._store.transaction():
                if change.kind in ("upsert", "remove"):
                    self._show(change.data.call)
                elif change.kind == "call_ended":
                    self._record(change.data)
        except ODataError:
            # A data file that cannot be written must not end the call's thread: only the rows are lost.
            log.exception("a change of a call was not recorded")

    def _show(self, call: Call) -> None:
        """Put the call into ActiveCalls; nothing happens while its row stays the same."""
        if call.ended is not None:
            return
        now = format_date_time(self._engine.clock.now())
        row = {"Id": call.id, "Caller": _name(call.caller), "Callee": _name(_find_callee(call))}
        row |= {"Status": _choose_status(call), "EstablishedAt": format_date_time(call.started)}
        stored = self._store.get(ACTIVE_CALLS, call.id)
        if stored is None:
            row |= {"LastChangeStatus": row["EstablishedAt"], "ServerNow": now}
        elif all(stored.value[name] == value for name, value in row.items()):
            return
        else:
            is_same = stored.value["Status"] == row["Status"]
            row["LastChangeStatus"] = stored.value["LastChangeStatus"] if is_same else now
            row["ServerNow"] = now
        self._store.put(ACTIVE_CALLS, call.id, complete(self._model, "Pbx.ActiveCall", row))

    def _record(self, call: Call) -> None:
        self._store.delete(ACTIVE_CALLS, call.id)
        history_id = str(uuid.uuid4())
        for segment in call.segments:
            key, _ = self._entities.create("CallHistoryView", build_history_row(call, segment))
            self._store.put(SEGMENTS, key, build_details(call, segment, history_id, self._engine.dn_type))
            self._recordings.plan_recording(call, segment, key)
            if segment.destination.type == SPECIAL_MENU and is_answered(segment):
                self._record_voicemail(call, segment)
        self._log_end(call)

    def _record_voicemail(self, call: Call, segment: Segment) -> None:
        seconds = (find_end(call, segment) - (segment.answered or segment.started)).total_seconds()
        settings = self._store.get(SINGLETONS, "VoicemailSettings")
        if settings is not None:
            used = (settings.value["UsedSpace"] or 0) + round(seconds) * _BYTES_A_SECOND
            self._store.put(SINGLETONS, "VoicemailSettings", {**settings.value, "UsedSpace": used})
        params = [segment.via, _name(call.caller), f"{seconds:.0f}"]
        self._log("Info", _VOICEMAIL, f"Voicemail for {params[0]} from {params[1]}: {params[2]} s", params)

    def _log_end(self, call: Call) -> None:
        counted = list_counted(call.segments)
        target = _name(find_destination(counted[-1])) if counted else call.dialled
        params = [str(call.id), _name(call.caller), target]
        text = f"Call {call.id} from {params[1]} to {target}"
        if any(is_answered(each) for each in counted):
            seconds = sum(
                (find_end(call, each) - each.answered).total_seconds() for each in counted if each.answered
            )
            self._log("Info", _CALL_ENDED, f"{text} ended after {seconds:.0f} s", params)
        else:
            reason = call.reason or "NoAnswer"
            self._log("Warning", _CALL_UNANSWERED, f"{text} was not answered: {reason}", [*params, reason])

    def _log(self, kind: str, event_id: int, message: str, params: list[str]) -> None:
        values: dict[str, Any] = {
            "EventId": event_id,
            "Source": "Call Manager",
            "Type": kind,
            "Params": params,
            "Message": message,
            "TimeGenerated": format_date_time(self._engine.clock.now()),
        }
        self._entities.create("EventLogs", values)


def _choose_status(call: Call) -> str:
    """Return the status in the words of 3CX: Routing, Ringing, Talking, Transferring."""
    status = call.status
    if status == "Connected":
        # A caller in a queue is still on the way; one in a menu or a mailbox is not.
        waits = any(side is not None and side.dn_type == QUEUE for side in call.sides)
        status = "Routing" if waits else "Talking"
    if status == "Routing" and any(leg.status == "Ringing" for leg in call.legs.values()):
        return "Ringing"
    return status


def _find_callee(call: Call) -> Party | str:
    """Return the party that answered last or rings; a queue or ring group before its members."""
    running = [segment for segment in call.segments if segment.ended is None]
    answered = [segment for segment in running if segment.answered is not None]
    if answered or running:
        return find_destination(answered[-1] if answered else running[0])
    return find_destination(call.segments[-1]) if call.segments else call.dialled


def _name(party: Party | str) -> str:
    if isinstance(party, str):
        return party
    return f"{party.number or party.dn} {party.name}".strip()
