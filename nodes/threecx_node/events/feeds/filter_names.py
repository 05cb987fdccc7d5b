"""Find the numbers in the filter of a subscription that the PBX does not have: no event passes such a filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...execution.results import Item
from ..model.event_types import EVENT_TYPES
from ..model.status import UNKNOWN_NUMBER, FeedProblem
from .problems import LIVE_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...execution.executor import Executor

# With more numbers, the filter would make the address of the request too long.
_MOST_IN_FILTER = 20
_NAMED = 10
_ADVICE = "Correct the filter of the subscription; `threecx execute ListPeer` lists the numbers of the PBX."


async def find_unknown(
    executor: Executor, types: Iterable[str], extensions: Sequence[str], group: str
) -> list[FeedProblem]:
    """Return a problem for extensions and for a group that the PBX does not have.

    Of live calls, another check says which extensions are not monitored. A client that may not read the numbers gets no
    problem.
    """
    chosen = [EVENT_TYPES[each] for each in sorted(types)]
    found = []
    by_extension = tuple(
        each.name for each in chosen if "extensions" in each.filters and each.name not in LIVE_TYPES
    )
    if extensions and by_extension:
        known = await _list_known(executor, "ListPeer", ("Number",), extensions)
        missing = [each for each in extensions if known is not None and each.casefold() not in known]
        if missing:
            more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
            message = f"the PBX has no extension {', '.join(missing[:_NAMED])}{more}"
            found.append(_describe(by_extension, message, is_final=len(missing) == len(extensions)))
    by_group = tuple(each.name for each in chosen if "group" in each.filters)
    if group and by_group:
        known = await _list_known(executor, "ListPeer", ("Number",), [group])
        named = await _list_known(executor, "ListGroup", ("Number", "Name"), [group])
        if known is not None and named is not None and group.casefold() not in known | named:
            found.append(_describe(by_group, f'the PBX has no queue or group "{group}"', is_final=True))
    return found


async def _list_known(
    executor: Executor, operation: str, fields: Sequence[str], wanted: Sequence[str]
) -> set[str] | None:
    """Return which of the wanted values fields of entities have, in lower case; None where they cannot be read."""
    found: set[str] = set()
    for start in range(0, len(wanted), _MOST_IN_FILTER):
        quoted = [
            "'" + each.casefold().replace("'", "''") + "'" for each in wanted[start : start + _MOST_IN_FILTER]
        ]
        conditions = " or ".join(f"tolower({name}) eq {each}" for name in fields for each in quoted)
        query = {"$filter": conditions, "$select": list(fields), "returnAll": True}
        [result] = (await executor.run(operation, [Item({}, query)])).results
        if result.error is not None:
            return None
        found |= {str(each["json"].get(name)).casefold() for each in result.items or () for name in fields}
    return found


def _describe(types: tuple[str, ...], message: str, *, is_final: bool) -> FeedProblem:
    return FeedProblem(events=types, code=UNKNOWN_NUMBER, message=message, advice=_ADVICE, is_final=is_final)
