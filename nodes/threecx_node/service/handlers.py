"""The handlers of the service's paths. Each one reads a request, calls the executor, and returns JSON."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.responses import Response, StreamingResponse

from .. import __version__
from ..canvas.credential_test import check_client
from ..canvas.list_search import search_entities
from ..canvas.load_options import load_options
from ..canvas.resource_mapping import describe_body_fields
from ..catalog import load_catalog
from ..errors import ThreeCxError
from ..values.json import dumps
from .auth import CONTRACT_VERSION
from .log import log_batch
from .models import (
    CheckRequest,
    ExecuteRequest,
    FieldsRequest,
    HealthResponse,
    OptionsRequest,
    SearchRequest,
)
from .ndjson import ResultLines
from .openapi import build_openapi
from .requests import build_options, find_credential, parse_item, read_request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from threecx_credentials import Credential

    from ..execution.results import Batch, Item
    from .batches import RunningBatches
    from .config import ServiceConfig
    from .executor_pool import ExecutorPool

NDJSON = "application/x-ndjson"


class Handlers:
    """One method per path."""

    def __init__(self, config: ServiceConfig, pool: ExecutorPool, batches: RunningBatches) -> None:
        self._config = config
        self._pool = pool
        self._batches = batches
        self._catalog = load_catalog()

    async def health(self, request: Request) -> Response:
        """Return versions."""
        del request
        health = HealthResponse(
            version=__version__, contract=CONTRACT_VERSION, releases=list(self._catalog.releases)
        )
        return _make_json(health.model_dump())

    async def openapi(self, request: Request) -> Response:
        """Return the OpenAPI document."""
        del request
        return _make_json(build_openapi())

    async def execute(self, request: Request) -> Response:
        """Run a batch; return its results as one JSON document, or as NDJSON while it runs."""
        body = await read_request(request, ExecuteRequest, self._config.max_body_bytes)
        self._catalog.operation(body.operation)
        credential = find_credential(body.pbx, self._config.profiles)
        items = [parse_item(index, each) for index, each in enumerate(body.items)]
        stop = asyncio.Event()
        if NDJSON in request.headers.get("accept", ""):
            return await self._stream(body, items, credential, stop)
        batch = self._start(body, items, credential, stop, None)
        return await _wait_for_results(request, batch, stop)

    async def search(self, request: Request) -> Response:
        """Return entities to choose from."""
        body = await read_request(request, SearchRequest, self._config.max_body_bytes)
        async with self._pool.executor(find_credential(body.pbx, self._config.profiles)) as executor:
            page = await search_entities(executor, body.operation, body.parameter, body.filter, body.cursor)
        return _make_json(page.to_json())

    async def fields(self, request: Request) -> Response:
        """Return the fields of a body."""
        body = await read_request(request, FieldsRequest, self._config.max_body_bytes)
        return _make_json({"fields": describe_body_fields(self._catalog, body.operation, None)})

    async def options(self, request: Request) -> Response:
        """Return the choices of a parameter."""
        body = await read_request(request, OptionsRequest, self._config.max_body_bytes)
        return _make_json({"options": load_options(self._catalog, body.operation, body.parameter, None)})

    async def check(self, request: Request) -> Response:
        """Test a credential; the status is 200 even if the test fails."""
        body = await read_request(request, CheckRequest, self._config.max_body_bytes)
        try:
            credential = find_credential(body.pbx, self._config.profiles)
            async with self._pool.executor(credential) as executor:
                result = await check_client(executor.client)
        except ThreeCxError as error:
            return _make_json({"ok": False, **error.to_json()})
        message = f"3CX {result.version or 'of unknown version'}, logged in as {credential.client_id} ({result.role})"
        return _make_json({**result.to_json(), "message": message})

    async def _stream(
        self, body: ExecuteRequest, items: list[Item], credential: Credential, stop: asyncio.Event
    ) -> Response:
        lines = ResultLines(self._config.heartbeat)
        batch = self._start(body, items, credential, stop, lines)
        # An error of the request as a whole occurs before anything is sent, and changes the status of the response:
        # wait until it is known.
        first = await lines.first(batch)
        if batch.done() and (error := batch.exception()) is not None:
            raise error
        # A proxy that buffers the response would delay the heartbeats.
        headers = {"X-Accel-Buffering": "no"}
        chunks = _write_lines(lines, first, batch, in_parts=body.options.pages)
        return _BatchResponse(chunks, stop, lines, headers)

    def _start(
        self,
        body: ExecuteRequest,
        items: list[Item],
        credential: Credential,
        stop: asyncio.Event,
        lines: ResultLines | None,
    ) -> asyncio.Task[Batch]:
        async def run() -> Batch:
            async with self._pool.executor(credential) as executor:
                return await executor.run(
                    body.operation,
                    items,
                    options=build_options(body.options),
                    on_result=lines.add if lines else None,
                    on_part=lines.add_part if lines and body.options.pages else None,
                    stop=stop,
                )

        return self._batches.start(log_batch(run(), body, credential, stop), stop)


async def _wait_for_results(request: Request, batch: asyncio.Task[Batch], stop: asyncio.Event) -> Response:
    """Return all results at once; a caller that closes its connection stops the batch."""
    disconnected = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({batch, disconnected}, return_when=asyncio.FIRST_COMPLETED)
        if not batch.done():
            stop.set()
        done = await asyncio.shield(batch)
    finally:
        stop.set()
        disconnected.cancel()
    return _make_json({"results": [each.to_json() for each in done.results]})


async def _write_lines(
    lines: ResultLines, first: bytes, batch: asyncio.Task[Batch], *, in_parts: bool
) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for chunk in lines.lines(batch, in_parts=in_parts):
        yield chunk


class _BatchResponse(StreamingResponse):
    """The NDJSON of a running batch. When the caller has gone, or has read everything, nothing more is sent."""

    def __init__(
        self, chunks: AsyncIterator[bytes], stop: asyncio.Event, lines: ResultLines, headers: dict[str, str]
    ) -> None:
        super().__init__(chunks, media_type=NDJSON, headers=headers)
        self._stop = stop
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, also to a caller that leaves before its first line."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._stop.set()
            self._lines.close()


def _make_json(value: Any) -> Response:
    return Response(dumps(value), media_type="application/json")
