"""A transport that lets a test answer in place of the PBX, or change the PBX between two requests of a task."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import httpx

from tests.support import odata_error
from tests.tasks.support import credential_of
from threecx_node import Batch, Executor, Item, Options, Result
from threecx_node.execution.journal_file import FileJournal
from threecx_node.simulator import Simulator
from threecx_node.transport.retry import RetryPolicy

Interfere = Callable[[httpx.Request], Awaitable[httpx.Response | None]]


class InterferingTransport(httpx.AsyncHTTPTransport):
    """Asks `interfere` before each request, and sends the request to the PBX where it returns None."""

    def __init__(self, interfere: Interfere) -> None:
        super().__init__()
        self._interfere = interfere

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response of the test, else that of the PBX."""
        answer = await self._interfere(request)
        return await super().handle_async_request(request) if answer is None else answer


async def pass_on(_request: httpx.Request) -> None:
    """Interfere with nothing."""


def run_batch(
    pbx: Simulator,
    task: str,
    items: Sequence[Item | Mapping[str, Any]],
    parameters: Mapping[str, Any] | None = None,
    interfere: Interfere = pass_on,
    *,
    journal: FileJournal | None = None,
    stop: asyncio.Event | None = None,
    abort: asyncio.Event | None = None,
    **options: Any,
) -> Batch:
    """Return a batch of a task with a transport that interferes and no waiting before repeats."""

    async def sleep(_seconds: float) -> None:
        return None

    async def main() -> Batch:
        transport = InterferingTransport(interfere)
        retry = RetryPolicy(sleep=sleep, jitter=lambda: 1.0)
        async with transport, Executor(credential_of(pbx), transport=transport, retry=retry) as executor:
            return await executor.run(
                task,
                items,
                parameters,
                options=Options(**options),
                journal=journal,
                stop=stop,
                abort=abort,
            )

    return asyncio.run(main())


def run_disturbed(pbx: Simulator, task: str, parameters: Mapping[str, Any], interfere: Interfere) -> Result:
    """Return the result of a task for one item, with a transport that interferes."""
    [result] = run_batch(pbx, task, [Item({}, parameters)], interfere=interfere).results
    return result


def refuse_request(method: str, path: str, status: int = 403) -> Interfere:
    """Return an interference that refuses each request of a method whose path contains `path`."""

    async def interfere(request: httpx.Request) -> httpx.Response | None:
        if request.method == method and path in request.url.path:
            return odata_error(status, "This was refused by the test.")
        return None

    return interfere


def lose_response(method: str, path: str) -> Interfere:
    """Return an interference that carries out each request of a method, and loses the response."""

    async def interfere(request: httpx.Request) -> httpx.Response | None:
        if request.method == method and path in request.url.path:
            async with httpx.AsyncHTTPTransport() as transport:
                answer = await transport.handle_async_request(request)
                await answer.aread()
            raise httpx.ReadError("the connection was closed", request=request)
        return None

    return interfere


def change_before(
    pbx: Simulator, method: str, path: str, target: str, body: Mapping[str, Any], *, times: int = 1
) -> Interfere:
    """Return an interference that changes an entity, as another program does, before a request of the task."""
    left = [times]

    async def interfere(request: httpx.Request) -> None:
        if request.method == method and path in request.url.path and left[0]:
            left[0] -= 1
            async with httpx.AsyncClient(base_url=f"{pbx.base_url}/xapi/v1/") as client:
                # A login of another program would end the token of the task.
                headers = {"authorization": request.headers["authorization"]}
                answer = await client.patch(target, json=dict(body), headers=headers)
                assert answer.status_code == 204, answer.text

    return interfere
