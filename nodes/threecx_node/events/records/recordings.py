"""Follows recordings: reported when their file can be downloaded, and again when they have been transcribed.

A row is in the list before its file can be downloaded, so that the file itself is asked for, with one request for its
first bytes. The transcription comes later still: recordings without one are looked at again, for a day.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import ResponseError
from ...values.row_values import first_text, read_number, read_text, read_time
from .id_source import begin_watch, read_new_rows
from .id_watch import IdWatch, join_ids
from .rows import Query
from .source import Cursor, Findings, write_time

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping
    from datetime import datetime

    from .rows import Row
    from .source import Request

RECORDING_READY, TRANSCRIPTION_READY = "recording.ready", "transcription.ready"
OPERATION = "ListRecording"
_KEY = "Id"
_WAIT, _LONGEST_WAIT = 5.0, 60.0
# A file that is not there yet is asked for again after these seconds, and ever more rarely.
_FIRST_CHECK, _LONGEST_CHECK = 5.0, 600.0
# Files that are asked for in one poll, and of these at once. New recordings beyond wait for the next poll.
_CHECKS_PER_POLL, _CHECKS_AT_ONCE = 100, 8
# Recordings whose file or transcription is waited for; the latest ones.
_MOST_FILES = 500
_MOST_TRANSCRIPTIONS = 300
_PER_REQUEST = 100
_TRANSCRIPTION_CHECK, _LONGEST_TRANSCRIPTION_CHECK = 10.0, 300.0
_FORBIDDEN = frozenset({401, 403})
_DIRECTIONS = {"Local": "internal", "InboundExternal": "inbound", "OutboundExternal": "outbound"}
# The field that says whether a recording is transcribed, from release 20.0.7 on.
_IS_TRANSCRIBED = "IsTranscribed"


@dataclass(slots=True)
class _Check:
    """When the file of a recording is asked for next, and how long it is waited then."""

    due: float
    pause: float = _FIRST_CHECK


class Recordings:
    """The source of recordings and their transcriptions."""

    types = frozenset({RECORDING_READY, TRANSCRIPTION_READY})
    name = "recordings"
    title = "recordings"
    right = "the role System Owner and the right to recordings"

    def __init__(self) -> None:
        self._wait = _WAIT
        self._checks: dict[int, _Check] = {}
        self._transcriptions = _Check(0.0, _TRANSCRIPTION_CHECK)

    def forget(self) -> None:
        """Forget what is known besides the cursor."""
        self._checks.clear()
        self._transcriptions = _Check(0.0, _TRANSCRIPTION_CHECK)
        self._wait = _WAIT

    def probe(self, release: str) -> Query:  # noqa: ARG002 (the same in all releases)
        """Return a query of one row."""
        return Query(OPERATION, select=(_KEY,), top=1)

    async def poll(self, request: Request) -> Findings:
        """Return the recordings that can be downloaded since, and those that are transcribed. Raises ThreeCxError."""
        stored = request.cursor
        if stored is None:
            self.forget()
            return await self._begin(request)
        watch = IdWatch.from_json(stored["watch"])
        files = [int(each) for each in stored["files"]]
        silent = [int(each) for each in stored["silent"]]
        rows, has_more = await read_new_rows(request.reader, OPERATION, _KEY, watch)
        has_more = has_more or len(rows) > _CHECKS_PER_POLL
        known = {read_number(row[_KEY]): row for row in rows[:_CHECKS_PER_POLL]}
        watch.take(known)
        files = [*files, *known]
        findings = Findings({}, _WAIT)
        if RECORDING_READY in request.types:
            ready, files = await self._find_ready(request, files, known)
            findings.events += [_build_ready(request, row) for row in ready]
        else:
            ready, files = [row for row in known.values() if _has_ended(row)], []
        # Those that are left have been asked for at least once.
        files = files[-_MOST_FILES:]
        silent = [*silent, *(read_number(row[_KEY]) for row in ready)][-_MOST_TRANSCRIPTIONS:]
        if TRANSCRIPTION_READY not in request.types:
            silent = []
        elif silent:
            silent = await self._look_for_transcriptions(request, silent, findings, is_new=bool(ready))
        findings.cursor = _write(watch, files, silent)
        findings.wait = self._choose_wait(
            request.now, has_more=has_more, is_busy=bool(known or findings.events)
        )
        return findings

    async def _look_for_transcriptions(
        self, request: Request, silent: list[int], findings: Findings, *, is_new: bool
    ) -> list[int]:
        """Add the recordings that are transcribed now to the findings, and return the others."""
        check = self._transcriptions
        if is_new:
            check.pause = _TRANSCRIPTION_CHECK
            check.due = min(check.due, request.now + check.pause)
        if request.now < check.due:
            return silent
        rows = await _find_transcribed(request, silent)
        findings.events += [_build_transcribed(request, row) for row in rows]
        check.pause = _TRANSCRIPTION_CHECK if rows else min(_LONGEST_TRANSCRIPTION_CHECK, check.pause * 1.5)
        check.due = request.now + check.pause
        found = {read_number(row[_KEY]) for row in rows}
        return [each for each in silent if each not in found]

    async def _begin(self, request: Request) -> Findings:
        watch = await begin_watch(request.reader, OPERATION, _KEY)
        silent: list[int] = []
        if watch.highest and TRANSCRIPTION_READY in request.types:
            # Recordings from before may be transcribed now.
            query = Query(
                OPERATION, select=(_KEY, "Transcription"), order_by=f"{_KEY} desc", top=_PER_REQUEST
            )
            rows = await request.reader.read(query)
            silent = sorted(
                read_number(row.get(_KEY)) for row in rows if not read_text(row.get("Transcription"))
            )
        return Findings(_write(watch, [], silent), _WAIT)

    async def _find_ready(
        self, request: Request, files: list[int], known: Mapping[int, Row]
    ) -> tuple[list[Row], list[int]]:
        """Return the recordings whose file is there now, and the IDs of those that are still waited for."""
        self._checks = {each: self._checks.get(each, _Check(request.now)) for each in files}
        due = [each for each in sorted(self._checks, reverse=True) if self._checks[each].due <= request.now]
        due = sorted(due[:_CHECKS_PER_POLL])
        rows = dict(known)
        if missing := [each for each in due if each not in rows]:
            rows |= {read_number(row[_KEY]): row for row in await _read_rows(request, missing)}
        ready = []
        places = asyncio.Semaphore(_CHECKS_AT_ONCE)
        found = await _check_all([_is_ready(request, rows[each], places) for each in due if each in rows])
        are_ready = dict(zip((each for each in due if each in rows), found, strict=True))
        for each in due:
            row, check = rows.get(each), self._checks[each]
            if row is None:
                # It was deleted.
                del self._checks[each]
            elif are_ready[each]:
                ready.append(row)
                del self._checks[each]
            else:
                check.pause = min(_LONGEST_CHECK, check.pause * 1.5)
                check.due = request.now + check.pause
        return ready, [each for each in files if each in self._checks]

    def _choose_wait(self, now: float, *, has_more: bool, is_busy: bool) -> float:
        if has_more:
            return 0.0
        self._wait = _WAIT if is_busy else min(_LONGEST_WAIT, self._wait * 1.5)
        dues = [each.due for each in self._checks.values()] + [self._transcriptions.due or now + self._wait]
        soonest = min(dues)
        return max(1.0, min(self._wait, soonest - now))


def _write(watch: IdWatch, files: list[int], silent: list[int]) -> Cursor:
    return {"watch": watch.to_json(), "files": files, "silent": silent}


async def _check_all(checks: list[Coroutine[Any, Any, bool]]) -> list[bool]:
    """Return the results of all checks; none goes on after an error."""
    tasks = [asyncio.ensure_future(each) for each in checks]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _is_ready(request: Request, row: Row, places: asyncio.Semaphore) -> bool:
    # A row without an end is that of a call in progress.
    if not _has_ended(row):
        return False
    try:
        async with places:
            return await request.reader.has_file(read_number(row[_KEY]))
    except ResponseError as error:
        if error.http_code in _FORBIDDEN:
            raise
        # The other recordings do not depend on this file.
        return False


def _has_ended(row: Row) -> bool:
    is_named = bool(first_text(row.get("RecordingUrl"), row.get("ArchivedUrl")))
    return is_named and read_time(row.get("EndTime")) is not None


async def _read_rows(request: Request, ids: list[int], where: str = "") -> list[Row]:
    found: list[Row] = []
    for at in range(0, len(ids), _PER_REQUEST):
        ranges = tuple(join_ids(ids[at : at + _PER_REQUEST]))
        query = Query(OPERATION, key=_KEY, ranges=ranges, where=where, order_by=_KEY, top=_PER_REQUEST)
        found += await request.reader.read(query)
    return found


async def _find_transcribed(request: Request, silent: list[int]) -> list[Row]:
    """Return those of the recordings that are transcribed."""
    where = f"{_IS_TRANSCRIBED} eq true" if request.has_times else ""
    rows = await _read_rows(request, silent, where)
    return [row for row in rows if read_text(row.get("Transcription"))]


def _build_ready(request: Request, row: Row) -> Any:
    key = f"recordings/{read_number(row[_KEY])}"
    data = {**_read_facts(row), "recording": _describe(row)}
    return request.build(RECORDING_READY, _find_time(request, row), f"{key}/ready", key, data)


def _build_transcribed(request: Request, row: Row) -> Any:
    recording = read_number(row[_KEY])
    key = f"recordings/{recording}"
    transcription = {
        "recordingId": recording,
        "text": read_text(row.get("Transcription")),
        "summary": read_text(row.get("Summary")),
        "sentimentScore": read_number(row.get("SentimentScore")),
    }
    known = {name: value for name, value in transcription.items() if value}
    data = {**_read_facts(row), "recording": _describe(row), "transcription": known}
    return request.build(TRANSCRIPTION_READY, _find_time(request, row), f"{key}/transcribed", key, data)


def _find_time(request: Request, row: Row) -> datetime:
    return read_time(row.get("EndTime")) or read_time(row.get("StartTime")) or request.utc_now


def _describe(row: Row) -> dict[str, Any]:
    start, end = read_time(row.get("StartTime")), read_time(row.get("EndTime"))
    seconds = (end - start).total_seconds() if start is not None and end is not None else None
    recording = {
        "id": read_number(row[_KEY]),
        "startedAt": write_time(start),
        "endedAt": write_time(end),
        "durationSeconds": seconds,
        "callType": read_text(row.get("CallType")),
        "fromNumber": first_text(row.get("FromCallerNumber"), row.get("FromDn")),
        "fromName": read_text(row.get("FromDisplayName")),
        "toNumber": first_text(row.get("ToCallerNumber"), row.get("ToDn")),
        "toName": read_text(row.get("ToDisplayName")),
        "url": read_text(row.get("RecordingUrl")),
        "isArchived": bool(row.get("IsArchived")),
        "canBeTranscribed": row.get("CanBeTranscribed"),
    }
    return {name: value for name, value in recording.items() if value not in (None, "")}


def _read_facts(row: Row) -> dict[str, Any]:
    """Return the fields that events of live calls have too."""
    direction = _DIRECTIONS.get(read_text(row.get("CallType")), "unknown")
    source, target = (
        (read_text(row.get(f"{end}Dn")), read_text(row.get(f"{end}CallerNumber"))) for end in ("From", "To")
    )
    inside = {"inbound": [target[0]], "outbound": [source[0]], "internal": [source[0], target[0]]}.get(
        direction, []
    )
    outside = {"inbound": source[1], "outbound": target[1]}.get(direction, "")
    return {
        "direction": direction,
        "extension": inside[-1] if inside else "",
        "extensions": [each for each in inside if each],
        "externalNumber": outside,
        "callerNumber": source[1] or source[0],
        "callerName": read_text(row.get("FromDisplayName")),
        "calledNumber": target[1] or target[0],
        "did": first_text(row.get("FromDidNumber"), row.get("ToDidNumber")),
        "startedAt": write_time(row.get("StartTime")),
        "endedAt": write_time(row.get("EndTime")),
    }
