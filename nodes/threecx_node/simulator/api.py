"""Answer requests under /xapi/v1/: check the token and the role, find the operation, perform it, write the result."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from .auth.roles import Role, check_access
from .http.asgi import (
    ServerResponse,
    build_error_response,
    build_file_response,
    build_service_root,
)
from .http.files import FileDownload, slice_csv
from .http.forms import read_uploaded_file
from .odata.csdl import build_csdl
from .odata.errors import DELTA_REQUIRED, MALFORMED_BODY, ErrorDetail, ODataError
from .odata.literals import format_key
from .odata.payload import read_payload
from .odata.published_document import build_published_document
from .odata.rendering import check_precondition
from .odata.service_document import build_service_document
from .operations.dispatch import Invocation
from .operations.perform import perform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .http.asgi import Scope
    from .odata.query import QueryOptions
    from .odata.records import Entity, Record
    from .odata.routes import Route
    from .pbx.pbx import Pbx

log = logging.getLogger(__name__)

API_PREFIX = b"/xapi/v1/"
DOCUMENT_PATH = b"/xapi/v1/swagger.yaml"
_YAML_TYPE = b"application/yaml"
_XML_TYPE = b"application/xml; charset=utf-8"
_ROOT_PATHS = ("", "/")


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request to an operation. `root` is the address of the service, `path` the rest of the URL's path."""

    route: Route
    arguments: Mapping[str, Any]
    headers: Mapping[bytes, bytes]
    query: bytes
    body: bytes
    root: str
    path: str

    @property
    def key(self) -> Any:
        """The first parameter of the path."""
        return self.arguments[self.route.arguments[0].name]


