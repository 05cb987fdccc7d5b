"""The control endpoint `/_simulator/`: what a test in any language may ask and change. Off unless asked for.

    GET    /_simulator/requests     the requests seen, oldest first      DELETE forgets them
    POST   /_simulator/reset        puts the seed back, ends all tokens, forgets the requests
    GET    /_simulator/state        every set with its entities; `?sets=Users,Groups` only these
    GET    /_simulator/counts       how many entities every set has
    GET    /_simulator/faults       {"faults", "seed", "latency"}        PUT changes what it names
    DELETE /_simulator/tokens       ends every live token, as a restart of a PBX does
    GET    /_simulator/openapi.json the API of this release as an OpenAPI document

JSON in and out, without a login; only for clients on this machine, and never for a page of another site.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import orjson

from ..errors import ConfigurationError
from .document import openapi_document
from .page_guard import is_local
from .refusals import Refusal
from .wire import Answer, read_body

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .faults import Faults
    from .pbx import Pbx
    from .recorder import Recorder, SeenRequest
    from .wire import Receive, Scope

CONTROL = b"/_simulator/"

_FAULT_FIELDS: Mapping[str, tuple[type, ...]] = {
    "faults": (str,),
    "seed": (int, type(None)),
    "latency": (int, float),
}


class Control:
    """Answers the control requests of one PBX."""

    def __init__(self, pbx: Pbx, faults: Faults, recorder: Recorder) -> None:
        self._pbx = pbx
        self._faults = faults
        self._recorder = recorder
        self._operations: Mapping[tuple[str, str], Callable[[Scope, bytes], Any]] = {
            ("GET", "requests"): self._requests,
            ("DELETE", "requests"): self._forget,
            ("POST", "reset"): self._reset,
            ("GET", "state"): self._state,
            ("GET", "counts"): self._counts,
            ("GET", "faults"): self._show_faults,
            ("PUT", "faults"): self._set_faults,
            ("DELETE", "tokens"): self._end_tokens,
            ("GET", "openapi.json"): self._document,
        }

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """The answer to a request below `/_simulator/`; refuses, raises Disconnected."""
        headers = dict(scope["headers"])
        if not is_local(scope) or headers.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin"):
            raise Refusal(403, "The control endpoint answers clients on this machine only.")
        body = await read_body(receive, headers)
        name = scope["raw_path"][len(CONTROL) :].decode("latin-1")
        operation = self._operations.get((scope["method"], name))
        if operation is None:
            methods = [method for method, known in self._operations if known == name]
            if not methods:
                known = ", ".join(sorted({known for _, known in self._operations}))
                raise Refusal(404, f"The control endpoint has {known}.")
            raise Refusal(405, f"{name} takes {', '.join(methods)}.", headers={"allow": ", ".join(methods)})
        with self._pbx.store.lock:
            result = operation(scope, body)
        if result is None:
            return Answer(204)
        return Answer(200, orjson.dumps(result), media_type=b"application/json")

    def _requests(self, _scope: Scope, _body: bytes) -> list[dict[str, Any]]:
        return [_shown(request) for request in self._recorder.requests()]

    def _forget(self, _scope: Scope, _body: bytes) -> None:
        self._recorder.clear()

    def _reset(self, _scope: Scope, _body: bytes) -> None:
        self._pbx.reset()
        self._pbx.auth.revoke()
        self._recorder.clear()

    def _state(self, scope: Scope, _body: bytes) -> dict[str, list[Any]]:
        given = parse_qs(scope["query_string"].decode("latin-1"))
        names = [name for text in given.get("sets", []) for name in text.split(",") if name]
        for name in names:
            if name not in self._pbx.model.sets:
                raise Refusal(400, f"There is no set {name[:100]!r}.")
        return {
            name: [record.value for record in self._pbx.store.table(name).values()]
            for name in names or self._pbx.model.sets
        }

    def _counts(self, _scope: Scope, _body: bytes) -> dict[str, int]:
        return {name: len(self._pbx.store.table(name)) for name in self._pbx.model.sets}

    def _show_faults(self, _scope: Scope, _body: bytes) -> dict[str, Any]:
        faults = self._faults
        return {"faults": faults.plan, "seed": faults.seed, "latency": faults.latency_ms}

    def _set_faults(self, scope: Scope, body: bytes) -> dict[str, Any]:
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError:
            given = None
        if not isinstance(given, dict) or not given.keys() <= _FAULT_FIELDS.keys():
            raise Refusal(400, f"The body is a JSON object with {', '.join(_FAULT_FIELDS)}.")
        for name, value in given.items():
            if not isinstance(value, _FAULT_FIELDS[name]) or isinstance(value, bool):
                raise Refusal(400, f"{name} has the wrong type.")
        faults = self._faults
        try:
            latency = given.get("latency", faults.latency_ms)
            before, faults.latency_ms = faults.latency_ms, latency
            if "faults" in given or "seed" in given:
                try:
                    faults.set(given.get("faults", faults.plan), given.get("seed", faults.seed))
                except ConfigurationError:
                    faults.latency_ms = before
                    raise
        except ConfigurationError as error:
            raise Refusal(400, error.one_line()) from error
        return self._show_faults(scope, body)

    def _document(self, _scope: Scope, _body: bytes) -> dict[str, Any]:
        model = self._pbx.model
        return openapi_document(model.catalog, model.release)

    def _end_tokens(self, _scope: Scope, _body: bytes) -> None:
        self._pbx.auth.revoke()


def _shown(request: SeenRequest) -> dict[str, Any]:
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
