"""Record calls: the file of a recording is ready some time after the end of its call, the transcription later still.

Every answered call with an extension is recorded, unless one of its extensions has `ForbidRecording`, or the call is
internal and the extension has `RecordExternalCallsOnly`. The work that is still to be done is stored, so that a
simulator with a data file finishes it after a restart.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..calls.models import EXTENSION, EXTERNAL
from ..odata.errors import ODataError
from ..odata.literals import format_date_time
from .call_log import DN_TYPES, SEGMENTS, find_end, is_answered
from .delays import RECORDING_DELAY, TRANSCRIPTION_DELAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..calls.clock import Clock
    from ..calls.models import Call, Party, Segment
    from ..odata.records import Entity, Key
    from .entities import Entities

log = logging.getLogger(__name__)

# The planned work: {"Due", "Values", "Segment"} of a file, {"Due", "Recording"} of a transcription.
WORK = "(recording work)"
# When the files of recordings are there that are listed before.
FILES = "(recording files)"

_CALL_TYPES = {"internal": "Local", "inbound": "InboundExternal", "outbound": "OutboundExternal"}
# The modes of an extension in which its recordings are not transcribed.
_NOT_TRANSCRIBED = frozenset({"Nothing", "Voicemail"})
_SENTIMENT = 4


class RecordingQueue:
    """The recordings of one PBX. The delays are in seconds of the clock of its calls, and may be changed.

    `file_delay` is the time from the row of a recording until its file is there.
    """

    def __init__(self, entities: Entities, clock: Clock) -> None:
        self.recording_delay = RECORDING_DELAY
        self.transcription_delay = TRANSCRIPTION_DELAY
        self.file_delay = 0.0
        self._entities = entities
        self._store = entities.store
        self._clock = clock

    def plan_recording(self, call: Call, segment: Segment, segment_id: Key) -> None:
        """Plan the file of a segment, if it is one that is recorded."""
        owner = self._find_owner(call, segment)
        if owner is not None:
            values = _describe(call, segment, owner)
            self._plan(self.recording_delay, {"Values": values, "Segment": segment_id})

    def has_file(self, recording: Key) -> bool:
        """Return whether the file of a recording that is in the list can be downloaded."""
        missing = self._store.get(FILES, recording)
        return missing is None or datetime.fromisoformat(missing.value["Due"]) <= self._clock.now()

    def plan_stored_work(self) -> None:
        """Plan what was still to be done when the simulator ended; what is due by now is done at once."""
        for key, record in list(self._store.table(WORK).items()):
            due = datetime.fromisoformat(record.value["Due"])
            self._clock.call_later((due - self._clock.now()).total_seconds(), self._build_step(key))

    def _plan(self, delay: float, work: Entity) -> None:
        key = self._store.next_id(WORK)
        due = self._clock.now() + timedelta(seconds=delay)
        self._store.put(WORK, key, {"Due": due.isoformat(), **work})
        self._clock.call_later(delay, self._build_step(key))

    def _build_step(self, key: Key) -> Any:
        return lambda: self._do(key)

    def _do(self, key: Key) -> None:
        record = self._store.get(WORK, key)
        # A reset of the PBX may have removed it, and reused its key for something that is due later.
        if record is None or datetime.fromisoformat(record.value["Due"]) > self._clock.now():
            return
        try:
            with self._store.transaction():
                self._store.delete(WORK, key)
                if "Values" in record.value:
                    self._create_recording(record.value)
                else:
                    self._transcribe(record.value["Recording"])
        except ODataError:
            # A data file that cannot be written must not end the thread of the clock.
            log.exception("a recording was not stored")

    def _create_recording(self, work: Entity) -> None:
        values = {**work["Values"], "CanBeTranscribed": True}
        schema = self._entities.model.schema(self._entities.model.sets["Recordings"].schema)
        supported = {name: value for name, value in values.items() if name in schema}
        recording, _ = self._entities.create("Recordings", supported)
        if self.file_delay:
            due = self._clock.now() + timedelta(seconds=self.file_delay)
            self._store.put(FILES, recording, {"Due": due.isoformat()})
        detail = self._store.get(SEGMENTS, work["Segment"])
        if detail is not None:
            self._store.put(SEGMENTS, work["Segment"], {**detail.value, "Recording": recording})
        row = self._store.get("CallHistoryView", work["Segment"])
        if row is not None:
            self._store.put("CallHistoryView", work["Segment"], {**row.value, "DstRecId": recording})
        if self._is_transcribed(values["RecordingUrl"].partition("/")[0]):
            self._plan(self.transcription_delay, {"Recording": recording})

    def _transcribe(self, key: Key) -> None:
        record = self._store.get("Recordings", key)
        if record is not None:
            found = {**transcribe(record.value), "SentimentScore": _SENTIMENT}
            known = {name: value for name, value in found.items() if name in record.value}
            self._store.put("Recordings", key, {**record.value, **known})

    def _find_owner(self, call: Call, segment: Segment) -> Party | None:
        """Return the extension that the recording belongs to, None if the segment is not recorded."""
        # Older releases do not have all of these settings.
        parties = (segment.destination, segment.source)
        if not is_answered(segment) or segment.destination.type not in (EXTENSION, EXTERNAL):
            return None
        inside = [(party, user) for party in parties if (user := self._find_user(party.dn)) is not None]
        if not inside or any(user.get("ForbidRecording") for _, user in inside):
            return None
        owner, user = inside[0]
        return None if call.direction == "internal" and user.get("RecordExternalCallsOnly") else owner

    def _is_transcribed(self, number: str) -> bool:
        user = self._find_user(number)
        return user is None or user.get("TranscriptionMode") not in _NOT_TRANSCRIBED

    def _find_user(self, number: str) -> Entity | None:
        owner = self._store.find_owner(number)
        record = self._store.get(*owner) if owner is not None and owner[0] == "Users" else None
        return None if record is None else record.value


def transcribe(recording: Mapping[str, Any]) -> dict[str, Any]:
    """Return what speech recognition finds in a recording of the simulator: a tone."""
    caller = recording.get("FromDisplayName") or recording.get("FromCallerNumber") or "an unknown caller"
    text = f"A tone of 425 Hz, recorded in a call from {caller}."
    return {"IsTranscribed": True, "Transcription": text, "Summary": "A tone."}


def _describe(call: Call, segment: Segment, owner: Party) -> dict[str, Any]:
    start = segment.answered or segment.started
    name = f"[{owner.name or owner.number}]_{segment.source.number}-{segment.destination.number}"
    did = {"FromDidNumber": call.did} if call.did else {}
    return {
        **_describe_party("From", segment.source),
        **_describe_party("To", segment.destination),
        **did,
        "CallType": _CALL_TYPES[call.direction],
        "StartTime": format_date_time(start),
        "EndTime": format_date_time(find_end(call, segment)),
        "RecordingUrl": f"{owner.dn}/{name}_{start:%Y%m%d%H%M%S}({call.id}).wav".replace(" ", "_"),
    }


def _describe_party(end: str, party: Party) -> dict[str, Any]:
    return {
        f"{end}Dn": party.dn,
        f"{end}DnType": DN_TYPES.get(party.type, 0),
        f"{end}CallerNumber": party.number,
        f"{end}DisplayName": party.name,
    }
