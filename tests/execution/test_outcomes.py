"""Refused logins and tokens, repeated requests, and outcomes that are unknown."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.support import FakePbx, credential, deleting, run
from threecx_node.errors import (
    LoginError,
)
from threecx_node.execution.executor import Executor
from threecx_node.execution.results import Batch
from threecx_node.options import Options

ID = {"Id": "={{ $json.Id }}"}

ID = {"Id": "={{ $json.Id }}"}


def test_a_refused_login_stops_everything() -> None:
    asked: list[str] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(401, json={"error": "unauthorized", "error_description": "no"})

    async def main() -> Batch:
        executor = Executor(credential(), transport=httpx.MockTransport(refuse))
        async with executor:
            return await executor.run(
                "DeleteCallFlowApp",
                [{"Id": n} for n in range(50)],
                ID,
                options=Options(continue_on_fail=True),
            )

    batch = asyncio.run(main())
    assert asked == ["/connect/token"]
    assert isinstance(batch.results[0].error, LoginError)
    assert batch.exit_code == 3
    assert len(batch.not_tried) >= 42


def test_a_token_refused_in_mid_batch_is_renewed_once() -> None:
    state = {"ended": False}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] == "Bearer token-1" and "(5)" in request.url.path:
            state["ended"] = True
        if state["ended"] and request.headers["authorization"] == "Bearer token-1":
            return httpx.Response(401)
        return httpx.Response(204)

    pbx = FakePbx(answer)
    batch = run(pbx, "DeleteCallFlowApp", [{"Id": n} for n in range(20)], ID)
    assert batch.exit_code == 0
    assert pbx.logins == 2


def test_a_token_that_is_always_refused_is_an_error_with_advice() -> None:
    pbx = FakePbx(lambda _: httpx.Response(401))
    batch = run(pbx, "GetUser", [{}], {"Id": 5})
    error = batch.results[0].error
    assert error is not None
    assert error.http_code == 401
    assert "API key" in error.description
    assert pbx.logins == 2


@pytest.mark.parametrize("operation", ["GetUser", "DeleteUser"])
@pytest.mark.parametrize("status", [429, 503])
def test_what_the_pbx_did_not_begin_is_sent_again_in_time(operation: str, status: int) -> None:
    pbx = FakePbx(lambda _: httpx.Response(status, headers={"retry-after": "9"}))
    batch = run(pbx, operation, [{}], {"Id": 5})
    assert pbx.waits == [9.0, 9.0, 9.0]
    assert len(pbx.requests) == 4
    [result] = batch.results
    assert result.error is not None
    assert (result.error.http_code, result.error.outcome_unknown) == (status, False)
    once = FakePbx(lambda _: httpx.Response(status, headers={"retry-after": "9"}))
    assert run(once, operation, [{}], {"Id": 5}, Options(retry_time=0)).exit_code == 1
    assert len(once.requests) == 1


@pytest.mark.parametrize(("operation", "unknown"), [("GetUser", False), ("DeleteUser", True)])
@pytest.mark.parametrize("status", [502, 504])
def test_a_write_that_a_gateway_gave_up_on_may_have_been_done(
    operation: str, unknown: bool, status: int
) -> None:
    pbx = FakePbx(lambda _: httpx.Response(status))
    [result, _] = run(pbx, operation, [{}, {}], {"Id": 5}).results
    assert result.error is not None
    assert result.error.outcome_unknown is unknown
    assert (result.error.to_json().get("outcome") == "unknown") is unknown
    assert ("Check in 3CX" in result.error.description) is unknown


def test_a_login_without_an_answer_has_done_nothing() -> None:
    class Silent(FakePbx):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ReadTimeout("", request=request) from TimeoutError()

    [result] = run(Silent(lambda _: httpx.Response(204)), "DeleteUser", [{}], {"Id": 5}).results
    assert result.error is not None
    assert (result.error.code, result.error.outcome_unknown) == ("timeout", False)


def test_the_summary_lists_unknown_outcomes() -> None:
    batch = run(
        deleting({2: httpx.Response(504), 3: httpx.Response(404)}),
        "DeleteCallFlowApp",
        [{"Id": 1}, {"Id": 2}, {"Id": 3}],
        ID,
        Options(continue_on_fail=True),
    )
    assert batch.summary().endswith("(done: item 0; failed: item 2; unknown whether carried out: item 1)")
