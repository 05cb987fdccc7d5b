"""Access control: the executor key, the host name, and no requests from web pages. Adds the contract version."""

from __future__ import annotations

import hmac
import ipaddress
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from .. import __version__
from .log import RefusalLog
from .problems import make_problem
from .slow_down import LONGEST_DELAY, SlowDown

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTRACT_VERSION = 1
_WITHOUT_KEY = frozenset({"/health"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Guard:
    """Refuses callers without access before their request is read. `key` is None on loopback only."""

    def __init__(self, app: ASGIApp, key: str | None) -> None:
        self._app = app
        self._key = key
        self._log = RefusalLog()
        self._slow_down = SlowDown()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on to the application, or send a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Threecx-Contract"] = str(CONTRACT_VERSION)
                headers["Threecx-Version"] = __version__
                headers["Cache-Control"] = "no-store"
            await send(message)

        headers = Headers(scope=scope)
        refusal = _check_origin(headers) or (
            _check_host(headers) if self._key is None else await self._check_key(scope, headers, self._key)
        )
        await (refusal or self._app)(scope, receive, send_with_version)

    def end_delays(self) -> None:
        """Answer callers with wrong keys at once from now on, because the service ends."""
        self._slow_down.end()

    async def _check_key(self, scope: Scope, headers: Headers, key: str) -> Response | None:
        given = headers.get("authorization", "")
        scheme, _, given_key = given.partition(" ")
        if scope["path"] in _WITHOUT_KEY or (
            scheme.lower() == "bearer" and hmac.compare_digest(given_key.strip().encode(), key.encode())
        ):
            return None
        what = "the executor key is wrong" if given else "the executor key is missing"
        peer = scope.get("client")
        address = str(peer[0]) if peer else "an unknown address"
        self._log.add(address, what, forwarded_for=_read_forwarded(headers))
        if await self._slow_down.wait(address):
            return make_problem(
                401, what, "Set Executor Key in the credential to the key of the executor.", "executor_key"
            )
        refusal = make_problem(
            429,
            f"{what}, and too many requests without the right key are waiting",
            "Set Executor Key in the credential to the key of the executor.",
            "executor_key",
        )
        refusal.headers["Retry-After"] = f"{LONGEST_DELAY:.0f}"
        refusal.headers["Connection"] = "close"
        return refusal


def _read_forwarded(headers: Headers) -> str:
    """Return the address for which a proxy says that it forwards the request, empty if there is none."""
    address = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return ""


def _check_origin(headers: Headers) -> Response | None:
    if "origin" not in headers:
        return None
    return make_problem(
        403, "requests from web pages are refused", "Send the request from a canvas or a program.", "origin"
    )


def _check_host(headers: Headers) -> Response | None:
    host = headers.get("host", "")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name.lower() in _LOOPBACK:
        return None
    return make_problem(
        403,
        f"an executor without a key accepts requests to 127.0.0.1 and localhost only, not to {name[:100]!r}",
        "To use another name, start it with --key-file.",
        "host",
    )
