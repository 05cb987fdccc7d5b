"""Errors as `application/problem+json` (RFC 9457), in the words of our tree."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from ..errors import InputError, ThreeCxError, UnknownNameError, UnreachableError, UsageError
from ..values.json import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping


class ProblemError(Exception):
    """A request that the service itself turns down: status, what is wrong, what to do about it, a word."""

    def __init__(self, status: int, detail: str, description: str = "", code: str = "usage") -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.description = description
        self.code = code


def problem(
    status: int, detail: str, description: str = "", code: str = "", field: str | None = None
) -> Response:
    """The answer that tells a problem."""
    shape: Mapping[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "description": description,
        "code": code,
        "field": field,
    }
    content = dumps({key: value for key, value in shape.items() if value not in (None, "")})
    return Response(content, status, media_type="application/problem+json")


def fault_of_ours() -> ProblemError:
    """What a caller is told of a fault of ours; the log holds the rest."""
    return ProblemError(500, "the executor failed inside", "Its log tells more; please report it.", "bug")


def problem_of(error: ThreeCxError) -> Response:
    """The answer that tells an error of our tree: the caller's fault is 4xx, the PBX's 502."""
    if isinstance(error, UnknownNameError):
        status = HTTPStatus.NOT_FOUND
    elif isinstance(error, InputError):
        status = HTTPStatus.BAD_REQUEST
    elif isinstance(error, UnreachableError):
        status = HTTPStatus.BAD_GATEWAY
    elif isinstance(error, UsageError):
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        status = HTTPStatus.BAD_GATEWAY if error.http_code else HTTPStatus.UNPROCESSABLE_ENTITY
    return problem(status, error.message, error.description, error.code, error.field)
