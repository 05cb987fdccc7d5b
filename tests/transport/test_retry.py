"""Retries: which requests are sent again and when, how a request ended, what is logged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support import FakePbx, credential
from threecx_node.errors import NotThreeCxError, TransportError, UnusableResponseError
from threecx_node.messages import HttpRequest, HttpResponse
from threecx_node.options import DEFAULT_RETRY_TIME
from threecx_node.transport.client import PbxClient
from threecx_node.transport.retry import (
    MOST_ATTEMPTS,
    NOT_SENT,
    Attempts,
    Effect,
    RetryBudget,
    RetryPolicy,
    Verdict,
    decide,
    parse_retry_after,
)

EFFECTS: tuple[Effect, ...] = ("read", "change", "login")
PAGE = b"<html><title>Bad</title></html>"
REFUSAL = b'{"error": {"code": "", "message": "Number:\\nWARNINGS.XAPI.ALREADY_IN_USE"}}'
INTERNAL = b'{"error": {"code": "", "message": "An error has occurred."}}'
FOREIGN = b'{"error": {"code": 500, "message": "upstream failed"}}'
CODES = sorted({*NOT_SENT, "timeout", "connection_lost", "another"})


def answer(status: int, content: bytes = b"", **headers: str) -> HttpResponse:
    return HttpResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def verdict(effect: Effect, given: HttpResponse | TransportError, attempt: int = 1) -> Verdict:
    return decide(effect, given, attempt, DEFAULT_RETRY_TIME)


# Answers to a request that the PBX may have carried out.
AMBIGUOUS: Mapping[str, HttpResponse | TransportError] = {
    **{str(status): answer(status) for status in (408, 500, 501, 502, 503, 504, 507, 520, 522, 524, 599)},
    **{str(status): answer(status) for status in (301, 302, 303, 304, 307, 308)},
    "500 page": answer(500, PAGE),
    "500 of a gateway": answer(500, FOREIGN),
    "500 cut": answer(500, REFUSAL[:20]),
    "504 in the form of 3CX": answer(504, INTERNAL),
    "503 without a time": answer(503, retry_after="soon"),
    "403 page": answer(403, PAGE),
    "timeout": TransportError("", code="timeout"),
    "connection_lost": TransportError("", code="connection_lost"),
    "200 page": NotThreeCxError("pbx", 200, "a web page"),
    "200 cut": UnusableResponseError("pbx", 200, "JSON that cannot be read"),
}
NOTHING_DONE: Mapping[str, HttpResponse] = {
    "429": answer(429),
    "429 page": answer(429, PAGE),
    "503 with a time": answer(503, retry_after="2"),
    "503 with a time and a refusal": answer(503, REFUSAL, retry_after="2"),
}
REFUSED: Mapping[str, HttpResponse] = {
    **{str(status): answer(status) for status in (400, 401, 403, 404, 405, 409, 412, 413)},
    **{f"{status} of 3CX": answer(status, REFUSAL) for status in (400, 404, 409, 500, 502, 503)},
    "500 of 3CX without a code": answer(500, INTERNAL),
    "404 page": answer(404, PAGE),
}


@pytest.mark.parametrize("given", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_a_change_that_may_be_done_is_unknown_and_not_repeated(
    given: HttpResponse | TransportError,
) -> None:
    assert verdict("change", given) == Verdict("unknown")


@pytest.mark.parametrize("given", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_a_read_that_met_a_fault_once_is_repeated(given: HttpResponse | TransportError) -> None:
    assert verdict("read", given) == Verdict("failed", 0.5)


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("given", NOTHING_DONE.values(), ids=NOTHING_DONE)
def test_what_the_pbx_did_not_begin_is_repeated(effect: Effect, given: HttpResponse) -> None:
    assert verdict(effect, given) == Verdict("failed", 2.0 if "retry-after" in given.headers else 0.5)


@pytest.mark.parametrize("given", REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_a_failure_whatever_its_status(given: HttpResponse) -> None:
    assert verdict("change", given) == Verdict("failed")
    assert (verdict("read", given).wait is None) == (given.status < 500)


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("code", sorted(NOT_SENT))
def test_what_was_not_sent_was_not_done(effect: Effect, code: str) -> None:
    # Over a new connection it is sent at once, and to a PBX that may come back after a while.
    final = ("unsendable", "tls", "tls_self_signed", "forbidden_address")
    waits = {"not_taken": 0.0, **dict.fromkeys(final)}
    assert verdict(effect, TransportError("", code=code)) == Verdict("failed", waits.get(code, 0.5))


def test_a_failed_tls_handshake_is_repeated_twice() -> None:
    error = TransportError("", code="tls_handshake")
    waits = [decide("change", error, attempt, 30.0).wait for attempt in (1, 2, 3)]
    assert waits == [0.5, 1.0, None]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_success_is_done(status: int) -> None:
    assert [verdict(effect, answer(status)) for effect in EFFECTS] == [Verdict("done")] * 3


@pytest.mark.parametrize("status", [303, 400, 401, 403])
def test_a_refused_login_is_never_repeated(status: int) -> None:
    assert verdict("login", answer(status, PAGE)).wait is None


def test_the_hint_of_the_pbx_counts_within_the_budget() -> None:
    for effect in EFFECTS:
        assert verdict(effect, answer(429, retry_after="7")).wait == 7
        assert verdict(effect, answer(429, retry_after="31")).wait is None
        assert decide(effect, answer(429, retry_after="31"), 1, 40).wait == 31
        assert verdict(effect, answer(429, retry_after="soon")).wait == 0.5
        assert verdict(effect, answer(429, retry_after="0")).wait == 0.5


def test_the_back_off_doubles_and_jitter_halves_it_at_most() -> None:
    lost = TransportError("", code="connection_lost")
    waits = [decide("read", lost, attempt, 100).wait for attempt in range(1, MOST_ATTEMPTS + 1)]
    assert waits == [0.5, 1.0, 2.0, 4.0, *[8.0] * (MOST_ATTEMPTS - 5), None]
    assert decide("read", lost, 2, 100, jitter=0.0).wait == 0.5
    assert decide("read", lost, 2, 100, jitter=0.5).wait == 0.75


def test_a_server_that_answers_wrongly_is_asked_three_times() -> None:
    assert [verdict("read", answer(500), attempt).wait for attempt in (1, 2, 3)] == [0.5, 1.0, None]
    assert [verdict("read", answer(503), attempt).wait for attempt in (1, 2, 3)] == [0.5, 1.0, 2.0]


bodies = st.sampled_from([b"", PAGE, REFUSAL, INTERNAL, FOREIGN, REFUSAL[:20], b"{}", b"\xff", b"[" * 50_000])
hints = st.sampled_from(["", "0", "1", "30", "31", "soon", "-1", "9" * 5000, "Wed, 21 Oct 2015 07:28:00 GMT"])
responses = st.builds(
    lambda status, content, hint: answer(status, content, retry_after=hint),
    st.integers(200, 599),
    bodies,
    hints,
)
failures = st.sampled_from(CODES).map(lambda code: TransportError("", code=code))
answers = responses | failures | st.sampled_from(list(AMBIGUOUS.values()))
times = st.floats(-1000, 3600)


def is_safe(given: HttpResponse | TransportError) -> bool:
    """Return whether it is certain that a request with this answer did nothing."""
    if isinstance(given, TransportError):
        return given.code in NOT_SENT
    hint = parse_retry_after(given.headers.get("retry-after", ""))
    return given.status == 429 or (given.status == 503 and hint is not None)


@given(st.sampled_from(EFFECTS), answers, st.integers(1, 20), times, st.floats(0, 1))
@example("change", answer(503, retry_after="9" * 5000), 1, 30.0, 1.0)
def test_what_may_be_done_is_not_repeated_and_budgets_are_kept(
    effect: Effect, given: HttpResponse | TransportError, attempt: int, time_left: float, jitter: float
) -> None:
    found = decide(effect, given, attempt, time_left, jitter=jitter)
    if found.wait is not None:
        assert 0 <= found.wait <= time_left
        assert attempt < MOST_ATTEMPTS
        assert found.outcome == "failed"
        assert effect != "change" or is_safe(given)
    is_success = isinstance(given, HttpResponse) and 200 <= given.status < 300
    assert (found.outcome == "done") == is_success
    assert found.outcome != "unknown" or effect == "change"
    if effect == "change" and isinstance(given, HttpResponse) and given.status >= 500:
        # Certainly not done: only where 3CX says so, in one way or the other.
        assert found.outcome == "unknown" or is_safe(given) or given.content in (REFUSAL, INTERNAL)


class Clock:
    """A clock that only waits move."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Ledger:
    """One request under a policy: what comes back and how long it takes, with a fake clock."""

    def __init__(self, budget: RetryBudget, clock: Clock) -> None:
        self.clock, self.attempts = clock, Attempts(budget)
        self.policy = RetryPolicy(jitter=lambda: 1.0)

    def meet(self, effect: Effect, answers: list[tuple[HttpResponse | TransportError, float]]) -> Verdict:
        found = Verdict("failed")
        for came, duration in answers:
            self.attempts.begin()
            self.clock.now += duration
            found = self.policy.decide(effect, came, self.attempts)
            if found.wait is None:
                return found
            self.attempts.spend(found.wait)
            self.clock.now += found.wait
        return found


