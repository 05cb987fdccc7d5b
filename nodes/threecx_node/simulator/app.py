"""The simulator as an ASGI application.

Paths under /xapi/v1/ are served from the raw path and without a framework, because the exact bytes of a path and the
speed matter there. The other paths are the page, the control endpoint, downloads of backups and the token endpoint.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..server.connections import CONNECTION
from ..server.httptools_protocol import LIFT_BODY_TIMEOUT
from .api import API_PREFIX, Api
from .auth.token_endpoint import RECORDED_BODY, TOKEN_PATH, TokenEndpoint
from .callcontrol.endpoint import CALL_CONTROL_PATH, CallControl
from .http.asgi import (
    ClientDisconnectedError,
    ServerResponse,
    abort_connection,
    build_error_response,
    build_file_response,
    read_body,
    send_response,
)
from .http.origin import is_page_action, is_page_request
from .instruments.control import CONTROL_PATH, ControlEndpoint
from .instruments.faults import build_fault_response
from .instruments.recorder import NO_RESPONSE
from .odata.errors import ODataError
from .operations.backup_files import BACKUP_PATH, build_backup_file

if TYPE_CHECKING:
    from .http.asgi import Receive, Scope, Send
    from .instruments.faults import Fault, Faults
    from .instruments.recorder import Recorder
    from .page.page import Page
    from .pbx.pbx import Pbx

_WITH_BODY = frozenset({"POST", "PATCH", "PUT"})


class SimulatorApp:
    """The ASGI application of one PBX."""

    def __init__(
        self,
        pbx: Pbx,
        faults: Faults,
        recorder: Recorder,
        *,
        public_page: bool = False,
        control: bool = False,
        call_control: bool = True,
        owner_sees_all: bool = False,
    ) -> None:
        self._pbx = pbx
        self._faults = faults
        self._recorder = recorder
        self._public_page = public_page
        self._version = pbx.version.encode()
        self._api = Api(pbx)
        self._token_endpoint = TokenEndpoint(pbx.auth, pbx.store.lock)
        self._call_control = CallControl(
            pbx, faults, recorder, is_on=call_control, owner_sees_all=owner_sees_all
        )
        self.sockets = self._call_control.sockets
        self._control = ControlEndpoint(pbx, faults, recorder, self.sockets) if control else None
        self._page: Page | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one WebSocket."""
        if scope["type"] == "websocket":
            await self.sockets.serve(scope, receive, send)
        if scope["type"] != "http":
            return
        began = time.perf_counter()
        connection = scope.pop(CONNECTION, None)
        lift_body_timeout = scope.pop(LIFT_BODY_TIMEOUT, None)
        path = scope["raw_path"]
        if path.startswith(API_PREFIX) or path == API_PREFIX[:-1]:
            await self._serve_api(scope, receive, send, connection, began)
        elif path.startswith(CALL_CONTROL_PATH):
            await self._call_control.serve(
                scope,
                receive,
                send,
                connection=connection,
                lift_body_timeout=lift_body_timeout,
                began=began,
            )
        elif is_page_request(scope) or is_page_action(scope):
            await self._serve_page(scope, receive, send)
        elif self._control is not None and path.startswith(CONTROL_PATH):
            await self._serve_control(self._control, scope, receive, send)
        elif path.startswith(BACKUP_PATH):
            await self._serve_backup(scope, send, began)
        else:
            await self._serve_token(scope, receive, send, connection, began)

    async def _serve_api(
        self, scope: Scope, receive: Receive, send: Send, connection: Any, began: float
    ) -> None:
        headers = dict(scope["headers"])
        body = b""
        fault = self._faults.draw_api_fault()
        response: ServerResponse | None
        try:
            if scope["method"] in _WITH_BODY:
                body = await read_body(receive, headers)
            if fault is None:
                response = self._api.respond(scope, headers, body)
            else:
                response = self._respond_with_fault(fault, scope, headers, body)
        except ODataError as error:
            response = build_error_response(error)
        except ClientDisconnectedError:
            return
        if fault is not None or self._faults.latency_ms:
            await self._faults.delay_response(fault)
        if response is None:
            self._recorder.record(scope, body, NO_RESPONSE, began=began)
            await abort_connection(connection, receive)
            return
        self._recorder.record(scope, body, response.status, response.body, response.media_type, began)
        await send_response(send, response, self._version)

    def _respond_with_fault(
        self, fault: Fault, scope: Scope, headers: dict[bytes, bytes], body: bytes
    ) -> ServerResponse | None:
        """Return the response to a request that meets a fault, None if the connection closes without one."""
        if fault.kind == "drop":
            return None
        if fault.kind == "status" and fault.status != 401:
            return build_fault_response(fault)
        if fault.kind == "status":
            # The request then fails by itself.
            self._api.end_token(headers)
        response = self._api.respond(scope, headers, body)
        return None if fault.kind == "drop-after" else response

    async def _serve_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._page is None:
            # Imported on first use: it compiles templates, which tests do not need.
            from .page.page import Page

            self._page = Page(self._pbx, self._recorder, public=self._public_page)
        try:
            await self._page(scope, receive, send)
        except ODataError as error:
            await send_response(send, build_error_response(error), self._version)
        except ClientDisconnectedError:
            return

    async def _serve_control(
        self, control: ControlEndpoint, scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            response = await control.respond(scope, receive)
        except ODataError as error:
            response = build_error_response(error)
        except ClientDisconnectedError:
            return
        await send_response(send, response, self._version)

    async def _serve_backup(self, scope: Scope, send: Send, began: float) -> None:
        try:
            with self._pbx.store.lock:
                self._api.check_token(dict(scope["headers"]))
                file = build_backup_file(self._pbx, scope["method"], scope["raw_path"])
                response = build_file_response(file)
        except ODataError as error:
            response = build_error_response(error)
        self._recorder.record(scope, b"", response.status, b"", response.media_type, began)
        await send_response(send, response, self._version)

    async def _serve_token(
        self, scope: Scope, receive: Receive, send: Send, connection: Any, began: float
    ) -> None:
        status = 0
        body, media_type = b"", b""
        fault = self._faults.draw_token_fault() if scope["raw_path"] == TOKEN_PATH else None

        async def send_and_note(message: Any) -> None:
            nonlocal status, body, media_type
            if message["type"] == "http.response.start":
                status = message["status"]
                media_type = dict(message["headers"]).get(b"content-type", b"")
            body += message.get("body", b"")
            if fault is None or fault.kind != "drop-after":
                await send(message)

        await self._faults.delay_response(fault)
        if fault is not None and fault.kind == "status":
            await send_response(send_and_note, build_fault_response(fault), self._version)
        elif fault is None or fault.kind != "drop":
            await self._token_endpoint.app(scope, receive, send_and_note)
        request_body = scope.get(RECORDED_BODY, b"")
        if fault is not None and fault.kind in ("drop", "drop-after"):
            self._recorder.record(scope, request_body, NO_RESPONSE, began=began)
            await abort_connection(connection, receive)
        elif status:
            self._recorder.record(scope, request_body, status, body, media_type, began)
