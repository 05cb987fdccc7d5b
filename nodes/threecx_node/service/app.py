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
from .event_handlers import EventHandlers
from .event_log import EventObserver
from .event_service import EventService
from .executor_pool import ExecutorPool
from .handlers import Handlers
from .metrics import Metrics
from .problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Receive, Scope, Send


_STOPPED = "the executor was stopped"
_SUBSCRIPTION = "/v1/subscriptions/{subscription_id:uuid}"


class ServiceApp(Guard):
    """The service behind its guard."""

    def __init__(
        self,
        app: ASGIApp,
        key: str | None,
        batches: RunningBatches,
        bodies: BodyReader,
        events: EventService,
    ) -> None:
        super().__init__(app, key)
        self._batches = batches
        self._bodies = bodies
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; its body counts as long as it is under way."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._bodies.release(scope)

    @property
    def is_running(self) -> bool:
        """Return whether a batch or a delivery of an event is under way."""
        return self._batches.is_running or self._events.is_busy

    def describe(self) -> str:
        """Return in a few words which batches are under way, and whether events are being delivered."""
        parts = (self._batches.describe(), "deliveries of events" if self._events.is_busy else "")
        return "; ".join(each for each in parts if each)

    def stop(self) -> None:
        """Send no further request; batches end with the requests under way, and their callers get the results."""
        self._batches.stop_all(_STOPPED)

    def begin_end(self) -> None:
        """Prepare for the end of the service, at the beginning of the grace period."""
        self.end_delays()
        self._events.begin_end()

    def abort(self) -> None:
        """Cut off the requests under way; callers get the results of their batches, which say so."""
        self._batches.abort_all(_STOPPED)
        self._events.abort()


def create_app(config: ServiceConfig | None = None) -> ServiceApp:
    """Return the service as an ASGI application."""
    config = config or ServiceConfig()
    batches = RunningBatches()
    metrics = Metrics(batches.count)
    pool = ExecutorPool(config.connections, config.catalog, metrics)
    bodies = BodyReader(config.max_body_bytes, grace=config.body_grace)
    events = EventService(config, pool.token_store, EventObserver(metrics.events))
    metrics.events.watch(events.list_feeds, events.count_readers)
    handlers = Handlers(config, pool, batches, bodies, metrics, events)
    of_events = EventHandlers(config, events, bodies)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        del app
        await events.start()
        yield
        await batches.finish(_STOPPED)
        await events.aclose()
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
        Route("/v1/subscriptions", of_events.list, methods=["GET"]),
        Route("/v1/subscriptions", of_events.add, methods=["POST"]),
        Route("/v1/subscriptions/check", of_events.check, methods=["POST"]),
        Route(_SUBSCRIPTION, of_events.show, methods=["GET"]),
        Route(_SUBSCRIPTION, of_events.remove, methods=["DELETE"]),
        Route(f"{_SUBSCRIPTION}/deliveries", of_events.deliveries, methods=["GET"]),
        Route(f"{_SUBSCRIPTION}/test", of_events.test, methods=["POST"]),
        Route(f"{_SUBSCRIPTION}/resume", of_events.resume, methods=["POST"]),
        Route("/v1/events", of_events.read, methods=["GET", "POST"]),
    ]
    exception_handlers: Any = {
        ProblemError: problems.handle_problem,
        ThreeCxError: problems.handle_error,
        404: problems.handle_unknown_path,
        405: problems.handle_wrong_method,
        Exception: problems.handle_bug,
    }
    app = Starlette(routes=routes, exception_handlers=exception_handlers, lifespan=lifespan)
    return ServiceApp(app, config.key, batches, bodies, events)
