"""The PBX over HTTP: an ASGI application.

Paths under /xapi/v1/ are answered here, on the raw path and without a framework in between, because that is
where speed and the exact bytes of a path matter. Everything else (the token endpoint) is a small Starlette
application.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from ..server.httptools_protocol import CONNECTION
from .answers import check_precondition
from .backup_files import BACKUPS, backup_file
from .body import read_body as read_values
from .control import CONTROL, Control
from .exchange import Exchange
from .files import FileAnswer, csv_part
from .login import LOGIN, SEEN_BODY, Login
from .operations import perform
from .page_guard import is_page
from .refusals import DELTA_REQUIRED, MALFORMED_BODY, Problem, Refusal
from .registry import Call
from .roles import Role, check_role
from .self_description import DOCUMENTS
from .wire import (
    Answer,
    Disconnected,
    Receive,
    Scope,
    Send,
    base_url,
    fault_answer,
    file_answer,
    hang_up,
    key_literal,
    read_body,
    refusal_answer,
    send_answer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .faults import Fault, Faults
    from .page import Page
    from .pbx import Pbx
    from .query import Options
    from .recorder import Recorder
    from .state import Entity, Record

log = logging.getLogger(__name__)

PREFIX = b"/xapi/v1/"
# The status of a request that was left without an answer on purpose.
NO_ANSWER = 0
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
    ) -> None:
        self.pbx = pbx
        self.faults = faults
        self.recorder = recorder
        self.public_page = public_page
        self._page: Page | None = None
        self._version = pbx.version.encode()
        self._roles: Mapping[str, Callable[[Exchange], Answer]] = {
            "list": self._list,
            "nested": self._nested_list,
            "get": self._get,
            "by_number": self._get_by_number,
            "get_singleton": self._get_singleton,
            "create": self._create,
            "update": self._update,
            "update_singleton": self._update_singleton,
            "delete": self._delete,
            "function": self._call,
            "action": self._call,
        }
        self._login = Login(pbx)
        self._control = Control(pbx, faults, recorder) if control else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        began = time.perf_counter()
        connection = scope.pop(CONNECTION, None)
        if not scope["raw_path"].startswith(PREFIX) and scope["raw_path"] != PREFIX[:-1]:
            await self._answer_beside(scope, receive, send, connection, began)
            return
        headers = dict(scope["headers"])
        body = b""
        fault = self.faults.of_api()
        try:
            if scope["method"] in _WITH_BODY:
                body = await read_body(receive, headers)
            answer = self._answer(scope, headers, body) if fault is None else self._faulty(fault, scope, body)
        except Refusal as refusal:
            answer = refusal_answer(refusal)
        except Disconnected:
            return
        if fault is not None or self.faults.latency_ms:
            await self.faults.before_answer(fault)
        if answer is None:
            self.recorder.add(scope, body, NO_ANSWER, began=began)
            await hang_up(connection, receive)
            return
        self.recorder.add(scope, body, answer.status, answer.body, answer.media_type, began)
        await send_answer(send, answer, self._version)

    def _faulty(self, fault: Fault, scope: Scope, body: bytes) -> Answer | None:
        """The answer to a request that meets a fault, None where the connection closes without one."""
        headers = dict(scope["headers"])
        if fault.kind == "status" and fault.status == 401:
            with self.pbx.store.lock:
                client = self.pbx.auth.client_of(_authorization(headers))
                if client is not None:
                    self.pbx.auth.revoke(client)
        elif fault.kind == "status":
            return fault_answer(fault)
        elif fault.kind == "drop":
            return None
        answer = self._answer(scope, headers, body)
        return None if fault.kind == "drop-after" else answer

    def _answer(self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes) -> Answer:
        try:
            with self.pbx.store.transaction():
                return self._dispatch(scope, headers, body)
        except Refusal as refusal:
            return refusal_answer(refusal)
        except RecursionError:
            return refusal_answer(Refusal(400, "The request is nested too deeply."))
        except Exception:
            # A defect of the simulator; the client still gets an answer, and the state is as it was before.
            log.exception("%s %s failed", scope["method"], scope["raw_path"])
            return refusal_answer(Refusal(500, "The simulator has a defect: see its log."))

    def _role(self, headers: Mapping[bytes, bytes]) -> Role:
        """The role of who asks; refuses with 401 where the token is none that lives."""
        client = self.pbx.auth.client_of(_authorization(headers))
        role = self.pbx.auth.role_of(client) if client is not None else None
        if role is None:
            raise Refusal(
                401,
                "Unauthorized: the access token is missing, has expired or was ended by a newer one.",
                headers={"www-authenticate": "Bearer"},
            )
        return role

    def _dispatch(self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes) -> Answer:
        role = self._role(headers)
        try:
            path = scope["raw_path"][len(PREFIX) - 1 :].decode("ascii")
        except UnicodeDecodeError as error:
            raise Refusal(400, "The path has bytes that should be percent-encoded.") from error
        base = base_url(scope["scheme"], headers.get(b"host", b"localhost"))
        if document := DOCUMENTS.get(path.replace("%24", "$")):
            return document(self.pbx.model, scope["method"], base)
        methods, given = self.pbx.router.match(path)
        route = methods.get(scope["method"])
        if route is None:
            allowed = ", ".join(sorted(methods))
            raise Refusal(
                405, f"The path takes {allowed}, not {scope['method'][:20]}.", headers={"allow": allowed}
            )
        check_role(role, route, scope["method"])
        values = route.values(given) if route.arguments else {}
        exchange = Exchange(route, values, headers, scope["query_string"], body, base, path)
        return self._roles[route.role](exchange)

    def _list(self, exchange: Exchange) -> Answer:
        route, schema = exchange.route, exchange.route.shape.returns.type
        options = self._options(exchange, schema)
        records = self.pbx.views.records(route.head)
        page = self.pbx.renderer.page(
            exchange.base, route.head, schema, records, options, _without_skip(exchange.query)
        )
        return Answer(200, page)

    def _nested_list(self, exchange: Exchange) -> Answer:
        route = exchange.route
        if route.arguments:
            owner = self.pbx.views.record(route.head, exchange.key).value
            owner_schema = self.pbx.model.sets[route.head].schema
            path = f"{route.head}({key_literal(exchange.key)})/{route.tail}"
        else:
            owner = self.pbx.views.singleton(route.head).value
            owner_schema = self.pbx.model.singletons[route.head]
            path = f"{route.head}/{route.tail}"
        derive = self.pbx.views.navigation(owner_schema, route.tail)
        found = derive(owner) if derive else owner.get(route.tail)
        return self._rows(exchange, path, found or [])

    def _get(self, exchange: Exchange) -> Answer:
        return self._one(exchange, self.pbx.views.record(exchange.route.head, exchange.key))

    def _get_by_number(self, exchange: Exchange) -> Answer:
        return self._one(exchange, self.pbx.views.record_by_number(exchange.route.head, exchange.key))

    def _one(self, exchange: Exchange, record: Record) -> Answer:
        route, renderer = exchange.route, self.pbx.renderer
        schema = route.shape.returns.type
        options = self._options(exchange, schema) if exchange.query else None
        body = renderer.entity(exchange.base, route.head, schema, record, options)
        return Answer(200, body, _tag_header(renderer.etag(route.head, record)))

    def _get_singleton(self, exchange: Exchange) -> Answer:
        route = exchange.route
        schema = route.shape.returns.type
        options = self._options(exchange, schema) if exchange.query else None
        value = self.pbx.views.singleton(route.head).value
        return Answer(200, self.pbx.renderer.singleton(exchange.base, route.head, schema, value, options))

    def _create(self, exchange: Exchange) -> Answer:
        route = exchange.route
        schema = self.pbx.model.sets[route.head].schema
        values = self._json(exchange, schema, empty_is_object=True)
        key, record = self.pbx.entities.create(route.head, values)
        location = f"{exchange.base}/{route.head}({key_literal(key)})"
        body = self.pbx.renderer.entity(exchange.base, route.head, schema, record, None)
        tag = _tag_header(self.pbx.renderer.etag(route.head, record))
        return Answer(201, body, ((b"location", location.encode("ascii")), *tag))

    def _update(self, exchange: Exchange) -> Answer:
        head = exchange.route.head
        self._check_if_match(exchange)
        values = self._json(exchange, self.pbx.model.sets[head].schema)
        record = self.pbx.entities.update(head, exchange.key, values)
        return Answer(204, headers=_tag_header(self.pbx.renderer.etag(head, record)))

    def _update_singleton(self, exchange: Exchange) -> Answer:
        head = exchange.route.head
        values = self._json(exchange, self.pbx.model.singletons[head])
        if alias := self.pbx.views.alias(head):
            self.pbx.entities.update(*alias, values)
        else:
            self.pbx.entities.update_singleton(head, values)
        return Answer(204)

    def _delete(self, exchange: Exchange) -> Answer:
        self._check_if_match(exchange)
        self.pbx.entities.delete(exchange.route.head, exchange.key)
        return Answer(204)

    def _check_if_match(self, exchange: Exchange) -> None:
        head = exchange.route.head
        record = self.pbx.views.record(head, exchange.key)
        given = exchange.headers.get(b"if-match")
        tag = self.pbx.renderer.etag(head, record)
        check_precondition(None if given is None else given.decode("latin-1"), tag)

    def _call(self, exchange: Exchange) -> Answer:
        route = exchange.route
        call = Call(route, dict(exchange.values), self._call_body(exchange))
        return self._returned(exchange, perform(self.pbx, call))

    def _call_body(self, exchange: Exchange) -> Entity:
        shape = exchange.route.shape
        if shape.body is None:
            return {}
        body = self._parse_json(exchange, empty_is_object=True)
        return read_values(self.pbx.model, self.pbx.model.body_fields(shape), body, exchange.route.tail)

    def _returned(self, exchange: Exchange, payload: Any) -> Answer:
        returns = exchange.route.shape.returns
        if isinstance(payload, FileAnswer):
            if exchange.query and payload.media_type == "text/csv":
                options = self._options(exchange, returns.type)
                payload = csv_part(payload, options.skip, options.top)
            return file_answer(payload)
        if returns.kind == "nothing":
            return Answer(204)
        if returns.kind == "collection":
            return self._rows(exchange, exchange.path[1:], payload)
        return Answer(200, self.pbx.renderer.value(exchange.base, returns.type, payload))

    def _rows(self, exchange: Exchange, path: str, rows: list[Any]) -> Answer:
        schema = exchange.route.shape.returns.type
        options = self._options(exchange, schema)
        query = _without_skip(exchange.query)
        return Answer(200, self.pbx.renderer.rows(exchange.base, path, schema, rows, options, query))

    def _options(self, exchange: Exchange, schema: str) -> Options:
        route = exchange.route
        return self.pbx.queries.compile(schema, route.shape.query, exchange.query, route.limited)

    def _json(self, exchange: Exchange, schema: str, *, empty_is_object: bool = False) -> Entity:
        body = self._parse_json(exchange, empty_is_object=empty_is_object)
        return read_values(self.pbx.model, self.pbx.model.schema(schema), body, schema)

    def _parse_json(self, exchange: Exchange, *, empty_is_object: bool) -> Any:
        if not exchange.body and empty_is_object:
            return {}
        media_type = exchange.headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        if exchange.body and media_type != b"application/json":
            raise Refusal(415, "The body must be application/json.")
        try:
            body = orjson.loads(exchange.body)
        except orjson.JSONDecodeError:
            body = None
        if isinstance(body, dict):
            return body
        if exchange.route.shape.method == "PATCH":
            raise Refusal(400, DELTA_REQUIRED, [Problem("delta", "The delta field is required.")])
        raise Refusal(400, f"{MALFORMED_BODY}\n\nThe body is not a JSON object.")

    async def _show_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._page is None:
            # Its templates are compiled when somebody wants to see them; tests never do.
            from .page import Page

            self._page = Page(self.pbx, self.recorder, public=self.public_page)
        await self._page(scope, receive, send)

    async def _answer_beside(
        self, scope: Scope, receive: Receive, send: Send, connection: Any, began: float
    ) -> None:
        """What is no path of the API: the page, the control endpoint, the login, and nothing at all."""
        if is_page(scope):
            await self._show_page(scope, receive, send)
        elif self._control is not None and scope["raw_path"].startswith(CONTROL):
            try:
                answer = await self._control.answer(scope, receive)
            except Refusal as refusal:
                answer = refusal_answer(refusal)
            except Disconnected:
                return
            await send_answer(send, answer, self._version)
        elif scope["raw_path"].startswith(BACKUPS):
            answer = self._backup(scope)
            self.recorder.add(scope, b"", answer.status, b"", answer.media_type, began)
            await send_answer(send, answer, self._version)
        else:
            await self._log_in(scope, receive, send, connection, began)

    def _backup(self, scope: Scope) -> Answer:
        headers = dict(scope["headers"])
        try:
            with self.pbx.store.lock:
                self._role(headers)
                return file_answer(backup_file(self.pbx, scope["method"], scope["raw_path"]))
        except Refusal as refusal:
            return refusal_answer(refusal)

    async def _log_in(
        self, scope: Scope, receive: Receive, send: Send, connection: Any, began: float
    ) -> None:
        status = 0
        answer, answer_type = b"", b""
        fault = self.faults.of_token() if scope["raw_path"] == LOGIN else None

        async def watched(message: Any) -> None:
            nonlocal status, answer, answer_type
            if message["type"] == "http.response.start":
                status = message["status"]
                answer_type = dict(message["headers"]).get(b"content-type", b"")
            answer += message.get("body", b"")
            if fault is None or fault.kind != "drop-after":
                await send(message)

        await self.faults.before_answer(fault)
        if fault is not None and fault.kind == "status":
            await send_answer(watched, fault_answer(fault), self._version)
        elif fault is None or fault.kind != "drop":
            await self._login.app(scope, receive, watched)
        if fault is not None and fault.kind in ("drop", "drop-after"):
            self.recorder.add(scope, scope.get(SEEN_BODY, b""), NO_ANSWER, began=began)
            await hang_up(connection, receive)
        elif status:
            self.recorder.add(scope, scope.get(SEEN_BODY, b""), status, answer, answer_type, began)


def _authorization(headers: Mapping[bytes, bytes]) -> str:
    return headers.get(b"authorization", b"").decode("latin-1")


def _tag_header(tag: str | None) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"etag", tag.encode()),) if tag else ()


def _without_skip(query: bytes) -> list[str]:
    if not query:
        return []
    pairs = query.decode("latin-1").split("&")
    return [pair for pair in pairs if pair and unquote(pair.partition("=")[0]) != "$skip"]
