"""Retries: which requests are sent again and when, what is logged, and that a decision is made in one place."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from tests.support import FakePbx, credential
from threecx_node.errors import TransportError
from threecx_node.messages import HttpRequest, HttpResponse
from threecx_node.transport.client import PbxClient
from threecx_node.transport.retry import RetryPolicy, is_outcome_unknown, parse_retry_after

POLICY = RetryPolicy()
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


def wait(method: str, attempt: int, status: int, headers: Mapping[str, str] | None = None) -> float | None:
    return POLICY.wait_before_retry(method, attempt, HttpResponse(status, headers or {}, b""))


@pytest.mark.parametrize("method", METHODS)
def test_a_rejected_request_is_sent_again(method: str) -> None:
    assert [wait(method, attempt, 429) for attempt in (1, 2, 3)] == [0.5, 1.0, None]


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize("method", METHODS)
def test_only_a_read_is_sent_again_to_a_busy_pbx(method: str, status: int) -> None:
    assert (wait(method, 1, status) is not None) == (method == "GET")


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 403, 404, 409, 412, 500])
def test_other_statuses_are_final(status: int) -> None:
    assert wait("GET", 1, status) is None


@pytest.mark.parametrize(
    "code", ["connection_lost", "timeout", "connection_refused", "connect_timeout", "dns", "tls"]
)
@pytest.mark.parametrize("method", METHODS)
def test_only_a_read_is_sent_again_after_a_lost_connection(method: str, code: str) -> None:
    found = POLICY.wait_before_retry(method, 1, TransportError("", code=code))
    assert (found is not None) == (method == "GET" and code == "connection_lost")


def test_the_hint_of_the_pbx_counts() -> None:
    assert wait("DELETE", 1, 429, {"retry-after": "7"}) == 7
    assert wait("DELETE", 1, 429, {"retry-after": "31"}) is None
    assert wait("DELETE", 1, 429, {"retry-after": "soon"}) == 0.5


def test_a_retry_after_header() -> None:
    assert parse_retry_after(" 3 ") == 3
    soon = parse_retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True))
    assert soon is not None
    assert 15 < soon <= 20
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 -0000") == 0
    assert [parse_retry_after(text) for text in ("", "-1", "1.5", "tomorrow", "٣")] == [None] * 5


@pytest.mark.parametrize(
    ("outcome", "unknown"),
    [
        (502, True),
        (504, True),
        (503, False),
        (500, False),
        (TransportError("", code="timeout"), True),
        (TransportError("", code="connection_lost"), True),
        (TransportError("", code="connect_timeout"), False),
        (TransportError("", code="unsendable"), False),
    ],
)
def test_a_write_without_a_usable_response_may_have_been_done(
    outcome: int | TransportError, unknown: bool
) -> None:
    assert is_outcome_unknown("DELETE", outcome) is unknown
    assert is_outcome_unknown("GET", outcome) is False


def send(pbx: FakePbx, request: HttpRequest) -> HttpResponse:
    async def sleep(seconds: float) -> None:
        pbx.waits.append(seconds)

    async def run() -> HttpResponse:
        transport = httpx.MockTransport(pbx)
        async with PbxClient(credential(), retry=RetryPolicy(sleep=sleep), transport=transport) as client:
            return await client.send(request)

    return asyncio.run(run())


def test_retries_are_logged_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    answers: Iterator[httpx.Response | Exception] = iter(
        [httpx.Response(429), httpx.ReadError("broken"), httpx.Response(200, json={})]
    )

    def answer(_: httpx.Request) -> httpx.Response:
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    pbx = FakePbx(answer)
    caplog.set_level(logging.DEBUG, "threecx_node")
    assert send(pbx, HttpRequest("GET", "/Users", "$filter=EmailAddress%20eq%20'a@b.example'")).status == 200
    assert pbx.waits == [0.5, 1.0]
    assert [(each.name, each.levelno, each.getMessage()) for each in caplog.records] == [
        (
            "threecx_node.transport",
            logging.DEBUG,
            "GET /Users: attempt 1 failed (429), next attempt in 0.5 s",
        ),
        (
            "threecx_node.transport",
            logging.DEBUG,
            "GET /Users: attempt 2 failed (connection_lost), next attempt in 1 s",
        ),
    ]


def test_a_request_that_succeeds_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "threecx_node")
    send(FakePbx(lambda _: httpx.Response(204)), HttpRequest("DELETE", "/Users(5)"))
    assert not caplog.records


def test_a_response_says_whether_its_outcome_is_known() -> None:
    gateway = FakePbx(lambda _: httpx.Response(504))
    assert send(gateway, HttpRequest("DELETE", "/Users(5)")).outcome_unknown
    assert not send(gateway, HttpRequest("GET", "/Users(5)")).outcome_unknown
    busy = FakePbx(lambda _: httpx.Response(503))
    assert not send(busy, HttpRequest("DELETE", "/Users(5)")).outcome_unknown
