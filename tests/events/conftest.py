"""The stores of events under test: SQLite in a folder of its own, and a real Redis."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.events.stores import open_sqlite
from threecx_node.events.store import EventStore, Retention


@pytest.fixture(params=["sqlite"])
def backing(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def open_store(backing: str, tmp_path: Path) -> Callable[..., EventStore]:
    """Open a store; each call is as another process with the same file or Redis."""

    del backing

    def open_one(**kept: int) -> EventStore:
        return open_sqlite(tmp_path, retention=Retention(**kept))

    return open_one


@pytest.fixture
def dump(backing: str, tmp_path: Path) -> Callable[[], bytes]:
    """Return all that is stored, without the key."""
    del backing

    def read() -> bytes:
        return b"".join(each.read_bytes() for each in (tmp_path / "state").glob("events.sqlite3*"))

    return read
