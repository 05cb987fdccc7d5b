"""Read what a new call is to be waited for, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from ..errors import ParameterError
from ..values.coerce import CoercionError, coerce, describe
from ..values.undefined import is_missing

if TYPE_CHECKING:
    from collections.abc import Mapping

WaitGoal = Literal["ringing", "answered", "ended"]
WAIT_FOR, WAIT_TIMEOUT = "waitFor", "waitTimeout"
DEFAULT_WAIT = 60.0
MOST_WAIT = 86_400.0
LEAST_WAIT = 0.1
_NOTHING = "nothing"
_GOALS: Mapping[str, WaitGoal] = {each: each for each in get_args(WaitGoal)}


@dataclass(frozen=True, slots=True)
class Wait:
    """The event that a new call is waited for, and the seconds of the wait."""

    goal: WaitGoal
    timeout: float = DEFAULT_WAIT


def read_wait(values: Mapping[str, Any]) -> Wait | None:
    """Return what the parameters `waitFor` and `waitTimeout` ask for, None for nothing. Raises ParameterError."""
    timeout = _read_timeout(values.get(WAIT_TIMEOUT))
    value = values.get(WAIT_FOR)
    if is_missing(value):
        return None
    chosen = value.strip().casefold() if isinstance(value, str) else ""
    if chosen == _NOTHING:
        return None
    if chosen not in _GOALS:
        raise ParameterError(
            f"{WAIT_FOR}: expected {_NOTHING}, {', '.join(_GOALS)}, got {describe(value)}",
            field=WAIT_FOR,
            description="Set it to one of them; nothing was sent for this item.",
        )
    return Wait(_GOALS[chosen], timeout)


def _read_timeout(value: Any) -> float:
    if is_missing(value):
        return DEFAULT_WAIT
    try:
        seconds = coerce("Double", value)
    except CoercionError:
        seconds = None
    # A comparison with NaN is false.
    if isinstance(seconds, (int, float)) and LEAST_WAIT <= seconds <= MOST_WAIT:
        return float(seconds)
    raise ParameterError(
        f"{WAIT_TIMEOUT}: expected a number of seconds from {LEAST_WAIT:g} to {MOST_WAIT:,.0f}, got {describe(value)}",
        field=WAIT_TIMEOUT,
    )
