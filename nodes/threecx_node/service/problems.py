"""Errors as `application/problem+json` (RFC 9457), and the handlers that turn exceptions into them."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from ..errors import (
    EventStoreError,
    InputError,
    PositionGoneError,
    ThreeCxError,
    UnknownNameError,
    UnreachableError,
    UsageError,
)
from ..values.json import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request


class ProblemError(Exception):
    """A request that the service itself refuses: status, what is wrong, how to fix it, and a code for programs.

    `closes` is set if the rest of the request is not read, so that its connection cannot be used any more.
    """

    def __init__(
        self, status: int, detail: str, description: str = "", code: str = "usage", *, closes: bool = False
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.description = description
        self.code = code
        self.closes = closes


def make_problem(
    status: int, detail: str, description: str = "", code: str = "", field: str | None = None
) -> Response:
    """Return the response for a problem; members without a value are left out."""
    content = dumps(_make_members(status, detail, description, code, field))
    return Response(content, status, media_type="application/problem+json")


def describe_error(error: ThreeCxError) -> dict[str, Any]:
    """Return the problem for an error, for a caller whose response has begun already."""
    return _make_members(_status_of(error), error.message, error.description, error.code, error.field)


def _make_members(status: int, detail: str, description: str, code: str, field: str | None) -> dict[str, Any]:
    members: Mapping[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "description": description,
        "code": code,
        "field": field,
    }
    return {key: value for key, value in members.items() if value not in (None, "")}


def make_internal_error() -> ProblemError:
    """Return the error for a bug; only the log contains more about it."""
    return ProblemError(
        500, "internal error in the executor", "See the executor's log, and report this error.", "bug"
    )


async def handle_problem(request: Request, error: Exception) -> Response:
    """Return the response for a ProblemError."""
    del request
    assert isinstance(error, ProblemError)  # noqa: S101 (registered for this class alone)
    response = make_problem(error.status, error.detail, error.description, error.code)
    if error.closes:
        response.headers["Connection"] = "close"
    return response


async def handle_error(request: Request, error: Exception) -> Response:
    """Return the response for a ThreeCxError."""
    del request
    assert isinstance(error, ThreeCxError)  # noqa: S101 (registered for this class alone)
    return make_problem(_status_of(error), error.message, error.description, error.code, error.field)


async def handle_unknown_path(request: Request, error: Exception) -> Response:
    """Return the response for a path that does not exist."""
    del error
    return make_problem(
        404,
        f"the path {request.url.path[:100]} does not exist",
        "See /openapi.json for the paths.",
        "unknown_path",
    )


async def handle_wrong_method(request: Request, error: Exception) -> Response:
    """Return the response for a method that a path does not accept."""
    del error
    return make_problem(
        405,
        f"{request.url.path[:100]} does not accept {request.method}",
        "See /openapi.json for the methods.",
        "method",
    )


async def handle_bug(request: Request, error: Exception) -> Response:
    """Return the response for an exception that is not expected."""
    del error
    return await handle_problem(request, make_internal_error())


def _status_of(error: ThreeCxError) -> int:
    """Return 4xx for an error of the caller, 502 for an error of the PBX, 503 for a store that cannot be used."""
    if isinstance(error, EventStoreError):
        return HTTPStatus.SERVICE_UNAVAILABLE
    if isinstance(error, PositionGoneError):
        return HTTPStatus.GONE
    if isinstance(error, UnknownNameError):
        return HTTPStatus.NOT_FOUND
    if isinstance(error, InputError):
        return HTTPStatus.BAD_REQUEST
    if isinstance(error, UnreachableError):
        return HTTPStatus.BAD_GATEWAY
    if isinstance(error, UsageError):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.BAD_GATEWAY if error.http_code else HTTPStatus.UNPROCESSABLE_ENTITY
