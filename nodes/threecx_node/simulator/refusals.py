"""What the server refuses, in the error shape of a 3CX.

{"error": {"code": "", "message": "Number:\\nWARNINGS.XAPI.ALREADY_IN_USE",
           "details": [{"code": "", "message": "WARNINGS.XAPI.ALREADY_IN_USE", "target": "Number"}]}}
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
NOT_SUPPORTED = "WARNINGS.XAPI.NOT_SUPPORTED"
FILE_NOT_FOUND = "WARNINGS.XAPI.FILE_NOT_FOUND"
NON_EXISTENT_NUMBER = "WARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER"
GROUP_HAS_MEMBERS = "WARNINGS.GROUP_WITH_MEMBERS_CANNOT_BE_DELETED"
GROUP_CANNOT_BE_DELETED = "WARNINGS.GROUP_CANNOT_BE_DELETED"
NO_MORE_NUMBERS = "WARNINGS.NO_MORE_NUMBERS_AVAILABLE"
STRING_TOO_LONG = "WARNINGS.STRING_TOO_LONG"

MALFORMED_BODY = "The input was not valid."
DELTA_REQUIRED = f"{MALFORMED_BODY}\n\ndelta:\nThe delta field is required."


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: with which property, and 3CX's code or a sentence."""

    target: str
    message: str


@dataclass(slots=True)
class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure of the server
    """An answer that is an error; raised anywhere, written in one place."""

    status: int
    message: str
    problems: Sequence[Problem] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The error body."""
        error: dict[str, Any] = {"code": "", "message": self.message}
        if self.problems:
            error["details"] = [
                {"code": "", "message": problem.message, "target": problem.target}
                for problem in self.problems
            ]
        return {"error": error}


def refuse(status: int, *problems: Problem, prefix: str = "") -> Refusal:
    """A refusal whose message is made of its problems, as a 3CX does it."""
    parts = [prefix] if prefix else []
    parts += [f"{problem.target}:\n{problem.message}" for problem in problems]
    return Refusal(status, "\n\n".join(parts), problems)


def not_found(target: str = "Id") -> Refusal:
    """The 404 of an entity that is not there."""
    return refuse(404, Problem(target, NOT_FOUND))


def no_such_path() -> Refusal:
    """The 404 of a path that the API does not have."""
    return Refusal(404, "The requested resource does not exist: no operation of this release has this path.")


def bad_query(message: str) -> Refusal:
    """The 400 of a query option that cannot be used."""
    return Refusal(400, f"The query specified in the URI is not valid. {message}")
