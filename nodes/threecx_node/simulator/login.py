"""The token endpoint over HTTP, and the 404 of every path that is nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as StarletteRoute

from .auth import TokenRefusal
from .refusals import Refusal, no_such_path
from .wire import Disconnected, read_body

if TYPE_CHECKING:
    from .pbx import Pbx

LOGIN = b"/connect/token"
# Where the request's body is left for the recorder.
SEEN_BODY = "simulator.body"


class Login:
    """Form in, token or flat error out."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self.app = Starlette(
            routes=[StarletteRoute(LOGIN.decode(), self._token, methods=["POST"])],
            exception_handlers={HTTPException: _refuse_path},
        )

    async def _token(self, request: Request) -> Response:
        try:
            form = await self._form(request)
            with self._pbx.store.lock:
                given = (form.get(name) for name in ("grant_type", "client_id", "client_secret"))
                answer = self._pbx.auth.issue(*given)
        except TokenRefusal as refusal:
            return JSONResponse(refusal.body(), refusal.status)
        return JSONResponse(answer, headers={"cache-control": "no-store"})

    async def _form(self, request: Request) -> dict[str, str]:
        """The form's texts, from either of the two encodings."""
        try:
            body = await read_body(request.receive, dict(request.scope["headers"]))
        except Refusal as refusal:
            raise TokenRefusal(refusal.status, "invalid_request", refusal.message) from refusal
        except Disconnected as error:
            raise TokenRefusal(400, "invalid_request", "The body is incomplete.") from error
        request.scope[SEEN_BODY] = body
        media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if media_type not in ("application/x-www-form-urlencoded", "multipart/form-data"):
            message = "The body must be application/x-www-form-urlencoded or multipart/form-data."
            raise TokenRefusal(415, "invalid_request", message)

        async def replay() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        try:
            form = await Request(request.scope, replay).form(max_files=4, max_fields=32)
        except (MultiPartException, HTTPException, KeyError, ValueError) as error:
            raise TokenRefusal(400, "invalid_request", "The form cannot be read.") from error
        return {name: value for name, value in form.items() if isinstance(value, str)}


def _refuse_path(request: Request, error: Exception) -> Response:
    refusal = no_such_path()
    if isinstance(error, HTTPException) and error.status_code != refusal.status:
        refusal = Refusal(
            error.status_code, f"{request.url.path}: {error.detail}", headers=error.headers or {}
        )
    return JSONResponse(refusal.body(), refusal.status, headers=dict(refusal.headers))
