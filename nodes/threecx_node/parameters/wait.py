"""Read what a new call is to be waited for, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ..errors import ParameterError
from ..options import DEFAULT_WAIT, MAX_WAIT, MIN_WAIT
from ..values.coerce import CoercionError, coerce, describe
from ..values.undefined import is_missing

WaitGoal = Literal["nothing", "ringing", "answered", "ended"]
WAIT_FOR, WAIT_TIMEOUT = "waitFor", "waitTimeout"
_GOALS: Mapping[str, WaitGoal] = {each: each for each in get_args(WaitGoal)}


@dataclass(frozen=True, slots=True)
class Wait:
    """The event that a new call is waited for, and the seconds of the wait."""

    goal: WaitGoal = "nothing"
    timeout: float = DEFAULT_WAIT


def take_wait(fields: Any, given: dict[str, Any]) -> Any:
    """Return the fields of a body without those of the wait, which go into `given`: a canvas maps them together."""
    if not isinstance(fields, Mapping):
        return fields
    names = {WAIT_FOR, WAIT_TIMEOUT} & fields.keys()
    given.update({name: fields[name] for name in names})
    return {name: value for name, value in fields.items() if name not in names}


def read_wait(values: Mapping[str, Any]) -> Wait:
    """Return what the parameters `waitFor` and `waitTimeout` ask for. Raises ParameterError."""
    timeout = _read_timeout(values.get(WAIT_TIMEOUT))
    value = values.get(WAIT_FOR)
    if is_missing(value):
        return Wait(timeout=timeout)
    chosen = value.strip().casefold() if isinstance(value, str) else ""
    if chosen not in _GOALS:
        raise ParameterError(
            f"{WAIT_FOR}: expected {', '.join(_GOALS)}, got {describe(value)}",
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
    if isinstance(seconds, (int, float)) and MIN_WAIT <= seconds <= MAX_WAIT:
        return float(seconds)
    raise ParameterError(
        f"{WAIT_TIMEOUT}: expected a number of seconds from {MIN_WAIT:g} to {MAX_WAIT:,.0f}, got {describe(value)}",
        field=WAIT_TIMEOUT,
    )
