"""Keep subscriptions and deliveries in SQLite. All functions are part of a transaction."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING

from ...errors import EventStoreError
from .event_store import DeliveryCounts, PendingDelivery, StoredEvent, SubscriptionRecord
from .positions import format_position, read_own_position
from .secret_box import name_sealed
from .sqlite_journal import find_feed, open_feed, read_meta, write_meta
from .stored_form import (
    decode_attempt,
    decode_event,
    decode_subscription,
    encode_result,
    encode_subscription,
    to_time,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from ..model.subscription import Subscription
    from .event_store import DeliveryAttempt, DeliveryResult, State
    from .secret_box import SecretBox

_KEY_CHECK = "key_check"
_RESUMED = "resumed/"
_COLUMNS = (
    "public, sealed, state, reason, delivered, failed, dropped,"
    " coalesce((SELECT value FROM meta WHERE name = 'resumed/' || id), '')"
)


def add_subscription(db: sqlite3.Connection, subscription: Subscription, box: SecretBox) -> None:
    """Store a subscription. Raise EventStoreError where its ID exists, or the key is not that of the others."""
    if _find(db, subscription.id):
        raise EventStoreError(
            f"there is already a subscription {subscription.id}", description="Choose another ID."
        )
    is_first = db.execute("SELECT 1 FROM subscriptions LIMIT 1").fetchone() is None
    if is_first:
        write_meta(db, _KEY_CHECK, box.seal({}, may_create=True))
    check_key(db, box)
    public, secrets = encode_subscription(subscription)
    row = (subscription.id, open_feed(db, subscription.feed), public, box.seal(secrets, may_create=False))
    db.execute(
        "INSERT INTO subscriptions (id, feed, public, sealed, state, reason) VALUES (?, ?, ?, ?, 'active', '')",
        row,
    )
    _note_change(db)


def check_key(db: sqlite3.Connection, box: SecretBox) -> None:
    """Raise EventStoreError where subscriptions are stored, and the key is not theirs."""
    if db.execute("SELECT 1 FROM subscriptions LIMIT 1").fetchone():
        box.open(read_meta(db, _KEY_CHECK))


def get_subscription(
    db: sqlite3.Connection, subscription_id: str, box: SecretBox
) -> SubscriptionRecord | None:
    """Return a subscription."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM subscriptions WHERE id = ?",  # noqa: S608 (a constant)
        (subscription_id,),
    ).fetchone()
    return None if row is None else _read_record(row, box)


def list_subscriptions(db: sqlite3.Connection, feed: str | None, box: SecretBox) -> list[SubscriptionRecord]:
    """Return the subscriptions of one feed or of all."""
    number = None if feed is None else find_feed(db, feed)[0]
    rows = db.execute(
        f"SELECT {_COLUMNS}, id FROM subscriptions WHERE ?1 IS NULL OR feed = ?1 ORDER BY no",  # noqa: S608 (a constant)
        (number,),
    ).fetchall()
    try:
        return [_read_record(row[:-1], box) for row in rows]
    except EventStoreError as error:
        raise name_sealed(error, [row[-1] for row in rows]) from error


def remove_subscription(db: sqlite3.Connection, subscription_id: str) -> bool:
    """Remove a subscription and its deliveries."""
    number = _find(db, subscription_id)
    if not number:
        return False
    for table in ("pending", "attempts"):
        db.execute(f"DELETE FROM {table} WHERE subscription = ?", (number,))  # noqa: S608 (a constant)
    db.execute("DELETE FROM subscriptions WHERE no = ?", (number,))
    db.execute("DELETE FROM meta WHERE name = ?", (_RESUMED + subscription_id,))
    _note_change(db)
    return True


def set_state(db: sqlite3.Connection, subscription_id: str, state: State, reason: str) -> None:
    """Set the state of a subscription."""
    db.execute(
        "UPDATE subscriptions SET state = ?, reason = ? WHERE id = ?", (state, reason, subscription_id)
    )
    _note_change(db)


def resume(db: sqlite3.Connection, subscription_id: str, now: float) -> None:
    """Make a subscription active and its deliveries due."""
    number = _find(db, subscription_id)
    if not number:
        return
    set_state(db, subscription_id, "active", "")
    # At random, because a clock may be set back.
    write_meta(db, _RESUMED + subscription_id, token_hex(8))
    db.execute(
        "UPDATE pending SET attempts = 0, first_due = ?, next_at = ? WHERE subscription = ?",
        (now, now, number),
    )


