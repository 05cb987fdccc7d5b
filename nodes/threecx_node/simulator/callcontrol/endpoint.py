"""Serve `/callcontrol` over HTTP, and its WebSocket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from ..http.asgi import (
    ClientDisconnectedError,
    ServerResponse,
    abort_connection,
    build_error_response,
    read_body,
    send_response,
)
from ..instruments.faults import build_fault_response
from ..instruments.recorder import NO_RESPONSE
from ..odata.errors import ODataError
from .audio import AudioStreams
from .paths import Kind, parse_path
from .perform import Performer, Reply, fail
from .rights import Rights
from .sockets import Sockets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..http.asgi import Receive, Scope, Send
    from ..instruments.faults import Fault, Faults
    from ..instruments.recorder import Recorder
    from ..pbx.pbx import Pbx
    from .paths import Target

CALL_CONTROL_PATH = b"/callcontrol"
_JSON = b"application/json; charset=utf-8"


class CallControl:
    """The Call Control API of one PBX.

    `is_on` is whether the PBX has the API; with `owner_sees_all`, clients with the role System Owner see every DN.
    """

    def __init__(
        self,
        pbx: Pbx,
        faults: Faults,
        recorder: Recorder,
        *,
        is_on: bool = True,
        owner_sees_all: bool = False,
    ) -> None:
        self._pbx = pbx
        self._faults = faults
        self._recorder = recorder
        self._version = pbx.version.encode()
        self._rights = Rights(pbx, is_on=is_on, owner_sees_all=owner_sees_all)
        self._performer = Performer(pbx, self._rights, faults)
        self.sockets = Sockets(pbx, self._rights, self._performer, faults, recorder)
        self._audio = AudioStreams(self.sockets.report_prompt_finished)

    async def serve(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        connection: Any,
        lift_body_timeout: Callable[[], None] | None,
        began: float,
    ) -> None:
        """Serve one HTTP request."""
        headers = dict(scope["headers"])
        body = b""
        fault = self._faults.draw("api")
        response: ServerResponse | None
        try:
            target = self._authorize(scope, headers)
            if target.kind is Kind.STREAM and fault is None:
                if lift_body_timeout is not None:
                    lift_body_timeout()
                response = await self._stream(target, scope, headers, receive, send)
                if response is None:
                    self._recorder.record(scope, b"", 200, began=began)
                    return
            else:
                body = await read_body(receive, headers) if scope["method"] != "GET" else b""
                response = await self._respond(fault, target, scope, headers, body)
        except ODataError as error:
            response = build_error_response(error)
        except ClientDisconnectedError:
            return
        await self._faults.delay_response(fault)
        if response is None:
            self._recorder.record(scope, body, NO_RESPONSE, began=began)
            await abort_connection(connection, receive)
            return
        self._recorder.record(scope, body, response.status, response.body, response.media_type, began)
        await send_response(send, response, self._version)

    def _authorize(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Target:
        """Return the target of a request; raise ODataError for one that the client may not send."""
        with self._pbx.store.lock:
            self._rights.check(_get_authorization(headers))
        target = parse_path(scope["raw_path"].decode("latin-1"))
        target.check_method(scope["method"])
        if target.kind is Kind.SOCKET:
            raise ODataError(426, "The path is a WebSocket.", headers={"upgrade": "websocket"})
        return target

    async def _respond(
        self, fault: Fault | None, target: Target, scope: Scope, headers: Mapping[bytes, bytes], body: bytes
    ) -> ServerResponse | None:
        """Return the response to a request, None if the connection closes without one."""
        if fault is not None and fault.kind == "drop":
            return None
        if fault is not None and fault.kind == "status":
            if fault.status != 401:
                return build_fault_response(fault)
            self._end_token(headers)
        reply = self._perform(target, scope["method"], headers, body)
        reply = await reply.finish(self._pbx.calls)
        if fault is not None and fault.kind == "drop-after":
            return None
        return ServerResponse(reply.status, orjson.dumps(reply.value), media_type=_JSON)

    def _perform(self, target: Target, method: str, headers: Mapping[bytes, bytes], body: bytes) -> Reply:
        try:
            with self._pbx.store.lock:
                access = self._rights.check(_get_authorization(headers))
                if method == "GET":
                    return self._performer.perform(access, method, target, None)
                self._rights.check_dn(access, target.dn)
                return self._performer.perform(access, method, target, _parse_json(headers, body))
        except Exception as error:  # noqa: BLE001 - it becomes a response
            return fail(error)

    async def _stream(
        self, target: Target, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, send: Send
    ) -> ServerResponse | None:
        """Stream audio; return the response that is still to be sent, None if it has been sent."""

        def check() -> None:
            with self._pbx.store.lock:
                access = self._rights.check(_get_authorization(headers))
                self._rights.check_own(access, target.dn)
                leg = self._pbx.calls.participant(target.dn, target.participant_id)
            if leg is None:
                raise ODataError(404, f"The DN {target.dn} has no participant {target.participant_id}.")
            if leg.status != "Connected":
                raise ODataError(422, f"The participant {target.participant_id} is not connected.")

        check()
        key = target.dn, target.participant_id
        if scope["method"] == "GET":
            await self._audio.listen(key, receive, send, check)
            return None
        try:
            return await self._audio.play(key, receive, check)
        except ODataError as error:
            # The rest of the body is not read.
            headers_of_error = {**error.headers, "connection": "close"}
            raise ODataError(error.status, error.message, headers=headers_of_error) from error

    def _end_token(self, headers: Mapping[bytes, bytes]) -> None:
        with self._pbx.store.lock:
            client = self._pbx.auth.find_client(_get_authorization(headers))
            if client is not None:
                self._pbx.auth.revoke_tokens(client)


def _parse_json(headers: Mapping[bytes, bytes], body: bytes) -> Any:
    """Return the JSON values of a body, which every POST needs; raise ODataError (400, 415)."""
    media_type = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if media_type != b"application/json":
        raise ODataError(415, "The body must be application/json, also if it is {}.")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ODataError(400, "The body is not valid JSON; without fields it is {}.") from error


def _get_authorization(headers: Mapping[bytes, bytes]) -> str:
    return headers.get(b"authorization", b"").decode("latin-1")
