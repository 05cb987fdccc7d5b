"""Journal events in SQLite: append each once, read them, and drop old ones. All functions are part of a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...values.json import dumps, loads
from .stored_form import Wish, decode_event, digest_id, encode_event

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence

    from ..model.event import Event
    from .event_store import Cursor, Retention

SECONDS_A_DAY = 86_400
# Rows that one transaction drops, so that what is appended meanwhile does not wait long.
_CHUNK = 2_000


def read_meta(db: sqlite3.Connection, name: str) -> Any:
    """Return a value about the whole file, None where it is not set."""
    row = db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else row[0]


def write_meta(db: sqlite3.Connection, name: str, value: object) -> None:
    """Set a value about the whole file."""
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))


def find_feed(db: sqlite3.Connection, feed: str) -> tuple[int, int]:
    """Return the number of a feed, 0 for an unknown one, and the highest number of its events that were dropped."""
    row = db.execute("SELECT no, gone FROM feeds WHERE feed = ?", (feed,)).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def open_feed(db: sqlite3.Connection, feed: str) -> int:
    """Return the number of a feed, a new one if it is not known."""
    number, _ = find_feed(db, feed)
    if not number:
        number = db.execute("INSERT INTO feeds (feed) VALUES (?)", (feed,)).lastrowid or 0
    return number


class Appender:
    """Appends events. It remembers which subscriptions want them until a subscription changes."""

    def __init__(self, clock: Callable[[], float], retention: Retention) -> None:
        self._clock = clock
        self._retention = retention
        self._version = 0
        self._wishes: dict[int, list[tuple[int, Wish]]] = {}

    def append(
        self, db: sqlite3.Connection, feed: str, events: Sequence[Event], cursor: Cursor | None
    ) -> list[tuple[int, Event]]:
        """Append the new events with their deliveries, and save the cursor. Return the new ones with their numbers."""
        feed_no = open_feed(db, feed)
        now = self._clock()
        week = read_meta(db, "week") if events else 0
        newest = find_newest(db)
        added = []
        for event in events:
            if self._is_seen(db, feed_no, week, digest_id(event.id)):
                continue
            # Times as numbers: where the disk has lost the newest events, their numbers do not come again.
            seq = max(newest + 1, int(now * 1_000_000))
            newest = seq
            db.execute("INSERT INTO events VALUES (?, ?, ?, ?)", (seq, feed_no, now, encode_event(event)))
            wanting = [(no, seq) for no, wish in self._find_wishes(db, feed_no) if wish.wants(event)]
            db.executemany("INSERT INTO pending (subscription, seq) VALUES (?, ?)", wanting)
            added.append((seq, event))
        if cursor is not None:
            row_of_cursor = (feed_no, cursor.source, dumps(dict(cursor.value)))
            db.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?)", row_of_cursor)
        return added

    def _is_seen(self, db: sqlite3.Connection, feed: int, week: int, digest: bytes) -> bool:
        """Return whether an ID is known, and take note of it."""
        for each in range(week, week - self._retention.id_weeks - 1, -1):
            found = db.execute(
                "SELECT 1 FROM seen WHERE week = ? AND feed = ? AND digest = ?", (each, feed, digest)
            )
            if found.fetchone():
                return True
        db.execute("INSERT INTO seen VALUES (?, ?, ?)", (week, feed, digest))
        return False

    def _find_wishes(self, db: sqlite3.Connection, feed: int) -> list[tuple[int, Wish]]:
        version = read_meta(db, "version")
        if version != self._version:
            self._version, self._wishes = version, {}
        if feed not in self._wishes:
            rows = db.execute("SELECT no, public FROM subscriptions WHERE feed = ?", (feed,))
            self._wishes[feed] = [(no, Wish(public)) for no, public in rows]
        return self._wishes[feed]


def read_events(db: sqlite3.Connection, feed: str, after: int, limit: int) -> list[tuple[int, Event]] | None:
    """Return events with a higher number than `after`; None where some of them were dropped, or it is too high."""
    number, gone = find_feed(db, feed)
    if after < gone or after > find_newest(db):
        return None
    return select_events(db, number, after, limit)


def select_events(db: sqlite3.Connection, number: int, after: int, limit: int) -> list[tuple[int, Event]]:
    """Return the events of a feed that are kept, from a number on."""
    rows = db.execute(
        "SELECT seq, document FROM events WHERE feed = ? AND seq > ? ORDER BY seq LIMIT ?",
        (number, after, limit),
    )
    return [(seq, decode_event(document)) for seq, document in rows]


def find_newest(db: sqlite3.Connection) -> int:
    """Return the highest number that was given to an event of any feed."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
    return row[0] if row else 0


