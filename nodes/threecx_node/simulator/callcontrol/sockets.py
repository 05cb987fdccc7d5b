"""All WebSockets of the Call Control API of one PBX: opening, events to those who see them, requests, control."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from ...server.connections import CONNECTION
from ..calls.models import Change
from ..http.asgi import build_error_response
from ..instruments.faults import build_fault_error
from ..instruments.recorder import NO_RESPONSE
from ..odata.errors import ODataError, PathNotFoundError
from .paths import Kind, build_participant_path, parse_path
from .perform import fail
from .session import BAD_AUTHORIZATION, DTMF, PROMPT_FINISHED, REMOVE, RESPONSE, UPSERT, Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..auth.issuer import LiveToken
    from ..http.asgi import Receive, Scope, Send
    from ..instruments.faults import Faults
    from ..instruments.recorder import Recorder
    from ..pbx.pbx import Pbx
    from .perform import Performer, Reply
    from .rights import Rights

# A response over the WebSocket is not longer than this; REST has no such limit.
MAX_RESPONSE = 1024 * 1024
_EVENTS = {"upsert": UPSERT, "remove": REMOVE, "dtmf": DTMF, "prompt": PROMPT_FINISHED}
_FOR_OWN_DN = frozenset({DTMF, PROMPT_FINISHED})
_WITH_DATA = frozenset({Kind.MAKE_CALL, Kind.ACTION})
_NOT_OVER_SOCKET = frozenset({Kind.SOCKET, Kind.STREAM})
_SWITCHING = 101


class Sockets:
    """The open WebSockets of one PBX. `cut`, `close`, `freeze` and `count` may be called from any thread."""

    def __init__(
        self, pbx: Pbx, rights: Rights, performer: Performer, faults: Faults, recorder: Recorder
    ) -> None:
        self._pbx = pbx
        self._rights = rights
        self._performer = performer
        self._faults = faults
        self._recorder = recorder
        self._sessions: dict[int, Session] = {}
        self._opened = 0
        pbx.calls.add_listener(self._pass_change_on)
        pbx.auth.on_end.append(self._end_sessions_of)

    @property
    def count(self) -> int:
        """The number of open WebSockets."""
        return len(self._sessions)

    def list_open(self) -> list[dict[str, Any]]:
        """Return number, client, sent events and begin of each open WebSocket."""
        return [
            {"number": each.number, "client": each.client_id, "events": each.sequence, "began": each.began}
            for each in list(self._sessions.values())
        ]

    def cut(self) -> int:
        """Cut all WebSockets without a closing handshake; return how many."""
        return self._for_all(lambda session: session.cut())

    def close(self, code: int = BAD_AUTHORIZATION) -> int:
        """Close all WebSockets with a code; return how many."""
        return self._for_all(lambda session: session.end(code))

    def freeze(self) -> int:
        """Let all WebSockets send and read nothing more, and stay open; return how many."""
        return self._for_all(lambda session: session.freeze())

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket from its opening handshake to its end."""
        transport = scope.pop(CONNECTION, None)
        await receive()
        fault = self._faults.draw("api")
        await self._faults.delay_response(fault)
        if fault is not None and fault.kind in ("drop", "drop-after") and transport is not None:
            self._record(scope, NO_RESPONSE)
            transport.abort()
            while (await receive())["type"] != "websocket.disconnect":
                pass
            return
        try:
            if fault is not None and fault.kind == "status":
                raise build_fault_error(fault)
            if parse_path(scope["raw_path"].decode("latin-1")).kind is not Kind.SOCKET:
                raise PathNotFoundError
            session = self._open(scope, transport)
        except ODataError as error:
            self._record(scope, error.status)
            await _refuse(send, error)
            return
        self._record(scope, _SWITCHING)
        try:
            await send({"type": "websocket.accept"})
            await session.run(receive, send, self._answer)
        finally:
            del self._sessions[session.number]

    def _open(self, scope: Scope, transport: Any) -> Session:
        """Return a new session, which gets all events from now on; raise ODataError."""
        authorization = _get_authorization(scope)
        with self._pbx.store.lock:
            self._rights.check(authorization)
            token = self._pbx.auth.find_token(authorization)
            if token is None:  # it expired just now
                raise ODataError(401, "Unauthorized: the access token has expired.")
            self._opened += 1
            session = Session(self._opened, token, transport, self._recorder)
            self._sessions[session.number] = session
        return session

    def _record(self, scope: Scope, status: int) -> None:
        self._recorder.record({**scope, "method": "GET"}, b"", status)

    def report_prompt_finished(self, dn: str, participant_id: int) -> None:
        """Send the event that a participant has heard all that was played."""
        with self._pbx.store.lock:
            self._pass_change_on(Change("prompt", dn, participant_id))

    # Events. The engine reports changes from any thread, in order and under the store's lock.

    def _pass_change_on(self, change: Change) -> None:
        event_type = _EVENTS.get(change.kind)
        if event_type is None:
            return
        for session in list(self._sessions.values()):
            access = self._rights.find(session.client_id)
            if access is None:
                _call(session, session.end, BAD_AUTHORIZATION)
            elif access.sees(change.dn) and (event_type not in _FOR_OWN_DN or change.dn == access.client_id):
                _call(session, self._send_event, session, event_type, change)

    def _send_event(self, session: Session, event_type: int, change: Change) -> None:
        entity = build_participant_path(change.dn, change.participant_id)
        data = {"dtmf_input": change.data} if event_type == DTMF else None
        fault = self._faults.draw("events")
        kind = fault.kind if fault is not None else ""
        if kind == "socket-cut":
            session.cut()
        elif fault is not None and kind == "socket-close":
            session.end(fault.value)
        elif kind == "kill-token":
            with self._pbx.store.lock:
                self._pbx.auth.revoke_tokens(session.client_id)
        elif fault is not None and kind == "remove-late" and event_type == REMOVE:
            session.loop.call_later(fault.value / 1000, session.push, event_type, entity, data)
        elif kind != "remove-lost" or event_type != REMOVE:
            if kind == "event-twice":
                session.push(event_type, entity, data)
            elif kind == "upsert-gone" and event_type == REMOVE:
                session.push(UPSERT, entity)
            session.push(event_type, entity, data)

    def _end_sessions_of(self, token: LiveToken) -> None:
        for session in list(self._sessions.values()):
            if session.token == token:
                _call(session, session.end, BAD_AUTHORIZATION)

    def _for_all(self, function: Callable[[Session], None]) -> int:
        sessions = list(self._sessions.values())
        for session in sessions:
            _call(session, function, session)
        return len(sessions)

    # Requests.

    async def _answer(self, session: Session, text: str) -> None:
        request = SocketRequest.parse(text)
        with self._pbx.store.lock:
            reply = self._perform(session, request)
            if not reply.delay and reply.delivery is None:
                # Behind the events that were reported until now.
                _call(session, session.push, RESPONSE, request.path, _build_response(request, reply))
            else:
                session.spawn(self._answer_later(session, request, reply))
        await asyncio.sleep(0)

    async def _answer_later(self, session: Session, request: SocketRequest, reply: Reply) -> None:
        finished = await reply.finish(self._pbx.calls)
        session.push(RESPONSE, request.path, _build_response(request, finished))

    def _perform(self, session: Session, request: SocketRequest) -> Reply:
        try:
            access = self._rights.check(f"Bearer {session.token.text}")
            if request.error:
                raise ODataError(400, request.error)
            target = parse_path(request.path)
            if target.kind in _NOT_OVER_SOCKET:
                raise PathNotFoundError
            if target.kind in _WITH_DATA:
                return self._performer.perform(access, "POST", target, request.data)
            return self._performer.perform(access, "GET", target, None)
        except Exception as error:  # noqa: BLE001 - it becomes a response
            return fail(error)


