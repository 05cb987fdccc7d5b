"""The places of connections: which one makes room, and which never does."""

from __future__ import annotations

import logging
import resource
from typing import Any

import pytest

from threecx_node.server import connections
from threecx_node.server.connections import ConnectionLimit, Place, choose_maximum


class Transport:
    """A transport that remembers whether it was closed."""

    def __init__(self, waiting: int = 0) -> None:
        self.waiting = waiting
        self.is_closed = False

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def abort(self) -> None:
        self.is_closed = True


def connect(limit: ConnectionLimit, waiting: int = 0) -> tuple[Place, Any]:
    place = limit.add()
    assert place is not None
    transport: Any = Transport(waiting)
    place.transport = transport
    return place, transport


def test_the_oldest_idle_connection_makes_room() -> None:
    limit = ConnectionLimit(3)
    first, second, third = (connect(limit) for _ in range(3))
    # The first one is used, and is then the newest.
    first[0].set_busy(True)
    first[0].set_busy(False)
    connect(limit)
    assert [each[1].is_closed for each in (first, second, third)] == [False, True, False]
    assert len(limit) == 3


def test_requests_under_way_and_responses_are_not_cut_off() -> None:
    limit = ConnectionLimit(2)
    busy, sending = connect(limit), connect(limit, waiting=10)
    busy[0].set_busy(True)
    assert limit.add() is None
    busy[0].set_busy(False)
    connect(limit)
    assert (busy[1].is_closed, sending[1].is_closed) == (True, False)


def test_the_limit_is_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    limit = ConnectionLimit(1)
    with caplog.at_level(logging.WARNING, "threecx.server"):
        for _ in range(1_000):
            connect(limit)
    assert [each.getMessage() for each in caplog.records] == [
        "the limit of 1 connections is reached: idle ones are closed, oldest first"
    ]


@pytest.mark.parametrize(("files", "maximum"), [(20, 16), (256, 128), (1_000_000, 1_000), (-1, 1_000)])
def test_the_maximum_is_below_the_limit_for_open_files(
    monkeypatch: pytest.MonkeyPatch, files: int, maximum: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    assert choose_maximum() == maximum
    assert connections._SHARE < 1
