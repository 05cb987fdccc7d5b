"""The calls of the service: HTTP in, the executor's functions, JSON out. What is decided here is HTTP alone."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from threecx_credentials import Credential, CredentialError

from .. import __version__
from ..canvas.credential_test import check_client
from ..canvas.list_search import search_entities
from ..canvas.load_options import load_options
from ..canvas.resource_mapping import describe_body_fields
from ..catalog import load_catalog
from ..errors import ConfigurationError, ThreeCxError
from ..execution.results import Batch, Item
from ..options import Limits, Options
from ..values.json import dumps, loads, why_not_json
from .auth import CONTRACT, Guard
from .executor_pool import ExecutorPool
from .log import told
from .models import (
    MAX_ITEMS,
    CheckRequest,
    ExecuteRequest,
    FieldsRequest,
    HealthAnswer,
    OptionsRequest,
    Pbx,
    SearchRequest,
)
from .ndjson import HEARTBEAT_SECONDS, ResultLines
from .openapi import openapi
from .problems import ProblemError, fault_of_ours, problem, problem_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.types import ASGIApp

DEFAULT_MAX_BODY_BYTES = 32 * 1024 * 1024
NDJSON = "application/x-ndjson"
# How long requests under way may take when the service ends.
LAST_SECONDS = 20
_Model = TypeVar("_Model", bound=BaseModel)


def make_app(
    *,
    key: str | None = None,
    profiles: Mapping[str, Credential] | None = None,
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    heartbeat: float = HEARTBEAT_SECONDS,
    limits: Limits | None = None,
) -> ServiceApp:
    """The service as an ASGI application.

    `key` may be None only where it listens on loopback; `limits` are those of each PBX, for all callers together.
    """
    service = _Service(profiles or {}, max_body_bytes, heartbeat, ExecutorPool(limits))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        del app
        yield
        await service.finish()

    routes = [
        Route("/health", service.health, methods=["GET"]),
        Route("/openapi.json", service.document, methods=["GET"]),
        Route("/v1/execute", service.execute, methods=["POST"]),
        Route("/v1/search", service.search, methods=["POST"]),
        Route("/v1/fields", service.fields, methods=["POST"]),
        Route("/v1/options", service.options, methods=["POST"]),
        Route("/v1/check", service.check, methods=["POST"]),
    ]
    handlers: Any = {
        ProblemError: _on_problem,
        ThreeCxError: _on_error,
        404: _on_unknown_path,
        405: _on_wrong_method,
        Exception: _on_bug,
    }
    app = Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan)
    return ServiceApp(app, key, service)


class ServiceApp(Guard):
    """The service behind its guard."""

    def __init__(self, app: ASGIApp, key: str | None, service: _Service) -> None:
        super().__init__(app, key)
        self._service = service

    def stop_batches(self) -> None:
        """Lets no further request go out; batches end with what is under way, and answer."""
        self._service.stop_batches()


class _Service:
    def __init__(
        self, profiles: Mapping[str, Credential], max_body_bytes: int, heartbeat: float, pool: ExecutorPool
    ) -> None:
        self._profiles = profiles
        self._max_body_bytes = max_body_bytes
        self._heartbeat = heartbeat
        self._pool = pool
        self._running: dict[asyncio.Task[Batch], asyncio.Event] = {}
        self._catalog = load_catalog()

    async def finish(self) -> None:
        """Lets requests under way end, starts no others, and closes the connections.

        By then the server has given batches their time to end as a whole.
        """
        self.stop_batches()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=LAST_SECONDS)
            for batch in late:
                batch.cancel()
        await self._pool.aclose()

    def stop_batches(self) -> None:
        """Lets no further request go out."""
        for stop in self._running.values():
            stop.set()

    async def health(self, request: Request) -> Response:
        del request
        releases = list(self._catalog.releases)
        return _json(HealthAnswer(version=__version__, contract=CONTRACT, releases=releases).model_dump())

    async def document(self, request: Request) -> Response:
        del request
        return _json(openapi())

    async def execute(self, request: Request) -> Response:
        asked = await self._read(request, ExecuteRequest)
        self._catalog.operation(asked.operation)
        credential = self._credential(asked.pbx)
        items = [_item(index, each) for index, each in enumerate(asked.items)]
        lines = ResultLines(self._heartbeat)
        stop = asyncio.Event()
        streamed = NDJSON in request.headers.get("accept", "")
        running = self._run(credential, asked, items, stop, lines if streamed else None)
        batch = asyncio.create_task(told(running, asked, credential, stop), name="threecx-batch")
        self._running[batch] = stop
        batch.add_done_callback(self._ended)
        if not streamed:
            return await _whole(request, batch, stop)
        # What is wrong with the call as a whole shows before anything is sent: wait for that, or for a first result.
        first = await lines.first(batch)
        if batch.done() and (error := batch.exception()) is not None:
            raise error
        # A proxy that collects an answer before it hands it on would keep the heartbeats back.
        headers = {"X-Accel-Buffering": "no"}
        return StreamingResponse(_stream(lines, first, batch, stop), media_type=NDJSON, headers=headers)

    def _ended(self, batch: asyncio.Task[Batch]) -> None:
        self._running.pop(batch, None)
        # Where the caller has gone nobody asks for the error, and asyncio would tell it with its words.
        if not batch.cancelled():
            batch.exception()

    async def _run(
        self,
        credential: Credential,
        asked: ExecuteRequest,
        items: list[Item],
        stop: asyncio.Event,
        lines: ResultLines | None,
    ) -> Batch:
        async with self._pool.executor(credential) as executor:
            return await executor.run(
                asked.operation,
                items,
                options=_options(asked),
                on_result=lines.add if lines else None,
                stop=stop,
            )

    async def search(self, request: Request) -> Response:
        asked = await self._read(request, SearchRequest)
        async with self._pool.executor(self._credential(asked.pbx)) as executor:
            page = await search_entities(
                executor, asked.operation, asked.parameter, asked.filter, asked.cursor
            )
        return _json(page.to_json())

    async def fields(self, request: Request) -> Response:
        asked = await self._read(request, FieldsRequest)
        return _json({"fields": describe_body_fields(self._catalog, asked.operation, None)})

    async def options(self, request: Request) -> Response:
        asked = await self._read(request, OptionsRequest)
        return _json({"options": load_options(self._catalog, asked.operation, asked.parameter, None)})

    async def check(self, request: Request) -> Response:
        asked = await self._read(request, CheckRequest)
        try:
            credential = self._credential(asked.pbx)
            async with self._pool.executor(credential) as executor:
                result = await check_client(executor.client(Options()))
        except ThreeCxError as error:
            return _json({"ok": False, **error.to_json()})
        told = f"3CX {result.version or 'of unknown version'}, logged in as {credential.client_id} ({result.role})"
        return _json({**result.to_json(), "message": told})

    def _credential(self, pbx: Pbx) -> Credential:
        if pbx.profile is not None:
            if pbx.profile not in self._profiles:
                known = ", ".join(sorted(self._profiles)) or "none"
                raise ConfigurationError(
                    f"the executor has no profile {pbx.profile!r}",
                    description=f"It has {known}; profiles stand in its profiles.toml.",
                    field="profile",
                )
            return self._profiles[pbx.profile]
        try:
            return Credential.of(pbx.base_url, pbx.client_id, pbx.client_secret, verify_tls=pbx.verify_tls)
        except CredentialError as error:
            raise ConfigurationError(str(error), description=error.remedy, field=error.field) from error

    async def _read(self, request: Request, model: type[_Model]) -> _Model:
        """The request's body as an envelope; raises ProblemError."""
        raw = bytearray()
        try:
            async for chunk in request.stream():
                raw += chunk
                if len(raw) > self._max_body_bytes:
                    raise ProblemError(
                        413,
                        f"the request is larger than {self._max_body_bytes // 2**20} MB",
                        "Send fewer items at once, or start the executor with a larger --max-body.",
                        "too_large",
                    )
        except ClientDisconnect as error:
            raise ProblemError(400, "the request broke off") from error
        try:
            content = loads(bytes(raw))
        except ValueError as error:
            raise ProblemError(
                400, f"the body is no JSON{why_not_json(error)}", "Send JSON.", "input"
            ) from error
        try:
            return model.model_validate(content)
        except ValidationError as error:
            raise _invalid(error) from error