class Api:
    """The API of one PBX."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._handlers: Mapping[str, Callable[[ApiRequest], ServerResponse]] = {
            "list": self._list,
            "nested_list": self._list_nested,
            "get": self._get,
            "get_by_number": self._get_by_number,
            "get_singleton": self._get_singleton,
            "create": self._create,
            "update": self._update,
            "update_singleton": self._update_singleton,
            "delete": self._delete,
            "function": self._invoke,
            "action": self._invoke,
        }

    def respond(self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes) -> ServerResponse:
        """Return the response to a request; a request that fails changes nothing."""
        try:
            with self._pbx.store.transaction():
                return self._dispatch(scope, headers, body)
        except ODataError as error:
            return build_error_response(error)
        except RecursionError:
            return build_error_response(ODataError(400, "The request is nested too deeply."))
        except Exception:
            # A bug of the simulator; the client gets a response, and the state is as before the request.
            log.exception("%s %s failed", scope["method"], scope["raw_path"])
            return build_error_response(ODataError(500, "Internal error in the simulator: see its log."))

    def check_token(self, headers: Mapping[bytes, bytes]) -> Role:
        """Return the client's role; raise ODataError: 401 if the token is not live, 403 for another API's client."""
        client = self._pbx.auth.find_client(_get_authorization(headers))
        role = self._pbx.auth.find_role(client) if client is not None else None
        if role is None and client is not None and self._pbx.auth.may_log_in(client):
            raise ODataError(403, f"Forbidden: the client {client} may not use the Configuration API.")
        if role is None:
            raise ODataError(
                401,
                "Unauthorized: the access token is missing, has expired, or was replaced by a newer one.",
                headers={"www-authenticate": "Bearer"},
            )
        return role

    def end_token(self, headers: Mapping[bytes, bytes]) -> None:
        """End the token of a request, if it is live."""
        with self._pbx.store.lock:
            client = self._pbx.auth.find_client(_get_authorization(headers))
            if client is not None:
                self._pbx.auth.revoke_tokens(client)

    def _dispatch(self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes) -> ServerResponse:
        method: str = scope["method"]
        if scope["raw_path"] == DOCUMENT_PATH:
            # The one path that needs no token.
            _check_method(method, ["GET"])
            return ServerResponse(200, build_published_document(self._pbx.model), media_type=_YAML_TYPE)
        role = self.check_token(headers)
        try:
            path = scope["raw_path"][len(API_PREFIX) - 1 :].decode("ascii")
        except UnicodeDecodeError as error:
            raise ODataError(400, "The path has bytes that must be percent-encoded.") from error
        root = build_service_root(scope["scheme"], headers.get(b"host", b"localhost"))
        if path in _ROOT_PATHS:
            _check_method(method, ["GET"])
            return ServerResponse(200, build_service_document(self._pbx.model, root))
        if path.replace("%24", "$") == "/$metadata":
            _check_method(method, ["GET"])
            return ServerResponse(200, build_csdl(self._pbx.model), media_type=_XML_TYPE)
        routes, given = self._pbx.router.match(path)
        _check_method(method, routes)
        route = routes[method]
        check_access(role, route, method)
        arguments = route.parse_arguments(given) if route.arguments else {}
        request = ApiRequest(route, arguments, headers, scope["query_string"], body, root, path)
        return self._handlers[route.kind](request)

    # Reads.

    def _list(self, request: ApiRequest) -> ServerResponse:
        head, schema = request.route.head, request.route.version.returns.type
        options = self._compile_options(request, schema)
        records = self._pbx.views.records(head)
        query = _split_query(request.query)
        page = self._pbx.renderer.render_page(request.root, head, schema, records, options, query)
        return ServerResponse(200, page)

    def _list_nested(self, request: ApiRequest) -> ServerResponse:
        head, tail = request.route.head, request.route.tail
        if request.route.arguments:
            owner = self._pbx.views.record(head, request.key).value
            owner_schema = self._pbx.model.sets[head].schema
            path = f"{head}({format_key(request.key)})/{tail}"
        else:
            owner = self._pbx.views.singleton(head).value
            owner_schema = self._pbx.model.singletons[head]
            path = f"{head}/{tail}"
        derive = self._pbx.views.navigation(owner_schema, tail)
        found = derive(owner) if derive else owner.get(tail)
        return self._respond_with_rows(request, path, found or [])

    def _get(self, request: ApiRequest) -> ServerResponse:
        return self._respond_with_entity(request, self._pbx.views.record(request.route.head, request.key))

    def _get_by_number(self, request: ApiRequest) -> ServerResponse:
        record = self._pbx.views.record_by_number(request.route.head, request.key)
        return self._respond_with_entity(request, record)

    def _get_singleton(self, request: ApiRequest) -> ServerResponse:
        head, schema = request.route.head, request.route.version.returns.type
        options = self._compile_options(request, schema) if request.query else None
        value = self._pbx.views.singleton(head).value
        body = self._pbx.renderer.render_singleton(request.root, head, schema, value, options)
        return ServerResponse(200, body)

    def _respond_with_entity(self, request: ApiRequest, record: Record) -> ServerResponse:
        head, schema = request.route.head, request.route.version.returns.type
        options = self._compile_options(request, schema) if request.query else None
        body = self._pbx.renderer.render_entity(request.root, head, schema, record, options)
        return ServerResponse(200, body, self._build_tag_header(head, record))

    def _respond_with_rows(self, request: ApiRequest, path: str, rows: list[Any]) -> ServerResponse:
        schema = request.route.version.returns.type
        options = self._compile_options(request, schema)
        query = _split_query(request.query)
        body = self._pbx.renderer.render_rows(request.root, path, schema, rows, options, query)
        return ServerResponse(200, body)

    # Changes.

    def _create(self, request: ApiRequest) -> ServerResponse:
        head = request.route.head
        schema = self._pbx.model.sets[head].schema
        values = self._read_entity(request, schema, empty_is_object=True)
        key, record = self._pbx.entities.create(head, values)
        location = f"{request.root}/{head}({format_key(key)})"
        body = self._pbx.renderer.render_entity(request.root, head, schema, record, None)
        tag = self._build_tag_header(head, record)
        return ServerResponse(201, body, ((b"location", location.encode("ascii")), *tag))

    def _update(self, request: ApiRequest) -> ServerResponse:
        head = request.route.head
        self._check_if_match(request)
        values = self._read_entity(request, self._pbx.model.sets[head].schema)
        record = self._pbx.entities.update(head, request.key, values)
        return ServerResponse(204, headers=self._build_tag_header(head, record))

    def _update_singleton(self, request: ApiRequest) -> ServerResponse:
        head = request.route.head
        values = self._read_entity(request, self._pbx.model.singletons[head])
        if alias := self._pbx.views.alias(head):
            self._pbx.entities.update(*alias, values)
        else:
            self._pbx.entities.update_singleton(head, values)
        return ServerResponse(204)

    def _delete(self, request: ApiRequest) -> ServerResponse:
        self._check_if_match(request)
        self._pbx.entities.delete(request.route.head, request.key)
        return ServerResponse(204)

    def _check_if_match(self, request: ApiRequest) -> None:
        head = request.route.head
        record = self._pbx.views.record(head, request.key)
        if_match = request.headers.get(b"if-match")
        tag = self._pbx.renderer.get_etag(head, record)
        check_precondition(None if if_match is None else if_match.decode("latin-1"), tag)

    # Functions and actions.

    def _invoke(self, request: ApiRequest) -> ServerResponse:
        invocation = self._read_invocation(request)
        payload = perform(self._pbx, invocation)
        returns = request.route.version.returns
        if isinstance(payload, FileDownload):
            if request.query and payload.media_type == "text/csv":
                options = self._compile_options(request, returns.type)
                payload = slice_csv(payload, options.skip, options.top)
            return build_file_response(payload)
        if returns.kind == "nothing":
            return ServerResponse(204)
        if returns.kind == "collection":
            return self._respond_with_rows(request, request.path[1:], payload)
        return ServerResponse(200, self._pbx.renderer.render_value(request.root, returns.type, payload))

    # Parts of requests and responses.

    def _compile_options(self, request: ApiRequest, schema: str) -> QueryOptions:
        route = request.route
        return self._pbx.queries.compile(schema, route.version.query, request.query, route.limited)

    def _read_entity(self, request: ApiRequest, schema: str, *, empty_is_object: bool = False) -> Entity:
        body = _parse_body(request, empty_is_object=empty_is_object)
        return read_payload(self._pbx.model, self._pbx.model.schema(schema), body, schema)

    def _read_invocation(self, request: ApiRequest) -> Invocation:
        upload = request.route.version.upload
        if upload is None:
            return Invocation(request.route, dict(request.arguments), self._read_parameters(request))
        file = read_uploaded_file(request.headers, request.body, upload.name)
        described = {"fileName": file.name, "fileSize": len(file.content)}
        return Invocation(request.route, dict(request.arguments), described, file)

    def _read_parameters(self, request: ApiRequest) -> Entity:
        version = request.route.version
        if version.body is None:
            return {}
        body = _parse_body(request, empty_is_object=True)
        return read_payload(self._pbx.model, self._pbx.model.body_fields(version), body, request.route.tail)

    def _build_tag_header(self, set_name: str, record: Record) -> tuple[tuple[bytes, bytes], ...]:
        tag = self._pbx.renderer.get_etag(set_name, record)
        return ((b"etag", tag.encode()),) if tag else ()


def _get_authorization(headers: Mapping[bytes, bytes]) -> str:
    return headers.get(b"authorization", b"").decode("latin-1")


def _check_method(method: str, allowed: Iterable[str]) -> None:
    if method not in allowed:
        names = ", ".join(sorted(allowed))
        raise ODataError(405, f"The path accepts {names}, not {method[:20]}.", headers={"allow": names})


def _split_query(query: bytes) -> list[str]:
    """Return the parameters of a query string except $skip, still encoded."""
    if not query:
        return []
    pairs = query.decode("latin-1").split("&")
    return [pair for pair in pairs if pair and unquote(pair.partition("=")[0]).lower() != "$skip"]


def _parse_body(request: ApiRequest, *, empty_is_object: bool) -> Any:
    if not request.body and empty_is_object:
        return {}
    media_type = request.headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if request.body and media_type != b"application/json":
        raise ODataError(415, "The body must be application/json.")
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        body = None
    if isinstance(body, dict):
        return body
    if request.route.version.method == "PATCH":
        raise ODataError(400, DELTA_REQUIRED, [ErrorDetail("delta", "The delta field is required.")])
    raise ODataError(400, f"{MALFORMED_BODY}\n\nThe body is not a JSON object.")
