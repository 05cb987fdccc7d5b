"""Requests of one batch in any order, with a fake clock: no budget is passed, and nothing unsafe is repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from threecx_node.errors import TransportError
from threecx_node.messages import HttpResponse
from threecx_node.transport.retry import MOST_ATTEMPTS, Attempts, Effect, RetryBudget, RetryPolicy

RETRY_TIME = 30.0
SAFE = ("429", "503 with a time", "not_taken", "connection_refused")
ANSWERS: Mapping[str, HttpResponse | TransportError] = {
    **{
        str(status): HttpResponse(status, {}, b"") for status in (200, 204, 400, 404, 408, 429, 500, 503, 504)
    },
    "503 with a time": HttpResponse(503, {"retry-after": "3"}, b""),
    **{
        code: TransportError("", code=code)
        for code in ("timeout", "connection_lost", "not_taken", "connection_refused", "tls")
    },
}


class Request:
    """One request of the batch, with what its attempts have cost."""

    def __init__(self, effect: Effect, attempts: Attempts) -> None:
        self.effect, self.attempts = effect, attempts
        self.spent = 0.0


class Batch(RuleBasedStateMachine):
    """A batch whose requests get any answers after any time."""

    waiting = Bundle("waiting")

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.stop = asyncio.Event()
        self.budget = RetryBudget(RETRY_TIME, stop=self.stop, clock=lambda: self.now)
        self.policy = RetryPolicy()
        self.failing_since: float | None = None

    @rule(target=waiting, effect=st.sampled_from(("read", "change", "login")))
    def begin(self, effect: Effect) -> Request:
        return Request(effect, self.budget.open())

    @rule(
        target=waiting,
        request=consumes(waiting),
        name=st.sampled_from(sorted(ANSWERS)),
        seconds=st.floats(0, 70),
    )
    def answer(self, request: Request, name: str, seconds: float) -> object:
        answer, attempts = ANSWERS[name], request.attempts
        attempts.begin()
        self.now += seconds
        verdict = self.policy.decide(request.effect, answer, attempts)
        if attempts.count > 1:
            request.spent += seconds
        is_answer = isinstance(answer, HttpResponse) and answer.status in (200, 204, 400, 404)
        if is_answer:
            self.failing_since = None
        elif self.failing_since is None:
            self.failing_since = self.now
        if verdict.wait is None:
            return multiple()
        assert not self.stop.is_set()
        assert not is_answer
        assert request.effect != "change" or name in SAFE
        assert request.spent + verdict.wait <= RETRY_TIME + 1e-9
        assert self.failing_since is not None
        assert self.now + verdict.wait - self.failing_since <= RETRY_TIME + 1e-9
        attempts.spend(verdict.wait)
        request.spent += verdict.wait
        self.now += verdict.wait
        assert attempts.count < MOST_ATTEMPTS
        return request

    @rule()
    def end_at_once(self) -> None:
        self.stop.set()

    @invariant()
    def time_left_is_within_the_budget(self) -> None:
        assert self.budget.time_left <= RETRY_TIME
        assert not self.stop.is_set() or self.budget.time_left == 0


Batch.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestBatch = Batch.TestCase