def find_newest_of(db: sqlite3.Connection, feed: str) -> int:
    """Return the highest number of an event of a feed, 0 where there was none."""
    number, gone = find_feed(db, feed)
    [found] = db.execute("SELECT max(seq) FROM events WHERE feed = ?", (number,)).fetchone()
    return found or gone


def load_cursor(db: sqlite3.Connection, feed: str, source: str) -> Mapping[str, Any] | None:
    """Return the cursor of a source."""
    number, _ = find_feed(db, feed)
    row = db.execute("SELECT value FROM cursors WHERE feed = ? AND source = ?", (number, source)).fetchone()
    return None if row is None else loads(row[0])


def keep_up(db: sqlite3.Connection, now: float, retention: Retention) -> bool:
    """Drop what is older than the retention allows. Return whether there is more to drop.

    Days and weeks are counted, not computed from the date: a clock that jumps ahead ends one of them early, and
    drops nothing else.
    """
    day, is_new = _count_period(db, "day", SECONDS_A_DAY, now)
    if is_new:
        db.execute("INSERT INTO days VALUES (?, ?)", (day, find_newest(db) + 1))
    week, _ = _count_period(db, "week", 7 * SECONDS_A_DAY, now)
    oldest_day = day - retention.days
    row = db.execute("SELECT first_seq FROM days WHERE day = ?", (oldest_day,)).fetchone()
    db.execute("DELETE FROM days WHERE day < ?", (oldest_day,))
    before = row[0] if row else 0
    numbers = [number for (number,) in db.execute("SELECT no FROM feeds")]
    more = sum(_drop_events(db, number, before, retention.events) for number in numbers)
    dropped = db.execute(
        "DELETE FROM seen WHERE (week, feed, digest) IN (SELECT week, feed, digest FROM seen WHERE week < ? LIMIT ?)",
        (week - retention.id_weeks, _CHUNK),
    )
    db.execute("DELETE FROM announced WHERE until < ?", (now - SECONDS_A_DAY,))
    return more > 0 or dropped.rowcount == _CHUNK


def _count_period(db: sqlite3.Connection, name: str, seconds: int, now: float) -> tuple[int, bool]:
    """Return the number of the current day or week, and whether it has just begun."""
    number, began = read_meta(db, name), read_meta(db, f"{name}_began")
    is_new = now - began >= seconds
    if is_new:
        number += 1
        write_meta(db, name, number)
    if is_new or now < began:
        # Also where the clock was set back, so that the period does not last until it has caught up.
        write_meta(db, f"{name}_began", now)
    return number, is_new


def _drop_events(db: sqlite3.Connection, feed: int, before: int, most: int) -> bool:
    """Drop events of a feed that are too old or too many. Return whether there are more."""
    count: int
    old: int
    [count] = db.execute("SELECT count(*) FROM events WHERE feed = ?", (feed,)).fetchone()
    [old] = db.execute("SELECT count(*) FROM events WHERE feed = ? AND seq < ?", (feed, before)).fetchone()
    excess = max(old, count - most)
    if excess <= 0:
        return False
    rows = db.execute(
        "SELECT seq FROM events WHERE feed = ? ORDER BY seq LIMIT ?", (feed, min(excess, _CHUNK))
    )
    last = max(seq for (seq,) in rows)
    db.execute("DELETE FROM events WHERE feed = ? AND seq <= ?", (feed, last))
    db.execute("UPDATE feeds SET gone = ? WHERE no = ?", (last, feed))
    for (subscription,) in db.execute("SELECT no FROM subscriptions WHERE feed = ?", (feed,)).fetchall():
        # Not delivered in time: the subscription shows how many.
        lost = db.execute(
            "DELETE FROM pending WHERE subscription = ? AND seq <= ?", (subscription, last)
        ).rowcount
        db.execute("UPDATE subscriptions SET dropped = dropped + ? WHERE no = ?", (lost, subscription))
    return excess > _CHUNK
