"""Who may call: the key, the host name, no web page of somebody else's; and which contract is spoken."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from .. import __version__
from .log import Refusals
from .problems import problem

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTRACT = 1
_OPEN = frozenset({"/health"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Guard:
    """Turns away who may not call, before anything of a request is read. `key` is None on loopback only."""

    def __init__(self, app: ASGIApp, key: str | None) -> None:
        self._app = app
        self._key = key
        self._refusals = Refusals()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands the request on, or answers it with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Threecx-Contract"] = str(CONTRACT)
                headers["Threecx-Version"] = __version__
                headers["Cache-Control"] = "no-store"
            await send(message)

        refusal = self._refusal(scope, Headers(scope=scope))
        await (refusal or self._app)(scope, receive, send_marked)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if "origin" in headers:
            return problem(
                403, "web pages may not call the executor", "Call it from a canvas or a program.", "origin"
            )
        if self._key is None:
            host = headers.get("host", "")
            name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
            if name.lower() not in _LOOPBACK:
                return problem(
                    403,
                    f"an executor without a key is called as 127.0.0.1 or localhost, not as {name[:100]!r}",
                    "Start it with --key-file for other names.",
                    "host",
                )
            return None
        given = headers.get("authorization", "")
        scheme, _, key = given.partition(" ")
        if scope["path"] in _OPEN or (
            scheme.lower() == "bearer" and hmac.compare_digest(key.strip().encode(), self._key.encode())
        ):
            return None
        what = "the executor's key is wrong" if given else "the executor wants its key"
        peer = scope.get("client")
        self._refusals.add(str(peer[0]) if peer else "an unknown address", what)
        return problem(
            401, what, "Set Executor Key in the credential to the key it was started with.", "executor_key"
        )
