"""Fair shares of a PBX: requests of one caller that never end do not block others."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx
import pytest

from tests.service.conftest import batch, serving
from tests.transport.servers import response, running

CALLERS = 8
USER = b'{"Id": 5, "Number": "100"}'


class HangingPbx:
    """A PBX that never answers a request for user 666; `hanging` is set when all are under way."""

    def __init__(self) -> None:
        self.hanging = threading.Event()
        self._lock = threading.Lock()
        self._count = 0

    def __call__(self, head: str) -> bytes | None:
        if "(666)" in head:
            with self._lock:
                self._count += 1
                if self._count >= CALLERS:
                    self.hanging.set()
            return None
        if "GetUserRole" in head or "$select" in head or "Defs" in head:
            return response(body=b'{"value": []}', extra="X-3CX-Version: 20.0.9.100\r\n")
        return response(body=USER)


def pbx_at(port: int, client: str = "900") -> dict[str, Any]:
    return {"baseUrl": f"http://127.0.0.1:{port}", "clientId": client, "clientSecret": "key"}


@pytest.mark.parametrize("is_one_batch", [True, False])
def test_requests_that_never_end_block_no_other_caller(is_one_batch: bool) -> None:
    """Neither a check nor a read of another caller waits, with the same credential or another."""
    answer = HangingPbx()

    async def main(url: str, port: int) -> None:
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:

            async def post(path: str, body: dict[str, Any]) -> Any:
                return (await client.post(path, json=body)).json()

            per_call = CALLERS if is_one_batch else 1
            body = batch("GetUser", [{"Id": 666}] * per_call, pbx_at(port), timeout=600)
            calls = [asyncio.create_task(post("/v1/execute", body)) for _ in range(CALLERS // per_call)]
            assert await asyncio.to_thread(answer.hanging.wait, 20)
            for name in ("900", "901"):
                other = pbx_at(port, name)
                assert "message" in await post("/v1/check", {"pbx": other})
                read = await post("/v1/execute", batch("GetUser", [{"Id": 5}] * 20, other))
                numbers = [each["items"][0]["json"]["Number"] for each in read["results"]]
                assert numbers == ["100"] * 20
            assert not [each for each in calls if each.done()]
            for each in calls:
                each.cancel()
            await asyncio.wait(calls)

    with serving(heartbeat=0.2) as service, running(answer) as pbx:
        asyncio.run(main(str(service.base_url), pbx.port))
