"""A small PBX on loopback for tests of the client: participants by hand, a socket, and faults of both."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from threecx_credentials import Credential, MemoryTokenStore
from threecx_node.callcontrol.client import CallControlClient
from threecx_node.callcontrol.listener import ListenerTimes
from threecx_node.transport.retry import RetryPolicy

KEY = "s3cr3t-key"
# Short waits between attempts; nothing in the tests depends on them.
QUICK = RetryPolicy(retry_time=5, sleep=lambda seconds: asyncio.sleep(seconds / 50), jitter=lambda: 1.0)


class SmallPbx:
    """`participants` are the entities by (dn, ID). Attributes change how it answers."""

    def __init__(self) -> None:
        self.participants: dict[tuple[str, int], dict[str, Any]] = {}
        self.types: dict[str, str] = {"100": "Wextension", "101": "Wextension"}
        self.sockets: list[web.WebSocketResponse] = []
        # The tokens of the sockets, by their IDs.
        self.tokens: dict[int, str] = {}
        self.logins = 0
        self.valid: set[str] = set()
        # Seconds; None for a token without claims, which is valid for an hour.
        self.lifetime: float | None = None
        self.ends_old_sockets = True
        self.answers_requests = True
        self.handshake_status = 0
        self.statuses: dict[str, int] = {}
        # Statuses without a body of 3CX, and paths with a web page.
        self.plain_statuses: dict[str, int] = {}
        self.pages: set[str] = set()
        self.delay: Callable[[str], Awaitable[None]] | None = None
        self.requests: list[str] = []
        self.bodies: list[Any] = []
        self.headers: list[str] = []
        self.most_at_once = 0
        # The response to an action; None for an empty body. And the body of errors.
        self.result: dict[str, Any] | None = {"finalstatus": "Success", "reason": "None", "reasontext": ""}
        self.action_status = 202
        self.error: dict[str, Any] = {"error": {"code": "", "message": "no"}}
        self.opened = 0
        self._at_once: dict[str, int] = {}
        self._sequence = 0
        self.port = 0

    # Events on the PBX.

    async def upsert(self, dn: str, number: int, *, quiet: bool = False, **fields: Any) -> None:
        """Make or change a participant; `quiet` sends no message."""
        old = self.participants.get((dn, number), {"id": number, "dn": dn, "callid": number, "legid": 1})
        self.participants[dn, number] = {**old, **fields}
        if not quiet:
            await self.send(0, dn, number)

    async def remove(self, dn: str, number: int, *, quiet: bool = False) -> None:
        self.participants.pop((dn, number), None)
        if not quiet:
            await self.send(1, dn, number)

    async def send(self, kind: int, dn: str, number: int, attached: Any = None) -> None:
        await self.send_event(
            {
                "event_type": kind,
                "entity": f"/callcontrol/{dn}/participants/{number}",
                "attached_data": attached,
            }
        )

    async def send_event(self, event: Any) -> None:
        self._sequence += 1
        await self.send_text(json.dumps({"sequence": self._sequence, "event": event}))

    async def send_text(self, text: str) -> None:
        for socket in list(self.sockets):
            if not socket.closed:
                await socket.send_str(text)

    async def cut(self) -> None:
        """End all connections of sockets, without a word."""
        sockets, self.sockets = self.sockets, []
        for socket in sockets:
            transport = socket._req.transport if socket._req is not None else None
            if transport is not None:
                transport.abort()

    async def close_sockets(self, code: int, *, but: str = "") -> None:
        for socket in list(self.sockets):
            if not but or self.tokens[id(socket)] != but:
                self.sockets.remove(socket)
                await socket.close(code=code)

    def kill_token(self) -> None:
        self.valid.clear()

    # Responses.

    async def login(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form["client_secret"] != KEY:
            return web.json_response({"error": "invalid_client"}, status=401)
        self.logins += 1
        token = f"token-{self.logins}"
        if self.lifetime is not None:
            now = time.time()
            claims = json.dumps({"iat": now, "exp": now + self.lifetime, "n": self.logins}).encode()
            token = f"h.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.s"
        self.valid = {token}
        if self.ends_old_sockets:
            await self.close_sockets(4401, but=token)
        return web.json_response({"access_token": token, "expires_in": 60})

    async def rest(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if not self._is_authorized(request):
            return web.Response(status=401)
        if path.endswith("/ws"):
            return await self.socket(request)
        self.requests.append(f"{request.method} {request.raw_path}")
        self._at_once[path] = self._at_once.get(path, 0) + 1
        self.most_at_once = max(self.most_at_once, sum(self._at_once.values()))
        assert self._at_once[path] == 1 or request.method == "POST", "one request per entity"
        try:
            if self.delay is not None:
                await self.delay(path)
            return await self.answer(request)
        finally:
            self._at_once[path] -= 1

    async def answer(self, request: web.Request) -> web.Response:
        if request.method == "POST":
            self.bodies.append(await request.json())
        if (status := self.statuses.get(request.path)) is not None:
            return web.json_response(self.error, status=status)
        if (plain := self.plain_statuses.get(request.path)) is not None:
            return web.Response(status=plain)
        if request.path in self.pages:
            return web.Response(status=404, text="<html>", content_type="text/html")
        if request.method == "POST":
            if self.result is None:
                return web.Response(status=self.action_status)
            return web.json_response(self.result, status=self.action_status)
        document = self.document(request.path)
        return web.Response(status=404) if document is None else web.json_response(document)

    def document(self, path: str) -> Any:
        parts = path.strip("/").split("/")[1:]
        if not parts:
            return [self.dn(each) for each in self.types]
        dn = self.dn(parts[0]) if parts[0] in self.types else None
        if dn is None or len(parts) == 1:
            return dn
        if len(parts) == 2:
            return dn[parts[1]]
        if parts[1] == "devices":
            return next((each for each in dn["devices"] if each["device_id"] == parts[2]), None)
        return self.participants.get((parts[0], int(parts[2])))

    def dn(self, number: str) -> dict[str, Any]:
        return {
            "dn": number,
            "type": self.types[number],
            "devices": [{"dn": number, "device_id": f"sip:{number}@127.0.0.1:5063", "user_agent": "Yealink"}],
            "participants": [each for key, each in self.participants.items() if key[0] == number],
        }

    async def socket(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(request.raw_path)
        if self.handshake_status:
            return web.json_response(
                {"error": {"code": "", "message": "not enabled"}}, status=self.handshake_status
            )
        socket = web.WebSocketResponse()
        self.tokens[id(socket)] = request.headers["Authorization"].removeprefix("Bearer ")
        await socket.prepare(request)
        self.sockets.append(socket)
        self.opened += 1
        async for message in socket:
            if message.type is WSMsgType.TEXT and self.answers_requests:
                await self.reply(socket, json.loads(message.data))
        return socket

    async def reply(self, socket: web.WebSocketResponse, request: dict[str, Any]) -> None:
        document = self.document(request["Path"])
        attached = {
            "RequestID": request["RequestID"],
            "Path": request["Path"],
            "StatusCode": 404 if document is None else 200,
            "Response": document,
        }
        self._sequence += 1
        await socket.send_json(
            {"sequence": self._sequence, "event": {"event_type": 4, "entity": "", "attached_data": attached}}
        )

    def _is_authorized(self, request: web.Request) -> bool:
        return request.headers.get("Authorization", "").removeprefix("Bearer ") in self.valid

    def client(self, key: str = KEY, **options: Any) -> CallControlClient:
        credential = Credential.of(f"http://127.0.0.1:{self.port}", "900", key)
        options.setdefault("times", ListenerTimes(compare_again=0.05, renew_again=0.2))
        return CallControlClient(
            credential, retry=QUICK, token_store=MemoryTokenStore(), connect_timeout=5, **options
        )


@asynccontextmanager
async def small_pbx() -> AsyncIterator[SmallPbx]:
    pbx = SmallPbx()
    app = web.Application()
    app.router.add_post("/connect/token", pbx.login)
    app.router.add_route("*", "/callcontrol", pbx.rest)
    app.router.add_route("*", "/callcontrol/{rest:.*}", pbx.rest)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server: Any = site._server
    pbx.port = server.sockets[0].getsockname()[1]
    try:
        yield pbx
    finally:
        await pbx.close_sockets(WSCloseCode.GOING_AWAY)
        await runner.cleanup()