def pending_deliveries(
    db: sqlite3.Connection, subscription_id: str, after: str | None, limit: int
) -> list[PendingDelivery]:
    """Return deliveries that are to be made, in the order of their events."""
    journal = read_meta(db, "journal")
    start = 0 if after is None else read_own_position(after, journal) or 0
    rows = db.execute(
        "SELECT p.seq, p.attempts, coalesce(p.first_due, e.at), coalesce(p.next_at, e.at), e.document"
        " FROM pending p JOIN events e ON e.seq = p.seq"
        " WHERE p.subscription = ? AND p.seq > ? ORDER BY p.seq LIMIT ?",
        (_find(db, subscription_id), start, limit),
    )
    return [
        PendingDelivery(
            subscription_id,
            StoredEvent(format_position(journal, seq), decode_event(document)),
            attempts,
            to_time(first_due),
            to_time(next_at),
        )
        for seq, attempts, first_due, next_at, document in rows
    ]


def record_deliveries(db: sqlite3.Connection, results: Sequence[DeliveryResult], kept: int) -> None:
    """Record the results of attempts, and keep the newest attempts of each subscription."""
    journal = read_meta(db, "journal")
    numbers = {each: _find(db, each) for each in {result.subscription_id for result in results}}
    for result in results:
        _record(db, numbers[result.subscription_id], read_own_position(result.position, journal), result)
    for number in numbers.values():
        db.execute(
            "DELETE FROM attempts WHERE subscription = ?1 AND no <= "
            "(SELECT no FROM attempts WHERE subscription = ?1 ORDER BY no DESC LIMIT 1 OFFSET ?2)",
            (number, kept),
        )


def _record(db: sqlite3.Connection, number: int, seq: int | None, result: DeliveryResult) -> None:
    key = (number, seq)
    row = db.execute("SELECT attempts FROM pending WHERE subscription = ? AND seq = ?", key).fetchone()
    if row is None:
        return
    attempt = row[0] + 1
    if result.state == "retry":
        next_at = (result.next_at or result.time).timestamp()
        db.execute(
            "UPDATE pending SET attempts = ?, next_at = ? WHERE subscription = ? AND seq = ?",
            (attempt, next_at, *key),
        )
    else:
        db.execute("DELETE FROM pending WHERE subscription = ? AND seq = ?", key)
        column = "delivered" if result.state == "delivered" else "failed"
        db.execute(
            f"UPDATE subscriptions SET {column} = {column} + 1 WHERE no = ?",  # noqa: S608 (a constant)
            (number,),
        )
    db.execute(
        "INSERT INTO attempts (subscription, attempt, result) VALUES (?, ?, ?)",
        (number, attempt, encode_result(result)),
    )


def list_deliveries(db: sqlite3.Connection, subscription_id: str, limit: int) -> list[DeliveryAttempt]:
    """Return the newest attempts, the newest one first."""
    rows = db.execute(
        "SELECT result, attempt FROM attempts WHERE subscription = ? ORDER BY no DESC LIMIT ?",
        (_find(db, subscription_id), limit),
    )
    return [decode_attempt(subscription_id, result, attempt) for result, attempt in rows]


def count_deliveries(db: sqlite3.Connection, subscription_id: str) -> DeliveryCounts:
    """Return the counts of a subscription."""
    row = db.execute(
        "SELECT (SELECT count(*) FROM pending WHERE subscription = no), delivered, failed, dropped"
        " FROM subscriptions WHERE id = ?",
        (subscription_id,),
    ).fetchone()
    return DeliveryCounts(*row) if row else DeliveryCounts()


def _find(db: sqlite3.Connection, subscription_id: str) -> int:
    """Return the number of a subscription, 0 where there is none."""
    row = db.execute("SELECT no FROM subscriptions WHERE id = ?", (subscription_id,)).fetchone()
    return row[0] if row else 0


def _read_record(
    row: tuple[bytes, bytes, State, str, int, int, int, str], box: SecretBox
) -> SubscriptionRecord:
    return SubscriptionRecord(decode_subscription(row[0], box.open(row[1])), *row[2:])


def _note_change(db: sqlite3.Connection) -> None:
    # At random, so that the version of a transaction that was undone does not come again.
    db.execute("UPDATE meta SET value = abs(random() >> 11) WHERE name = 'version'")
