"""The errors that the PBX returns, in the shape of 3CX's OData errors.

{"error": {"code": "", "message": "Number:\\nWARNINGS.XAPI.ALREADY_IN_USE",
           "details": [{"code": "", "message": "WARNINGS.XAPI.ALREADY_IN_USE", "target": "Number"}]}}

    ODataError                 any status
        EntityNotFoundError    404: no entity has this key or number
        MissingFileError       404: the entity exists, its file does not
        PathNotFoundError      404: no operation of the release has this path
        QueryOptionError       400: a query option cannot be used
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REQUIRED = "WARNINGS.XAPI.REQUIRED"
ALREADY_IN_USE = "WARNINGS.XAPI.ALREADY_IN_USE"
DUPLICATE = "WARNINGS.XAPI.DUPLICATE"
NOT_FOUND = "WARNINGS.XAPI.NOT_FOUND"
FORBIDDEN_CHANGE = "WARNINGS.XAPI.FORBIDDEN_CHANGE"
OUT_OF_THE_RANGE = "WARNINGS.XAPI.OUT_OF_THE_RANGE"
INVALID = "WARNINGS.XAPI.INVALID"
INVALID_TIMEZONE = "WARNINGS.XAPI.INVALID_TIMEZONE"
FILE_NOT_FOUND = "WARNINGS.XAPI.FILE_NOT_FOUND"
NON_EXISTENT_NUMBER = "WARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER"
GROUP_HAS_MEMBERS = "WARNINGS.GROUP_WITH_MEMBERS_CANNOT_BE_DELETED"
GROUP_CANNOT_BE_DELETED = "WARNINGS.GROUP_CANNOT_BE_DELETED"
NO_MORE_NUMBERS = "WARNINGS.NO_MORE_NUMBERS_AVAILABLE"
STRING_TOO_LONG = "WARNINGS.STRING_TOO_LONG"

MALFORMED_BODY = "The input was not valid."
DELTA_REQUIRED = f"{MALFORMED_BODY}\n\ndelta:\nThe delta field is required."


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """One invalid property: its name, and 3CX's code or a sentence."""

    target: str
    message: str


class ODataError(Exception):
    """An error response: raised anywhere below the API, written by `http/asgi.py`."""

    def __init__(
        self,
        status: int,
        message: str,
        details: Sequence[ErrorDetail] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = details
        self.headers = headers or {}

    @classmethod
    def of(cls, status: int, *details: ErrorDetail, prefix: str = "") -> ODataError:
        """Return the error for some properties; its message lists them, as 3CX does."""
        parts = [prefix] if prefix else []
        parts += [f"{detail.target}:\n{detail.message}" for detail in details]
        return ODataError(status, "\n\n".join(parts), details)

    def to_json(self) -> dict[str, Any]:
        """Return the response's body as JSON values."""
        error: dict[str, Any] = {"code": "", "message": self.message}
        if self.details:
            error["details"] = [
                {"code": "", "message": detail.message, "target": detail.target} for detail in self.details
            ]
        return {"error": error}


class EntityNotFoundError(ODataError):
    """The 404 for an entity that does not exist; `target` is the key's or the argument's name."""

    def __init__(self, target: str = "Id") -> None:
        super().__init__(404, f"{target}:\n{NOT_FOUND}", [ErrorDetail(target, NOT_FOUND)])


class MissingFileError(ODataError):
    """The 404 for a file that does not exist."""

    def __init__(self, target: str) -> None:
        super().__init__(404, f"{target}:\n{FILE_NOT_FOUND}", [ErrorDetail(target, FILE_NOT_FOUND)])


class PathNotFoundError(ODataError):
    """The 404 for a path that the API does not have."""

    def __init__(self) -> None:
        super().__init__(
            404, "The requested resource does not exist: no operation of this release has this path."
        )


class QueryOptionError(ODataError):
    """The 400 for a query option that cannot be used."""

    def __init__(self, message: str) -> None:
        super().__init__(400, f"The query specified in the URI is not valid. {message}")
