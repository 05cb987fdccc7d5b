"""Say which extensions of a subscription its client cannot see: live calls come from monitored numbers only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model.status import NOT_MONITORED, FeedProblem
from .problems import LIVE_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable

_ADVICE = "Choose the extensions to monitor in Admin > Integrations > API, or run `threecx setup-events`."
_NAMED = 10
# A client sees its own number in any case.
_FEWEST = 2


def describe_unmonitored(
    monitored: frozenset[str] | None, types: Iterable[str], extensions: Iterable[str]
) -> tuple[FeedProblem, ...]:
    """Return why live events of a subscription do not come.

    `monitored` are the numbers that the client sees, among them its own, and None where they are not known;
    `extensions` are those of the filter.
    """
    events = tuple(sorted(LIVE_TYPES.intersection(types)))
    wanted = tuple(extensions)
    if not events or monitored is None:
        return ()
    if len(monitored) < _FEWEST:
        message = "the client monitors no extension"
    elif missing := [each for each in wanted if each not in monitored]:
        named = ", ".join(missing[:_NAMED])
        rest = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        message = f"the client does not monitor {named}{rest}"
    else:
        return ()
    return (
        FeedProblem(
            events=events,
            code=NOT_MONITORED,
            message=message,
            advice=_ADVICE,
            # Without any of the chosen extensions, nothing comes.
            is_final=bool(wanted) and monitored.isdisjoint(wanted),
        ),
    )
