"""Serve the control endpoint `/_simulator/`, with which a test in any language controls the simulator.

    GET    /_simulator/requests     return the recorded requests, oldest first
    DELETE /_simulator/requests     remove the recorded requests
    POST   /_simulator/reset        put the seed back, end all tokens, remove the recorded requests
    GET    /_simulator/state        return every set with its entities; `?sets=Users,Groups` only these
    GET    /_simulator/counts       return the number of entities in every set
    GET    /_simulator/faults       return {"faults", "seed", "latency"}
    PUT    /_simulator/faults       change the members in the body
    DELETE /_simulator/tokens       end every live token, as a restart of a PBX does
    GET    /_simulator/sockets      return the open WebSockets
    DELETE /_simulator/sockets      cut all WebSockets; `?code=4401` closes them with this code, `?freeze=1` only lets
                                    them send and read nothing more
    GET    /_simulator/messages     return the recorded messages of WebSockets, oldest first
    GET    /_simulator/calls        return the calls; POST begins one or goes on with one (call_control.py)
    GET    /_simulator/clock        return the clock of the calls; PUT and POST set and turn it
    POST   /_simulator/chats        receive {"text", "sender", "to", "name"} from outside; return its conversation
    PUT    /_simulator/trunks       register the trunk of {"number"} if it is "online", else end its registration
    GET    /_simulator/openapi.json return the API of this release as an OpenAPI document

Bodies are JSON, and no login is needed. The endpoint is off by default, serves clients on this machine only, and
refuses requests from websites.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs

import orjson

from ...errors import ConfigurationError
from ..http.asgi import ServerResponse, read_body
from ..http.origin import is_local
from ..odata.errors import ODataError
from ..odata.openapi_document import build_openapi_document
from ..pbx.chats import receive_chat
from ..pbx.trunk_state import set_trunk_state
from .call_control import drive_call, get_clock, list_calls, set_clock, turn_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..http.asgi import Receive, Scope
    from ..pbx.pbx import Pbx
    from .faults import Faults
    from .recorder import RecordedRequest, Recorder

CONTROL_PATH = b"/_simulator/"

_FAULT_FIELDS: Mapping[str, tuple[type, ...]] = {
    "faults": (str,),
    "seed": (int, type(None)),
    "latency": (int, float),
}


class OpenSockets(Protocol):
    """The open WebSockets of the PBX."""

    def list_open(self) -> list[dict[str, Any]]:
        """Return a description of each."""

    def cut(self) -> int:
        """Cut all without a closing handshake."""

    def close(self, code: int = ...) -> int:
        """Close all with a code."""

    def freeze(self) -> int:
        """Let all send and read nothing more."""


class ControlEndpoint:
    """Performs the control requests for one PBX."""

    def __init__(self, pbx: Pbx, faults: Faults, recorder: Recorder, sockets: OpenSockets) -> None:
        self._pbx = pbx
        self._sockets = sockets
        self._faults = faults
        self._recorder = recorder
        self._operations: Mapping[tuple[str, str], Callable[[Scope, bytes], Any]] = {
            ("GET", "requests"): self._list_requests,
            ("DELETE", "requests"): self._remove_requests,
            ("POST", "reset"): self._reset,
            ("GET", "state"): self._list_entities,
            ("GET", "counts"): self._count_entities,
            ("GET", "faults"): self._get_faults,
            ("PUT", "faults"): self._set_faults,
            ("DELETE", "tokens"): self._end_tokens,
            ("POST", "chats"): self._receive_chat,
            ("PUT", "trunks"): self._set_trunk,
            ("GET", "openapi.json"): self._build_document,
            ("GET", "sockets"): self._list_sockets,
            ("DELETE", "sockets"): self._end_sockets,
            ("GET", "messages"): self._list_messages,
            ("GET", "calls"): lambda _scope, _body: list_calls(pbx.calls),
            ("POST", "calls"): lambda _scope, body: drive_call(pbx.calls, body),
            ("GET", "clock"): lambda _scope, _body: get_clock(pbx.calls),
            ("PUT", "clock"): lambda _scope, body: set_clock(pbx.calls, body),
            ("POST", "clock"): lambda _scope, body: turn_clock(pbx.calls, body),
        }

    async def respond(self, scope: Scope, receive: Receive) -> ServerResponse:
        """Return the response to a request below `/_simulator/`; raise ODataError, ClientDisconnectedError."""
        headers = dict(scope["headers"])
        if not is_local(scope) or headers.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin"):
            raise ODataError(403, "The control endpoint serves clients on this machine only.")
        body = await read_body(receive, headers)
        name = scope["raw_path"][len(CONTROL_PATH) :].decode("latin-1")
        operation = self._operations.get((scope["method"], name))
        if operation is None:
            raise self._explain(name)
        with self._pbx.store.lock:
            result = operation(scope, body)
        if result is None:
            return ServerResponse(204)
        return ServerResponse(200, orjson.dumps(result), media_type=b"application/json")

    def _explain(self, name: str) -> ODataError:
        methods = ", ".join(method for method, each in self._operations if each == name)
        if not methods:
            names = ", ".join(sorted({each for _, each in self._operations}))
            return ODataError(404, f"The control endpoint has {names}.")
        return ODataError(405, f"{name} accepts {methods}.", headers={"allow": methods})

    def _list_requests(self, _scope: Scope, _body: bytes) -> list[dict[str, Any]]:
        return [_to_json(request) for request in self._recorder.list_requests()]

    def _remove_requests(self, _scope: Scope, _body: bytes) -> None:
        self._recorder.clear()

    def _reset(self, _scope: Scope, _body: bytes) -> None:
        self._pbx.reset()
        self._pbx.auth.revoke_tokens()
        self._recorder.clear()

    def _list_entities(self, scope: Scope, _body: bytes) -> dict[str, list[Any]]:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        names = [name for text in query.get("sets", []) for name in text.split(",") if name]
        for name in names:
            if name not in self._pbx.model.sets:
                raise ODataError(400, f"The set {name[:100]!r} does not exist.")
        return {
            name: [record.value for record in self._pbx.store.table(name).values()]
            for name in names or self._pbx.model.sets
        }

    def _count_entities(self, _scope: Scope, _body: bytes) -> dict[str, int]:
        return {name: len(self._pbx.store.table(name)) for name in self._pbx.model.sets}

    def _get_faults(self, _scope: Scope, _body: bytes) -> dict[str, Any]:
        faults = self._faults
        return {"faults": faults.plan, "seed": faults.seed, "latency": faults.latency_ms}

    def _set_faults(self, scope: Scope, body: bytes) -> dict[str, Any]:
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError:
            given = None
        if not isinstance(given, dict) or not given.keys() <= _FAULT_FIELDS.keys():
            raise ODataError(400, f"The body must be a JSON object with {', '.join(_FAULT_FIELDS)}.")
        for name, value in given.items():
            if not isinstance(value, _FAULT_FIELDS[name]) or isinstance(value, bool):
                raise ODataError(400, f"{name} has the wrong type.")
        faults = self._faults
        before = faults.latency_ms
        try:
            faults.latency_ms = given.get("latency", before)
            if "faults" in given or "seed" in given:
                faults.set(given.get("faults", faults.plan), given.get("seed", faults.seed))
        except ConfigurationError as error:
            faults.latency_ms = before
            raise ODataError(400, error.one_line()) from error
        return self._get_faults(scope, body)

    def _build_document(self, _scope: Scope, _body: bytes) -> dict[str, Any]:
        model = self._pbx.model
        return build_openapi_document(model.catalog, model.release)

    def _list_sockets(self, _scope: Scope, _body: bytes) -> list[dict[str, Any]]:
        return self._sockets.list_open()

    def _end_sockets(self, scope: Scope, _body: bytes) -> dict[str, int]:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        code = query.get("code", [""])[-1]
        if code and not (code.isascii() and code.isdigit() and 1000 <= int(code[:5]) <= 4999):
            raise ODataError(400, "code must be a number from 1000 to 4999.")
        if "freeze" in query:
            return {"sockets": self._sockets.freeze()}
        return {"sockets": self._sockets.close(int(code)) if code else self._sockets.cut()}

    def _list_messages(self, _scope: Scope, _body: bytes) -> list[dict[str, Any]]:
        return [asdict(message) for message in self._recorder.list_messages()]

    def _receive_chat(self, _scope: Scope, body: bytes) -> dict[str, int]:
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError:
            given = None
        if (
            not isinstance(given, dict)
            or not given.keys() <= {"text", "sender", "to", "name"}
            or not all(isinstance(value, str) for value in given.values())
        ):
            raise ODataError(400, "The body must be a JSON object with the texts text, sender, to and name.")
        now = self._pbx.calls.clock.now()
        conversation = receive_chat(
            self._pbx.entities,
            now,
            given.get("text", ""),
            sender=given.get("sender", ""),
            to=given.get("to", ""),
            name=given.get("name", ""),
        )
        return {"conversation": conversation}

    def _set_trunk(self, _scope: Scope, body: bytes) -> dict[str, bool]:
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError:
            given = None
        if (
            not isinstance(given, dict)
            or given.keys() != {"number", "online"}
            or not isinstance(given["number"], str)
            or not isinstance(given["online"], bool)
        ):
            raise ODataError(
                400, 'The body must be a JSON object such as {"number": "10000", "online": false}.'
            )
        now = self._pbx.calls.clock.now()
        changed = set_trunk_state(self._pbx.entities, now, given["number"], is_online=given["online"])
        return {"changed": changed}

    def _end_tokens(self, _scope: Scope, _body: bytes) -> None:
        self._pbx.auth.revoke_tokens()


def _to_json(request: RecordedRequest) -> dict[str, Any]:
    return {
        "number": request.number,
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": request.headers,
        "body": request.body.decode("utf-8", "replace"),
        "status": request.status,
        "answer": request.answer.decode("utf-8", "replace"),
        "milliseconds": round(request.milliseconds, 3),
    }
