"""When a PBX is given up: one failure is one item's error, several in a row end the batch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest

from tests.support import FakePbx, run
from threecx_node.errors import GivenUpError, NotAttemptedError
from threecx_node.execution.executor import Executor
from threecx_node.execution.results import Batch
from threecx_node.options import Options
from threecx_node.transport.breaker import FAILURES

ID = {"Id": "={{ $json.Id }}"}
ITEMS = [{"Id": number} for number in range(30)]
PAGE = httpx.Response(200, text="<html><title>Sign in</title></html>", headers={"content-type": "text/html"})


def cut(request: httpx.Request) -> httpx.Response:
    raise httpx.RemoteProtocolError("cut", request=request)


def refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request) from ConnectionRefusedError()


Answer = Callable[[httpx.Request], httpx.Response]
BAD: dict[str, Answer] = {
    "web page": lambda _: PAGE,
    "502": lambda _: httpx.Response(502),
    "cut": cut,
}


def options(**given: object) -> Options:
    return Options(continue_on_fail=True, retry_time=0, **given)  # type: ignore[arg-type]  # options of the class


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_one_bad_answer_in_mid_batch_is_one_items_error(bad: Answer) -> None:
    pbx = FakePbx(lambda each: bad(each) if "(9)" in each.url.path else httpx.Response(204))
    batch = run(pbx, "DeleteCallFlowApp", ITEMS, ID, options())
    assert [each.index for each in batch.failed] == [9]
    assert not batch.not_tried


def test_a_pbx_that_fails_again_and_again_is_given_up() -> None:
    pbx = FakePbx(refuse)
    batch = run(pbx, "DeleteCallFlowApp", ITEMS, ID, options(concurrency=1))
    assert len(pbx.requests) == FAILURES
    assert [each.error.code for each in batch.failed if each.error] == ["connection_refused"] * FAILURES
    [words] = {each.error.message for each in batch.not_tried if each.error}
    assert words == (
        "not tried, because pbx.example is given up after 5 failures in a row, the last one: "
        "pbx.example refused the connection"
    )
    assert batch.exit_code == 3


def test_errors_of_3cx_do_not_give_it_up() -> None:
    body = {"error": {"code": "", "message": "WARNINGS.XAPI.IN_USE"}}
    pbx = FakePbx(lambda _: httpx.Response(500, json=body))
    batch = run(pbx, "DeleteCallFlowApp", ITEMS, ID, options())
    assert len(batch.failed) == len(ITEMS)


def test_a_batch_for_a_pbx_that_is_given_up_says_so_at_once() -> None:
    pbx = FakePbx(refuse)

    async def main() -> tuple[Batch, int]:
        async with pbx.executor() as executor:
            await executor.run("DeleteCallFlowApp", ITEMS, ID, options=options())
            before = len(pbx.requests)
            batch = await executor.run("DeleteCallFlowApp", ITEMS, ID, options=options())
            return batch, len(pbx.requests) - before

    batch, requests = asyncio.run(main())
    assert requests <= 1, "at most the probe"
    [first] = batch.failed
    assert isinstance(first.error, GivenUpError)
    assert "tried again" in first.error.description
    assert len(batch.not_tried) == len(ITEMS) - 1
    assert batch.exit_code == 3


def test_an_unknown_outcome_stays_so_when_the_pbx_is_given_up() -> None:
    batch = run(FakePbx(cut), "DeleteCallFlowApp", ITEMS, ID, options())
    for each in batch.results:
        assert each.error is not None
        assert each.error.outcome_unknown or isinstance(each.error, NotAttemptedError | GivenUpError)
    assert len([each for each in batch.failed if each.error and each.error.outcome_unknown]) >= 1


def test_a_refused_login_ends_the_batch_at_once() -> None:
    class Refusing(FakePbx):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            assert request.url.path == "/connect/token"
            self.logins += 1
            return httpx.Response(401, json={"error": "unauthorized"})

    pbx = Refusing(lambda _: httpx.Response(204))
    batch = run(pbx, "DeleteCallFlowApp", ITEMS, ID, options())
    assert pbx.logins == 1
    assert batch.exit_code == 3


def test_executors_of_one_pbx_share_its_limit() -> None:
    """Executors with a network of their own do not: tests and users put in other transports."""

    async def main() -> tuple[bool, bool]:
        from tests.support import credential

        async with Executor(credential()) as one, Executor(credential(), connections=3) as other:
            shared = one.client.make_caller().member.gate is other.client.make_caller().member.gate
        pbx = FakePbx(lambda _: httpx.Response(204))
        async with pbx.executor() as one, pbx.executor() as other:
            own = one.client.make_caller().member.gate is not other.client.make_caller().member.gate
        return shared, own

    assert asyncio.run(main()) == (True, True)
