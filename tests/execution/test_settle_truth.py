"""Random faults in a row on one change: what is reported is true, and nothing is done twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import FakePbx, odata_error, run

Work = Literal["now", "late", "never"]
AMBIGUOUS: tuple[int | type[httpx.TransportError], ...] = (
    *(408, 500, 502, 503, 504, 520, 302),
    httpx.ReadError,
    httpx.ReadTimeout,
    httpx.RemoteProtocolError,
)


@dataclass(frozen=True)
class Step:
    """The fate of one request that changes something: its answer, and when the PBX does the work."""

    answer: int | type[httpx.TransportError]
    work: Work = "never"


@dataclass
class Script:
    """A PBX with one user, whose answers to changes and to reads follow a script; then it works as it should.

    Work that is late is done before the next but one request.
    """

    changes: list[Step]
    reads: list[int | None]
    user: dict[str, object] | None = field(default_factory=lambda: {"Id": 5, "FirstName": "Ada"})
    done: int = 0
    late: list[list[object]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.catch_up()
        if request.method == "GET":
            fault = self.reads.pop(0) if self.reads else None
            if fault is not None:
                self.log.append("fault")
                return httpx.Response(fault)
            self.log.append("gone" if self.user is None else "there")
            return odata_error(404, "NotFound") if self.user is None else httpx.Response(200, json=self.user)
        if not self.changes:
            self.log.append("changed")
            return self.work(request)
        step = self.changes.pop(0)
        self.log.append(str(step.answer))
        if step.work == "now":
            self.work(request)
        elif step.work == "late":
            self.late.append([2, request])
        if isinstance(step.answer, int):
            return httpx.Response(step.answer)
        raise step.answer("")

    def catch_up(self, *, at_once: bool = False) -> None:
        for each in list(self.late):
            assert isinstance(each[0], int)
            assert isinstance(each[1], httpx.Request)
            each[0] -= 1
            if at_once or each[0] <= 0:
                self.late.remove(each)
                self.work(each[1])

    def work(self, request: httpx.Request) -> httpx.Response:
        if self.user is None:
            return odata_error(404, "NotFound")
        self.done += 1
        if request.method == "DELETE":
            self.user = None
        else:
            self.user |= json.loads(request.content or b"{}")
        return httpx.Response(204)


steps = st.one_of(
    st.builds(Step, st.sampled_from(AMBIGUOUS), st.sampled_from(("now", "late", "never"))),
    st.just(Step(429)),
)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(("DeleteUser", "UpdateUser", "SendWelcomeEmail")),
    st.lists(steps, max_size=8),
    st.lists(st.sampled_from((None, None, 403, 500)), max_size=8),
)
def test_a_result_is_true_and_nothing_is_done_twice(
    operation: str, changes: list[Step], reads: Sequence[int | None]
) -> None:
    script = Script(list(changes), list(reads))
    fields = {"FirstName": "Grace"} if operation == "UpdateUser" else {}
    [result] = run(FakePbx(script), operation, [{}], {"Id": 5, **fields}).results
    script.catch_up(at_once=True)
    if result.error is None:
        assert script.done >= 1
        if operation == "DeleteUser":
            assert script.user is None
    elif not result.error.outcome_unknown:
        assert script.done == 0
    assert script.done <= 1 or operation == "UpdateUser"
    # A change is sent again only after an answer that nothing was done, or a look that shows it.
    for before, after in zip(script.log, script.log[1:], strict=False):
        is_change = after not in ("there", "gone", "fault")
        assert not is_change or before in ("429", "there")
    assert (result.attempts == len(script.log)) or result.attempts == 1
