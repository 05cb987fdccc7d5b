"""A batch that is stopped at once: what was under way is reported, and nothing more is sent."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.support import credential
from threecx_node.execution.executor import Executor
from threecx_node.execution.results import Batch

STUCK = 2


class StuckPbx(httpx.AsyncBaseTransport):
    """Answers at once, except to the request with the number STUCK; `is_stuck` is set once that is under way."""

    def __init__(self, stuck_at: str) -> None:
        self.stuck_at = stuck_at
        self.is_stuck = asyncio.Event()
        self.targets: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        if target == "/connect/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 60})
        self.targets.append(f"{request.method} {target}")
        if self.stuck_at in target:
            self.is_stuck.set()
            await asyncio.Event().wait()
        return httpx.Response(204) if request.method == "DELETE" else httpx.Response(200, json={"value": []})


async def abort(operation: str, stuck_at: str, parameters: dict[str, str]) -> tuple[Batch, StuckPbx]:
    pbx, stop = StuckPbx(stuck_at), asyncio.Event()
    async with Executor(credential(), transport=pbx) as executor:
        running = asyncio.create_task(
            executor.run(operation, [{"Id": each} for each in range(6)], parameters, abort=stop)
        )
        await asyncio.wait_for(pbx.is_stuck.wait(), 20)
        await asyncio.sleep(0.05)
        stop.set()
        return await asyncio.wait_for(running, 20), pbx


def test_a_change_under_way_has_an_unknown_outcome() -> None:
    batch, pbx = asyncio.run(abort("DeleteCallFlowApp", f"({STUCK})", {"Id": "={{ $json.Id }}"}))
    assert pbx.targets == [f"DELETE /xapi/v1/CallFlowApps({each})" for each in range(6)]
    [error] = [each.error for each in batch.results if each.error]
    assert batch.results[STUCK].error is error
    assert error.outcome_unknown
    assert "Check in 3CX" in error.description
    assert error.request == {"method": "DELETE", "url": f"https://pbx.example/xapi/v1/CallFlowApps({STUCK})"}


def test_a_read_under_way_has_no_unknown_outcome() -> None:
    batch, _ = asyncio.run(abort("ListUser", "Users", {}))
    assert len(batch.results) == 6
    assert {each.error.code for each in batch.results if each.error} == {"stopped"}
    assert not [each for each in batch.results if each.error and each.error.outcome_unknown]


@pytest.mark.parametrize("operation", ["GetUserByNumber"])
def test_nothing_is_tried_if_the_release_is_not_known_yet(operation: str) -> None:
    batch, pbx = asyncio.run(abort(operation, "/Defs", {"Number": "100"}))
    assert pbx.targets == ["GET /xapi/v1/Defs?$select=Id"]
    assert {each.error.code for each in batch.results if each.error} == {"not_attempted"}
    assert len(batch.results) == 6