@given(
    st.floats(0, 100),
    st.lists(
        st.tuples(
            st.sampled_from(EFFECTS),
            st.lists(st.tuples(answers, st.floats(0, 100)), min_size=1, max_size=15),
        ),
        min_size=1,
        max_size=5,
    ),
)
def test_repeats_end_with_the_time_of_request_and_batch(
    retry_time: float, requests: list[tuple[Effect, list[tuple[HttpResponse | TransportError, float]]]]
) -> None:
    clock = Clock()
    budget = RetryBudget(retry_time, clock=clock)
    for effect, coming in requests:
        ledger = Ledger(budget, clock)
        first = coming[0][1]
        began = clock.now
        ledger.meet(effect, coming)
        count = ledger.attempts.count
        last = coming[count - 1][1] if count > 1 else 0.0
        assert clock.now - began <= first + retry_time + last + 1e-6
        if retry_time == 0:
            assert all(
                isinstance(each, TransportError) and each.code == "not_taken"
                for each, _ in coming[: count - 1]
            )


def test_no_time_turns_repeating_off() -> None:
    for effect in EFFECTS:
        for came in (*AMBIGUOUS.values(), *NOTHING_DONE.values(), TransportError("", code="not_taken")):
            assert decide(effect, came, 1, 0.0).wait is None


