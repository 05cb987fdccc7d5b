"""Play the calls of past days in a moment, so that a new PBX has a call log, recordings and voicemails of yesterday."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ..calls.clock import Clock
from ..calls.engine import CallEngine
from ..calls.traffic import Traffic
from .call_directory import CallDirectory
from .call_records import CallRecords
from .recordings import RecordingQueue

if TYPE_CHECKING:
    from .entities import Entities

# The office is open for these hours, in UTC: they are on the same day nearly everywhere.
_OPENS, _CLOSES = timedelta(hours=7), timedelta(hours=17)
_DAY = timedelta(days=1)
_CALLS_A_SECOND = 8 / 3600
# At the beginning of a day there is one call of each kind, this number of seconds apart: no day is without a voicemail.
_PAUSE = 180.0
# By then the last call of a day has ended, and its recording is transcribed.
_REST = timedelta(hours=1)


def play_past_calls(entities: Entities, days: int, now: datetime | None = None) -> int:
    """Play the office hours of `days` days before `now` and of its own day; return the number of calls.

    Each run has the same calls at the same times of day, all of which have ended an hour before `now`. They have an
    engine and a clock of their own, so that listeners of the PBX's calls see none of them.
    """
    end = (now or datetime.now(UTC)).astimezone(UTC)
    midnight = end.replace(hour=0, minute=0, second=0, microsecond=0)
    clock = Clock(manual=True, start=midnight - days * _DAY)
    directory = CallDirectory(entities.store, entities.dial_plan, clock.now)
    calls = CallEngine(directory, lock=entities.store.lock, clock=clock)
    CallRecords(entities, calls, RecordingQueue(entities, clock))
    begun = 0
    for day in range(days + 1):
        opening = midnight + _OPENS - (days - day) * _DAY
        closing = min(opening - _OPENS + _CLOSES, end - _REST)
        if closing <= opening:
            break
        traffic = Traffic(calls, _CALLS_A_SECOND, seed=day)
        _advance(clock, opening)
        traffic.start(each_kind_after=_PAUSE)
        _advance(clock, closing)
        traffic.stop()
        _advance(clock, closing + _REST)
        begun += traffic.begun
    calls.clear()
    return begun


def _advance(clock: Clock, moment: datetime) -> None:
    clock.advance(max(0.0, (moment - clock.now()).total_seconds()))
