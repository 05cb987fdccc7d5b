"""Recordings: downloaded as WAV, archived, transcribed, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..http.files import FileDownload, build_tone
from ..odata.errors import MissingFileError
from ..pbx.recordings import transcribe
from .common import change_entity, get_records, require
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity, Key
    from ..pbx.pbx import Pbx


@handles("DownloadRecording")
def _download_recording(pbx: Pbx, invocation: Invocation) -> FileDownload:
    key = invocation.arguments["recId"]
    record = pbx.store.get("Recordings", key)
    if record is None or not pbx.recordings.has_file(key):
        raise MissingFileError("recId")
    return _build_audio(record.value)


@handles("DownloadRecordingByName")
def _download_by_name(pbx: Pbx, invocation: Invocation) -> FileDownload:
    for record in pbx.views.records("Recordings"):
        recording = record.value
        is_named = recording["RecordingUrl"] == invocation.arguments["recName"]
        if is_named and pbx.recordings.has_file(recording["Id"]):
            return _build_audio(record.value)
    raise MissingFileError("recName")


@handles("BulkRecordingsArchive")
def _archive_selected(pbx: Pbx, invocation: Invocation) -> None:
    for key, record in get_records(pbx, "Recordings", require(invocation, "ids")):
        _archive_recording(pbx, key, record.value)


@handles("Archive", "ArchiveRecordings")
def _archive_all(pbx: Pbx, _invocation: Invocation) -> None:
    for key, record in list(pbx.store.table("Recordings").items()):
        _archive_recording(pbx, key, record.value)


@handles("PurgeArchive")
def _purge_archive(pbx: Pbx, _invocation: Invocation) -> None:
    _purge_recordings(pbx, archived=True)


@handles("PurgeLocal")
def _purge_local(pbx: Pbx, _invocation: Invocation) -> None:
    _purge_recordings(pbx, archived=False)


@handles("TranscribeRecordings")
def _transcribe_recordings(pbx: Pbx, invocation: Invocation) -> None:
    for key, record in get_records(pbx, "Recordings", require(invocation, "ids")):
        change_entity(pbx, "Recordings", key, **transcribe(record.value))


def _archive_recording(pbx: Pbx, key: Key, recording: Entity) -> None:
    if not recording["IsArchived"]:
        archived = f"archive/{recording['RecordingUrl']}"
        change_entity(pbx, "Recordings", key, IsArchived=True, ArchivedUrl=archived)


def _purge_recordings(pbx: Pbx, *, archived: bool) -> None:
    for key, record in list(pbx.store.table("Recordings").items()):
        if bool(record.value["IsArchived"]) == archived:
            pbx.store.delete("Recordings", key)


def _build_audio(recording: Entity) -> FileDownload:
    return build_tone(str(recording["RecordingUrl"]).rpartition("/")[2])