def _invalid(error: ValidationError) -> ProblemError:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(each) for each in first["loc"]) or "the body"
    if first["type"] == "too_long":
        return ProblemError(
            413, f"more than {MAX_ITEMS} items in one call", "Send them in batches.", "too_large"
        )
    return ProblemError(422, f"{where}: {first['msg']}", "See /openapi.json for what it takes.")


def _item(index: int, given: Any) -> Item:
    """One item of a batch; a shape that cannot be read is the caller's mistake, not the item's."""
    if isinstance(given, dict) and set(given) <= {"json", "parameters"}:
        json, parameters = given.get("json") or {}, given.get("parameters") or {}
        if isinstance(json, dict) and isinstance(parameters, dict):
            return Item(json, parameters)
    raise ProblemError(422, f'item {index} is not {{"json"?: {{…}}, "parameters": {{…}}}}', "Mend the call.")


def _options(asked: ExecuteRequest) -> Options:
    given = asked.options
    limits = Limits()
    return Options(
        dry_run=given.dry_run,
        prepare_only=given.prepare_only,
        continue_on_fail=given.continue_on_fail,
        release=given.release,
        time_zone=given.time_zone,
        limits=Limits(
            concurrency=given.concurrency or limits.concurrency, timeout=given.timeout or limits.timeout
        ),
    )


async def _whole(request: Request, batch: asyncio.Task[Batch], stop: asyncio.Event) -> Response:
    """All results at once; a caller that goes away stops the batch."""
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({batch, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not batch.done():
            stop.set()
        done = await asyncio.shield(batch)
    finally:
        stop.set()
        gone.cancel()
    return _json({"results": [each.to_json() for each in done.results]})


async def _stream(
    lines: ResultLines, first: bytes, batch: asyncio.Task[Batch], stop: asyncio.Event
) -> AsyncIterator[bytes]:
    try:
        if first:
            yield first
        async for chunk in lines.lines(batch):
            yield chunk
    finally:
        # Nobody reads any more, or all is read: what is under way ends, nothing new goes out.
        stop.set()


def _json(value: Any, status: int = 200) -> Response:
    return Response(dumps(value), status, media_type="application/json")


async def _on_problem(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, ProblemError)  # noqa: S101 (registered for this class alone)
    return problem(error.status, error.detail, error.description, error.code)


async def _on_error(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, ThreeCxError)  # noqa: S101 (registered for this class alone)
    return problem_of(error)


async def _on_unknown_path(request: Request, error: Exception) -> Response:
    del error
    return problem(
        404, f"there is no {request.url.path[:100]}", "See /openapi.json for what there is.", "unknown_path"
    )


async def _on_wrong_method(request: Request, error: Exception) -> Response:
    del error
    return problem(405, f"{request.url.path[:100]} takes no {request.method}", "See /openapi.json.", "method")


async def _on_bug(request: Request, error: Exception) -> Response:
    del error
    return await _on_problem(request, fault_of_ours())