def test_a_batch_without_any_success_spends_the_time_once() -> None:
    clock = Clock()
    budget = RetryBudget(30, clock=clock)
    lost = TransportError("", code="connection_lost")
    counts = []
    for _ in range(5):
        ledger = Ledger(budget, clock)
        ledger.meet("read", [(lost, 1.0)] * 20)
        counts.append(ledger.attempts.count)
    assert counts[0] > 4
    assert counts[1:] == [1, 1, 1, 1]
    # A response of the PBX, a refusal as well, gives the time back.
    Ledger(budget, clock).meet("change", [(answer(404), 1.0)])
    again = Ledger(budget, clock)
    again.meet("read", [(lost, 1.0)] * 20)
    assert again.attempts.count == counts[0]


def test_a_batch_that_is_stopped_repeats_nothing() -> None:
    async def main() -> tuple[bool, float]:
        stop = asyncio.Event()
        attempts = RetryBudget(stop=stop).open()

        async def sleep(_: float) -> None:
            stop.set()
            await asyncio.Event().wait()

        return await RetryPolicy(sleep=sleep).wait(20, attempts), attempts.time_left

    assert asyncio.run(main()) == (False, 0.0)


def test_a_retry_after_header() -> None:
    assert parse_retry_after(" 3 ") == 3
    soon = parse_retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True))
    assert soon is not None
    assert 15 < soon <= 20
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 -0000") == 0
    assert [parse_retry_after(text) for text in ("", "-1", "1.5", "tomorrow", "٣")] == [None] * 5


def send(pbx: FakePbx, request: HttpRequest) -> HttpResponse:
    async def sleep(seconds: float) -> None:
        pbx.waits.append(seconds)

    async def run() -> HttpResponse:
        transport = httpx.MockTransport(pbx)
        policy = RetryPolicy(sleep=sleep, jitter=lambda: 1.0)
        async with PbxClient(credential(), retry=policy, transport=transport) as client:
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
    busy = FakePbx(lambda _: httpx.Response(503, headers={"retry-after": "2"}))
    assert not send(busy, HttpRequest("DELETE", "/Users(5)")).outcome_unknown
