"""Serve the token endpoint over HTTP, and the 404 of every path that does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as StarletteRoute

from ..http.asgi import ClientDisconnectedError, read_body
from ..odata.errors import ODataError, PathNotFoundError
from .issuer import OAuthError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from .issuer import TokenIssuer

TOKEN_PATH = b"/connect/token"
# The member of the ASGI scope in which the recorder finds the request's body.
RECORDED_BODY = "simulator.body"


class TokenEndpoint:
    """Reads a form and returns a token or an OAuth error; `app` is the ASGI application."""

    def __init__(self, issuer: TokenIssuer, lock: AbstractContextManager[Any]) -> None:
        self._issuer = issuer
        self._lock = lock
        self.app = Starlette(
            routes=[StarletteRoute(TOKEN_PATH.decode(), self._issue_token, methods=["POST"])],
            exception_handlers={HTTPException: _respond_to_unknown_path},
        )

    async def _issue_token(self, request: Request) -> Response:
        try:
            form = await self._read_form(request)
            with self._lock:
                values = (form.get(name) for name in ("grant_type", "client_id", "client_secret"))
                body = self._issuer.issue_token(*values)
        except OAuthError as error:
            return JSONResponse(error.to_json(), error.status)
        return JSONResponse(body, headers={"cache-control": "no-store"})

    async def _read_form(self, request: Request) -> dict[str, str]:
        """Return the texts of the form, from either of the two encodings; raise OAuthError."""
        try:
            body = await read_body(request.receive, dict(request.scope["headers"]))
        except ODataError as error:
            raise OAuthError(error.status, "invalid_request", error.message) from error
        except ClientDisconnectedError as error:
            raise OAuthError(400, "invalid_request", "The body is incomplete.") from error
        request.scope[RECORDED_BODY] = body
        media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if media_type not in ("application/x-www-form-urlencoded", "multipart/form-data"):
            message = "The body must be application/x-www-form-urlencoded or multipart/form-data."
            raise OAuthError(415, "invalid_request", message)

        async def replay() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        try:
            form = await Request(request.scope, replay).form(max_files=4, max_fields=32)
        except (MultiPartException, HTTPException, KeyError, ValueError) as error:
            raise OAuthError(400, "invalid_request", "The form cannot be parsed.") from error
        return {name: value for name, value in form.items() if isinstance(value, str)}


def _respond_to_unknown_path(request: Request, error: Exception) -> Response:
    response: ODataError = PathNotFoundError()
    if isinstance(error, HTTPException) and error.status_code != response.status:
        message = f"{request.url.path}: {error.detail}"
        response = ODataError(error.status_code, message, headers=error.headers)
    return JSONResponse(response.to_json(), response.status, headers=dict(response.headers))
