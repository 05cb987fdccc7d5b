"""Describe why a source of records cannot be read, in words for the user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import LoginError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...errors import ThreeCxError

_FORBIDDEN = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class RecordProblem:
    """Why events of `types` do not come: one line, and one with advice.

    `is_final` is set where they never will, unless an administrator changes something.
    """

    types: tuple[str, ...]
    code: str
    message: str
    advice: str
    is_final: bool = False


def describe_problem(types: Iterable[str], what: str, error: ThreeCxError, right: str = "") -> RecordProblem:
    """Return the problem of a source: `what` could not be read, for which the API client needs `right`."""
    names = tuple(sorted(types))
    if isinstance(error, UnreachableError):
        # It is about the PBX, and says so itself.
        is_final = isinstance(error, LoginError)
        return RecordProblem(
            names, error.code, error.foreign_words or error.message, error.description, is_final
        )
    if error.http_code in _FORBIDDEN:
        return RecordProblem(
            names,
            "record_forbidden",
            f"the API client may not read {what} ({error.http_code})",
            f"In 3CX, Admin > Integrations > API, give the client {right}.",
            is_final=True,
        )
    if error.code == "record_internal":
        return RecordProblem(names, error.code, error.message, error.description)
    return RecordProblem(
        names, "record_unreadable", f"{what} cannot be read: {error.message}", error.description
    )