@dataclass(frozen=True, slots=True)
class SocketRequest:
    """A request over the WebSocket; `error` says why it cannot be used."""

    id: Any = None
    path: str = ""
    data: Any = None
    error: str = ""

    @classmethod
    def parse(cls, text: str) -> SocketRequest:
        """Return the request of a message."""
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            return cls(error="The message is not valid JSON.")
        if not isinstance(message, dict):
            return cls(error="The message is not a JSON object.")
        given = {name.lower(): value for name, value in message.items()}
        request_id, path, data = (given.get(name) for name in ("requestid", "path", "requestdata"))
        if request_id is not None and not isinstance(request_id, str):
            return cls(error="RequestID must be a text.")
        if not isinstance(path, str):
            return cls(request_id, error="Path must be a text.")
        return cls(request_id, path, {} if data is None else data)


def _build_response(request: SocketRequest, reply: Reply) -> dict[str, Any]:
    content = orjson.dumps(reply.value)
    status = reply.status
    if len(content) > MAX_RESPONSE:
        error = ODataError(
            413, f"The response is larger than {MAX_RESPONSE} bytes: send the request over HTTP."
        )
        status, content = error.status, orjson.dumps(error.to_json())
    return {
        "RequestID": request.id,
        "Path": request.path,
        "StatusCode": status,
        "Response": orjson.Fragment(content),
    }


def _call(session: Session, function: Callable[..., Any], *arguments: Any) -> None:
    """Call a function in the event loop of a session, whose server may have ended."""
    with suppress(RuntimeError):
        session.loop.call_soon_threadsafe(function, *arguments)


async def _refuse(send: Send, error: ODataError) -> None:
    """Refuse an opening handshake: bad authorization by a close code, all else by the status of the response."""
    if error.status == 401:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": BAD_AUTHORIZATION})
        return
    response = build_error_response(error)
    headers = [*response.headers, (b"content-type", response.media_type)]
    await send({"type": "websocket.http.response.start", "status": response.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": response.body})


def _get_authorization(scope: Scope) -> str:
    value: bytes = dict(scope["headers"]).get(b"authorization", b"")
    return value.decode("latin-1")
