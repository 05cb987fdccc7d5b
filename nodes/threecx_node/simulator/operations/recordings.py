"""Recordings: downloaded as WAV, archived, transcribed, purged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import FileAnswer, tone_file
from ..registry import Call, handles
from .common import all_of, changed, no_file, required

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity, Key


@handles("DownloadRecording")
def _download(pbx: Pbx, call: Call) -> FileAnswer:
    record = pbx.store.get("Recordings", call.arguments["recId"])
    if record is None:
        raise no_file("recId")
    return _file(record.value)


@handles("DownloadRecordingByName")
def _download_by_name(pbx: Pbx, call: Call) -> FileAnswer:
    for record in pbx.views.records("Recordings"):
        if record.value["RecordingUrl"] == call.arguments["recName"]:
            return _file(record.value)
    raise no_file("recName")


@handles("BulkRecordingsArchive")
def _archive_some(pbx: Pbx, call: Call) -> None:
    for key, record in all_of(pbx, "Recordings", required(call, "ids")):
        _archive(pbx, key, record.value)


@handles("Archive", "ArchiveRecordings")
def _archive_all(pbx: Pbx, _call: Call) -> None:
    for key, record in list(pbx.store.table("Recordings").items()):
        _archive(pbx, key, record.value)


@handles("PurgeArchive")
def _purge_archive(pbx: Pbx, _call: Call) -> None:
    _purge(pbx, archived=True)


@handles("PurgeLocal")
def _purge_local(pbx: Pbx, _call: Call) -> None:
    _purge(pbx, archived=False)


@handles("TranscribeRecordings")
def _transcribe(pbx: Pbx, call: Call) -> None:
    for key, record in all_of(pbx, "Recordings", required(call, "ids")):
        caller = record.value.get("FromDisplayName") or record.value.get("FromCallerNumber") or "somebody"
        text = f"A tone of 425 Hz, recorded in a call of {caller}."
        changed(pbx, "Recordings", key, IsTranscribed=True, Transcription=text, Summary="A tone.")


def _archive(pbx: Pbx, key: Key, recording: Entity) -> None:
    if not recording["IsArchived"]:
        archived = f"archive/{recording['RecordingUrl']}"
        changed(pbx, "Recordings", key, IsArchived=True, ArchivedUrl=archived)


def _purge(pbx: Pbx, *, archived: bool) -> None:
    for key, record in list(pbx.store.table("Recordings").items()):
        if bool(record.value["IsArchived"]) == archived:
            pbx.store.delete("Recordings", key)


def _file(recording: Entity) -> FileAnswer:
    return tone_file(str(recording["RecordingUrl"]).rpartition("/")[2])
