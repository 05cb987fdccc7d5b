"""Faults of the SQLite file of events: each is one clear error, loses nothing, and ends when it is repaired."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.events.store.stores import FEED, ids_of, make_event, make_events, make_subscription, open_sqlite
from threecx_node.errors import ConfigurationError, EventStoreError
from threecx_node.events.store import sqlite_file, sqlite_worker
from threecx_node.events.store.event_store import EventStore
from threecx_node.events.store.open_store import open_event_store
from threecx_node.events.store.sqlite_store import SqliteEventStore


def run(store: EventStore, test: Callable[[Any], Awaitable[None]]) -> None:
    async def whole() -> None:
        try:
            await test(store)
        finally:
            await store.aclose()

    asyncio.run(whole())


async def fail(awaitable: Awaitable[object]) -> str:
    """Return the error of a use of the store, which is one line with a remedy."""
    with pytest.raises(EventStoreError) as caught:
        await awaitable
    assert caught.value.description
    line = caught.value.one_line()
    assert "\n" not in line
    return line


async def fill(store: EventStore, count: int = 3) -> None:
    await store.add_subscription(make_subscription())
    await store.append(FEED, make_events(range(count)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "events.sqlite3"


@pytest.fixture
def filled(tmp_path: Path, path: Path) -> Path:
    """A file with a subscription and three events."""
    run(open_sqlite(tmp_path), fill)
    return path


def test_only_this_user_can_read_what_is_stored(filled: Path) -> None:
    assert filled.parent.stat().st_mode & 0o777 == 0o700
    for each in filled.parent.iterdir():
        assert each.stat().st_mode & 0o777 == 0o600, each


def test_a_full_disk_stores_nothing_half(tmp_path: Path) -> None:
    async def test(store: SqliteEventStore) -> None:
        await fill(store)

        def limit(db: sqlite3.Connection) -> None:
            [pages] = db.execute("PRAGMA page_count").fetchone()
            db.execute(f"PRAGMA max_page_count = {pages + 1}")

        await store._writer.run(limit)
        line = await fail(store.append(FEED, make_events(range(100, 200), text="x" * 500)))
        assert "the disk is full" in line
        assert ids_of(await store.read(FEED, after=None, limit=500)) == [0, 1, 2]
        await store._writer.run(lambda db: db.execute("PRAGMA max_page_count = 100000"))
        again = await store.append(FEED, make_events(range(100, 200), text="x" * 500))
        assert len(again) == 100
        pending = await store.pending_deliveries(make_subscription().id, after=None, limit=500)
        assert ids_of(pending) == [0, 1, 2, *range(100, 200)]

    run(open_sqlite(tmp_path), test)


def test_the_disk_gets_events_soon_and_subscriptions_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = threading.Event()
    monkeypatch.setattr(sqlite_worker, "_SYNC_SECONDS", 0.0)
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.set() if descriptor else None)

    async def test(store: SqliteEventStore) -> None:
        await store.append(FEED, [make_event(1)])
        assert await asyncio.to_thread(synced.wait, 30)
        assert store._writer._sync_at is None
        await store.add_subscription(make_subscription())
        [level] = await store._writer.run(lambda db: db.execute("PRAGMA synchronous").fetchone())
        assert level == 2

    run(open_sqlite(tmp_path), test)


def test_one_event_that_cannot_be_stored_spares_those_beside_it(tmp_path: Path) -> None:
    async def test(store: EventStore) -> None:
        calls = [store.append(FEED, [make_event(1)]), store.append(FEED, [make_event(2, bad={1, 2})])]
        good, bad = await asyncio.gather(*calls, return_exceptions=True)
        assert isinstance(good, list)
        assert isinstance(bad, TypeError)
        assert ids_of(await store.append(FEED, make_events([1, 2]))) == [2]

    run(open_sqlite(tmp_path), test)


def damage_head(content: bytearray) -> None:
    content[:100] = b"x" * 100


def damage_pages(content: bytearray) -> None:
    content[4096:] = os.urandom(len(content) - 4096)


def cut(content: bytearray) -> None:
    del content[len(content) // 2 :]


@pytest.mark.parametrize("damage", [damage_head, damage_pages, cut])
def test_a_damaged_file_is_named_and_left_as_it_is(
    tmp_path: Path, filled: Path, damage: Callable[[bytearray], None]
) -> None:
    good = filled.read_bytes()
    content = bytearray(good)
    damage(content)
    filled.write_bytes(content)
    notes: list[str] = []
    store = open_event_store(tmp_path / "state", notes.append)

    def exchange(new: bytes) -> None:
        assert filled.read_bytes() == content
        filled.write_bytes(new)

    [note] = notes
    assert f"the file {filled} of the events is damaged" in note
    assert "restore the file from a backup" in note

    async def test(store: EventStore) -> None:
        for use in (store.append(FEED, [make_event(9)]), store.read(FEED, after=None, limit=9)):
            assert "is damaged" in await fail(use)
        # Repaired while the process runs.
        exchange(good)
        assert len(await store.list_subscriptions()) == 1
        assert ids_of(await store.append(FEED, [make_event(9)])) == [9]

    run(store, test)


def test_a_locked_file_is_named(tmp_path: Path, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "_BUSY_SECONDS", 0.05)

    async def test(store: EventStore) -> None:
        with closing(sqlite3.connect(filled, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            line = await fail(store.append(FEED, [make_event(9)]))
            assert "locked by another program" in line
            # Readers of the journal go on.
            assert len(await store.read(FEED, after=None, limit=9)) == 3
        assert ids_of(await store.append(FEED, [make_event(9)])) == [9]

    run(open_sqlite(tmp_path), test)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("PRAGMA user_version = 99", "written by a newer version of threecx-node (schema 99)"),
        ("PRAGMA application_id = 5", "an SQLite file of another program"),
    ],
)
def test_a_file_of_another_version_or_program_is_refused(
    tmp_path: Path, filled: Path, statement: str, words: str
) -> None:
    with closing(sqlite3.connect(filled)) as other:
        other.execute(statement)
    run_refused(tmp_path, words)


def test_a_database_of_another_program_is_not_changed(tmp_path: Path, path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE notes (text)")
    path.chmod(0o600)
    run_refused(tmp_path, "an SQLite file of another program")
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("notes",)]


def run_refused(tmp_path: Path, words: str) -> None:
    async def test(store: EventStore) -> None:
        assert words in await fail(store.append(FEED, [make_event(9)]))
        assert words in await fail(store.list_subscriptions())

    run(open_sqlite(tmp_path), test)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o644, 0o660, 0o606])
def test_a_file_that_others_can_use_is_refused(tmp_path: Path, filled: Path, mode: int) -> None:
    filled.chmod(mode)
    run_refused(tmp_path, f"can be read or changed by others. Run: chmod 600 {filled}")


def test_what_is_not_a_file_is_refused(tmp_path: Path, path: Path) -> None:
    path.mkdir(parents=True)
    run_refused(tmp_path, f"{path} is not a regular file. Move it away.")


def test_a_link_is_refused(tmp_path: Path, filled: Path) -> None:
    filled.rename(tmp_path / "elsewhere")
    filled.symlink_to(tmp_path / "elsewhere")
    run_refused(tmp_path, "is not a regular file")


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    run_refused(tmp_path, "cannot be used")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_another_user_is_refused(tmp_path: Path, filled: Path) -> None:
    os.chown(filled, 12345, -1)
    run_refused(tmp_path, "belongs to another user (uid 12345). Run: sudo chown")


def test_a_file_that_is_removed_in_use_is_reported_once(tmp_path: Path, filled: Path) -> None:
    async def test(store: EventStore) -> None:
        await store.append(FEED, [make_event(9)])
        for each in filled.parent.glob("events.sqlite3*"):
            each.unlink()
        assert "was moved or removed while it was in use" in await fail(store.append(FEED, [make_event(10)]))
        # The journal begins again, so that live events are delivered to new subscriptions.
        assert ids_of(await store.append(FEED, [make_event(10)])) == [10]

    run(open_sqlite(tmp_path), test)


def test_the_settings_name_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    for value in ("", "folder", " FOLDER "):
        monkeypatch.setenv("THREECX_EVENT_STORE", value)
        assert isinstance(open_event_store(tmp_path / "state", notes.append), SqliteEventStore)
    assert notes == []
    monkeypatch.setenv("THREECX_EVENT_STORE", "sqlite://planted-passw0rd")
    with pytest.raises(ConfigurationError) as caught:
        open_event_store(tmp_path, notes.append)
    assert "THREECX_EVENT_STORE" in caught.value.one_line()
    assert "planted" not in caught.value.one_line()
