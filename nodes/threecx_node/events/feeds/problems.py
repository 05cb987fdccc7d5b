"""The problems of a feed: why events of some types do not come, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...callcontrol.failures import FORBIDDEN, OFF, is_final
from ...errors import LoginError, ThreeCxError
from ..model.event_types import EVENT_TYPES
from ..model.status import FeedProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

CALL_CONTROL = frozenset({FORBIDDEN, OFF})
"""The codes of a PBX that does not let the client use its Call Control API."""
LIVE_TYPES = frozenset(each.name for each in EVENT_TYPES.values() if each.source in ("live", "both"))
RECORD_TYPES = frozenset(each.name for each in EVENT_TYPES.values() if each.source in ("records", "both"))
EITHER_TYPES = LIVE_TYPES & RECORD_TYPES


def describe_error(error: ThreeCxError, types: Iterable[str]) -> FeedProblem:
    """Return the problem that an error of the PBX is for events of these types."""
    return FeedProblem(
        events=tuple(sorted(types)),
        code=error.code,
        message=error.foreign_words or error.message,
        advice=error.description,
        is_final=is_final(error, was_live=False),
    )


def is_refused_login(error: ThreeCxError) -> bool:
    """Return whether a login was refused: 3CX blocks addresses after repeated failures."""
    return isinstance(error, LoginError) and is_final(error, was_live=False)


class Problems:
    """The problems of one feed, by the part that has them. `on_change` is called when they change."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._problems: dict[str, tuple[FeedProblem, ...]] = {}
        self._on_change = on_change

    def put(self, part: str, problems: Iterable[FeedProblem]) -> None:
        """Replace the problems of a part."""
        found = tuple(problems)
        if found != self._problems.get(part, ()):
            self._problems[part] = found
            self._on_change()

    @property
    def all(self) -> tuple[FeedProblem, ...]:
        """Return all problems."""
        return tuple(each for found in self._problems.values() for each in found)

    def to_json(self) -> list[dict[str, Any]]:
        """Return the problems as JSON, for other processes."""
        return [
            {
                "events": list(each.events),
                "code": each.code,
                "message": each.message,
                "advice": each.advice,
                "isFinal": each.is_final,
            }
            for each in self.all
        ]


def read_problems(documents: Iterable[Mapping[str, Any]]) -> tuple[FeedProblem, ...]:
    """Return the problems of a document that `Problems.to_json` has made."""
    return tuple(
        FeedProblem(
            events=tuple(each["events"]),
            code=each["code"],
            message=each["message"],
            advice=each["advice"],
            is_final=bool(each["isFinal"]),
        )
        for each in documents
    )


def pick_problems(problems: Iterable[FeedProblem], types: Iterable[str]) -> tuple[FeedProblem, ...]:
    """Return the problems that concern some of these types, with these types alone."""
    wanted = frozenset(types)
    return tuple(
        FeedProblem(
            events=tuple(sorted(common)),
            code=each.code,
            message=each.message,
            advice=each.advice,
            is_final=each.is_final,
        )
        for each in problems
        if (common := wanted.intersection(each.events))
    )
