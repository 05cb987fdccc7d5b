"""The handlers of the service's paths. Each one reads a request, calls the executor, and returns JSON."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from starlette.responses import Response, StreamingResponse

from .. import __version__
from ..canvas.credential_test import check_client, describe_newer_release
from ..canvas.list_search import search_entities
from ..canvas.load_options import load_options
from ..canvas.resource_mapping import describe_body_fields
from ..catalog import load_catalog
from ..errors import ThreeCxError
from ..options import read_traceparent
from ..values.json import dumps
from .answer import Answer
from .auth import CONTRACT_VERSION
from .batch_records import describe_record, open_record, read_batch_id
from .batches import BatchStop
from .log import describe_request, log_batch
from .models import (
    CheckRequest,
    ExecuteRequest,
    FieldsRequest,
    HealthResponse,
    OptionsRequest,
    Pbx,
    SearchRequest,
)
from .openapi import build_openapi
from .pbx_access import hide_foreign_words, make_plain
from .problems import ProblemError
from .requests import build_options, find_credential, parse_item, read_request
from .stream import ResultStream, describe_batch
from .while_connected import while_connected

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from threecx_credentials import Credential

    from ..execution.executor import OnPart
    from ..execution.results import Batch, Item, Result
    from .batch_records import BatchRecord
    from .batches import RunningBatches
    from .bodies import BodyReader
    from .config import ServiceConfig
    from .event_service import EventService
    from .executor_pool import ExecutorPool
    from .metrics import Metrics

NDJSON = "application/x-ndjson"
_LEFT = "the caller closed its connection"
_FULL = "the answer is too large"


class Handlers:
    """One method per path."""

    def __init__(
        self,
        config: ServiceConfig,
        pool: ExecutorPool,
        batches: RunningBatches,
        bodies: BodyReader,
        metrics: Metrics,
        events: EventService,
    ) -> None:
        self._config = config
        self._bodies = bodies
        self._pool = pool
        self._metrics = metrics
        self._events = events
        self._batches = batches
        self._catalog = config.catalog or load_catalog()

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

    async def metrics(self, request: Request) -> Response:
        """Return the metrics in a text format of Prometheus."""
        self._metrics.events.set_subscriptions(*await self._events.count())
        content, media_type = self._metrics.expose(request.headers.get("accept", ""))
        return Response(content, media_type=media_type)

    async def execute(self, request: Request) -> Response:
        """Run a batch; return its results as one JSON document, or as NDJSON while it runs."""
        body = await read_request(request, ExecuteRequest, self._bodies)
        operation = self._catalog.operation(body.operation)
        credential = self._find_credential(body.pbx)
        is_written = not body.options.literal
        items = [parse_item(index, each, is_written=is_written) for index, each in enumerate(body.items)]
        batch_id = read_batch_id(body, request.headers)
        record = await open_record(self._config.batches, body, batch_id, items, credential)
        batch = _BatchRequest(body, credential, items, operation.effect, record, _read_traceparent(request))
        if NDJSON in request.headers.get("accept", ""):
            return await self._stream(request, batch)
        return await self._collect(request, batch)

    async def batch(self, request: Request) -> Response:
        """Return what became of a batch."""
        return _make_json(await describe_record(self._config.batches, str(request.path_params["batch_id"])))

    async def search(self, request: Request) -> Response:
        """Return entities to choose from."""
        body = await read_request(request, SearchRequest, self._bodies)
        trace = _read_traceparent(request)
        try:
            async with self._pool.executor(self._find_credential(body.pbx)) as executor:
                searching = search_entities(
                    *(executor, body.operation, body.parameter, body.filter, body.cursor),
                    parameters=body.parameters,
                    traceparent=trace,
                )
                page = await while_connected(request, searching)
        except ThreeCxError as error:
            raise hide_foreign_words(error, body.pbx) from None
        return _make_json(page.to_json())

    async def fields(self, request: Request) -> Response:
        """Return the fields of a body."""
        body = await read_request(request, FieldsRequest, self._bodies)
        return _make_json({"fields": describe_body_fields(self._catalog, body.operation, None)})

    async def options(self, request: Request) -> Response:
        """Return the choices of a parameter."""
        body = await read_request(request, OptionsRequest, self._bodies)
        found = load_options(self._catalog, body.operation, body.parameter, None, body.parameters)
        return _make_json({"options": found})

    async def check(self, request: Request) -> Response:
        """Test a credential; the status is 200 even if the test fails."""
        body = await read_request(request, CheckRequest, self._bodies)
        try:
            credential = self._find_credential(body.pbx)
            async with self._pool.executor(credential) as executor:
                result = await while_connected(
                    request, check_client(executor.client, traceparent=_read_traceparent(request))
                )
        except ThreeCxError as error:
            return _make_json({"ok": False, **hide_foreign_words(error, body.pbx).to_json()})
        version = result.version or "of unknown version"
        message = f"3CX {version}, logged in as {credential.client_id} ({result.describe_rights()})"
        newer = describe_newer_release(self._catalog, result.version, credential.base_url)
        note = ". ".join(each.rstrip(".") for each in (credential.note, newer) if each)
        if not note:
            return _make_json({**result.to_json(), "message": message})
        # A canvas shows the message alone.
        return _make_json({**result.to_json(), "message": f"{message}. Note: {note}", "note": note})

    def _find_credential(self, pbx: Pbx) -> Credential:
        return find_credential(pbx, self._config.profiles, self._config.access)

    async def _collect(self, request: Request, batch: _BatchRequest) -> Response:
        """Return all results at once; a caller that closes its connection stops the batch."""
        answer = Answer(
            max_bytes=self._config.max_answer_bytes,
            only_reads=batch.effect == "read",
            on_full=lambda: batch.stop.set(_FULL),
        )
        try:
            task = self._start(batch, answer.add)
            disconnected = asyncio.ensure_future(request.receive())
            try:
                await asyncio.wait({task, disconnected}, return_when=asyncio.FIRST_COMPLETED)
                if not task.done():
                    batch.stop.leave(_LEFT, batch.effect)
                done = await asyncio.shield(task)
            finally:
                batch.stop.set(_LEFT)
                disconnected.cancel()
            described = {
                **describe_batch(replace(done, notes=[*done.notes, *answer.notes])),
                **batch.record.describe(),
            }
            if answer.is_small:
                return Response(
                    b"".join(answer.read(described)),
                    media_type="application/json",
                    headers=batch.record.headers,
                )
            return _DocumentResponse(answer, described, batch.record.headers)
        except BaseException:
            answer.close()
            raise

    async def _stream(self, request: Request, batch: _BatchRequest) -> Response:
        """Return results as they become available; a caller that closes its connection stops the batch."""
        stream = ResultStream(heartbeat=self._config.heartbeat, in_pages=batch.body.options.pages)
        task = self._start(batch, stream.send, stream.end)
        # An error of the request as a whole occurs before there is a result, and changes the status of the response.
        try:
            first = await while_connected(request, stream.read())
        except ProblemError:
            batch.stop.leave(_LEFT, batch.effect)
            stream.abandon()
            raise
        if not first:
            await asyncio.wait({task})
            if (error := task.exception()) is not None:
                raise error
        lines = stream.lines(first, task, batch.record.describe())
        return _BatchResponse(stream, lines, batch, task)

    def _start(
        self, batch: _BatchRequest, on_part: OnPart, on_end: Callable[[], None] | None = None
    ) -> asyncio.Task[Batch]:
        async def hand_over(result: Result) -> None:
            if result.error is not None:
                hide_foreign_words(result.error, batch.body.pbx)
            await on_part(result)

        async def run() -> Batch:
            try:
                async with self._pool.executor(batch.credential) as executor:
                    done = await executor.run(
                        batch.body.operation,
                        batch.items,
                        options=replace(
                            build_options(batch.body.options, self._config.max_response_bytes),
                            traceparent=batch.traceparent,
                        ),
                        on_part=hand_over,
                        stop=batch.stop.stop,
                        abort=batch.stop.abort,
                        journal=make_plain(batch.record.journal, batch.body.pbx),
                    )
                self._metrics.note_results(done.results)
                notes = [batch.credential.note] if batch.credential.note else []
                return replace(done, notes=[*notes, *done.notes])
            finally:
                await batch.record.close()
                if on_end is not None:
                    on_end()

        logged = log_batch(run(), batch.body, batch.credential, batch.stop.stop)
        return self._batches.start(logged, batch.stop, describe_request(batch.body, batch.credential))


@dataclass(frozen=True, slots=True)
class _BatchRequest:
    """A batch that a caller requested, what its operation does, its record, and what stops it."""

    body: ExecuteRequest
    credential: Credential
    items: list[Item]
    effect: str
    record: BatchRecord
    traceparent: str = ""
    stop: BatchStop = field(default_factory=BatchStop)


class _DocumentResponse(StreamingResponse):
    """All results of a batch, sent as fast as the caller reads them."""

    def __init__(self, answer: Answer, described: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        super().__init__(_iterate(answer.read(described)), media_type="application/json", headers=headers)
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, and remove the temporary files."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._answer.close()


def _read_traceparent(request: Request) -> str:
    return read_traceparent(request.headers.get("traceparent", ""))


async def _iterate(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    # In the event loop: the chunks come from memory or from the file cache.
    for each in chunks:
        yield each


class _BatchResponse(StreamingResponse):
    """The results of a running batch. When the caller has gone, or has read everything, nothing more is sent."""

    def __init__(
        self,
        stream: ResultStream,
        lines: AsyncIterator[bytes],
        batch: _BatchRequest,
        task: asyncio.Task[Batch],
    ) -> None:
        # A proxy that buffers the response would delay the heartbeats.
        super().__init__(
            lines, media_type=NDJSON, headers={"X-Accel-Buffering": "no", **batch.record.headers}
        )
        self._stream = stream
        self._batch = batch
        self._task = task

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, also to a caller that leaves before its first line."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            if not self._task.done():
                self._batch.stop.leave(_LEFT, self._batch.effect)
            self._stream.abandon()


def _make_json(value: Any) -> Response:
    return Response(dumps(value), media_type="application/json")
