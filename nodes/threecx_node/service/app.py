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
from .config import ServiceConfig
from .executor_pool import ExecutorPool
from .handlers import Handlers
from .problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp


class ServiceApp(Guard):
    """The service behind its guard."""

    def __init__(self, app: ASGIApp, key: str | None, batches: RunningBatches) -> None:
        super().__init__(app, key)
        self._batches = batches

    def stop_batches(self) -> None:
        """Send no further request; batches end with the requests under way, and their callers get the results."""
        self._batches.stop_all()


def create_app(config: ServiceConfig | None = None) -> ServiceApp:
    """Return the service as an ASGI application."""
    config = config or ServiceConfig()
    batches = RunningBatches()
    pool = ExecutorPool(config.connections, config.catalog)
    handlers = Handlers(config, pool, batches)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        del app
        yield
        await batches.finish()
        await pool.aclose()

    routes = [
        Route("/health", handlers.health, methods=["GET"]),
        Route("/openapi.json", handlers.openapi, methods=["GET"]),
        Route("/v1/execute", handlers.execute, methods=["POST"]),
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
    return ServiceApp(app, config.key, batches)
