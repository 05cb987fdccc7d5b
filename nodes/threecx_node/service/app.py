"""The service as an ASGI application."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.routing import Route

from ..errors import ThreeCxError
from . import problems
from .auth import Guard
from .batches import RunningBatches
from .bodies import BodyReader
from .config import ServiceConfig
from .executor_pool import ExecutorPool
from .handlers import Handlers
from .metrics import Metrics
from .problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Receive, Scope, Send


_STOPPED = "the executor was stopped"


class ServiceApp(Guard):
    """The service behind its guard."""

    def __init__(self, app: ASGIApp, key: str | None, batches: RunningBatches, bodies: BodyReader) -> None:
        super().__init__(app, key)
        self._batches = batches
        self._bodies = bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; its body counts as long as it is under way."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._bodies.release(scope)

    @property
    def is_running(self) -> bool:
        """Return whether a batch is under way."""
        return self._batches.is_running

    def describe(self) -> str:
        """Return which batches are under way in a few words."""
        return self._batches.describe()

    def stop(self) -> None:
        """Send no further request; batches end with the requests under way, and their callers get the results."""
        self._batches.stop_all(_STOPPED)

    def begin_end(self) -> None:
        """Prepare for the end of the service, at the beginning of the grace period."""
        self.end_delays()

    def abort(self) -> None:
        """Cut off the requests under way; callers get the results of their batches, which say so."""
        self._batches.abort_all(_STOPPED)


def create_app(config: ServiceConfig | None = None) -> ServiceApp:
    """Return the service as an ASGI application."""
    config = config or ServiceConfig()
    batches = RunningBatches()
    metrics = Metrics(batches.count)
    pool = ExecutorPool(config.connections, config.catalog, metrics)
    bodies = BodyReader(config.max_body_bytes, grace=config.body_grace)
    handlers = Handlers(config, pool, batches, bodies, metrics)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        del app
        yield
        await batches.finish(_STOPPED)
        await pool.aclose()
        if config.batches is not None:
            await config.batches.aclose()

    routes = [
        Route("/health", handlers.health, methods=["GET"]),
        Route("/openapi.json", handlers.openapi, methods=["GET"]),
        Route("/metrics", handlers.metrics, methods=["GET"]),
        Route("/v1/execute", handlers.execute, methods=["POST"]),
        Route("/v1/batches/{batch_id:uuid}", handlers.batch, methods=["GET"]),
        Route("/v1/search", handlers.search, methods=["POST"]),
        Route("/v1/fields", handlers.fields, methods=["POST"]),
        Route("/v1/options", handlers.options, methods=["POST"]),
        Route("/v1/check", handlers.check, methods=["POST"]),
    ]
    exception_handlers: Any = {
        ProblemError: problems.handle_problem,
        ThreeCxError: problems.handle_error,
        404: problems.handle_unknown_path,
        405: problems.handle_wrong_method,
        Exception: problems.handle_bug,
    }
    app = Starlette(routes=routes, exception_handlers=exception_handlers, lifespan=lifespan)
    return ServiceApp(app, config.key, batches, bodies)
