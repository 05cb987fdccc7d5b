"""Serve the calls and their clock to the control endpoint.

    GET  /_simulator/calls   return {"active": […], "ended": […]}: the calls, and the last that ended
    POST /_simulator/calls   begin a scenario, or go on with a call; return the call
    GET  /_simulator/clock   return {"now", "manual", "next"}: the time, and the seconds until something is due
    PUT  /_simulator/clock   {"manual": true} stops the clock, false lets it follow real time
    POST /_simulator/clock   {"advance": 5} turns a manual clock forward

The body of POST calls is {"scenario": "inbound", "arguments": {"number": "+49…", "did": "+357…"}} or {"call": 12}. With
"steps" these steps are done: at once, or by the clock if one of them has "after" or "play" is true. With "play" and no
"steps", the steps of the scenario are played; with "step" true, the next of them is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from ..calls.models import CallError
from ..calls.records import describe_call
from ..calls.steps import parse_step
from ..odata.errors import ODataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..calls.engine import CallEngine
    from ..calls.handle import CallHandle

# The ended calls that are returned.
MAX_ENDED = 100
MAX_STEPS = 1000
_CALL_FIELDS: Mapping[str, type] = {
    "scenario": str,
    "arguments": dict,
    "call": int,
    "steps": list,
    "play": bool,
    "step": bool,
}


def list_calls(calls: CallEngine) -> dict[str, Any]:
    """Return the present calls and the last that ended, newest first."""
    ended = calls.list_finished()[-MAX_ENDED:]
    return {
        "active": [describe_call(call, calls.get_handle(call.id)) for call in calls.calls()],
        "ended": [describe_call(call) for call in reversed(ended)],
    }


def drive_call(calls: CallEngine, body: bytes) -> dict[str, Any]:
    """Begin a call or go on with one, as the body says; raise ODataError (400) for a body that is wrong."""
    given = _parse(body, _CALL_FIELDS)
    if ("scenario" in given) == ("call" in given):
        raise ODataError(400, "The body needs either scenario or call.")
    if len(given.get("steps", [])) > MAX_STEPS:
        raise ODataError(400, f"A call has at most {MAX_STEPS} steps.")
    try:
        # Before the call begins: a wrong step begins none.
        steps = [parse_step(each) for each in given.get("steps", [])]
        handle = _find_handle(calls, given)
        if "steps" in given:
            handle.steps = list(steps)
        if given.get("play") or any(step.after for step in steps):
            handle.play()
        elif given.get("step"):
            handle.step()
        else:
            for _ in steps:
                handle.step()
    except CallError as error:
        raise ODataError(400, error.message) from error
    return describe_call(handle.call, handle)


def get_clock(calls: CallEngine) -> dict[str, Any]:
    """Return the time of the calls."""
    clock = calls.clock
    now = clock.now().isoformat().replace("+00:00", "Z")
    return {"now": now, "manual": clock.manual, "next": clock.next_due}


def set_clock(calls: CallEngine, body: bytes) -> dict[str, Any]:
    """Stop the clock or let it run; raise ODataError (400)."""
    given = _parse(body, {"manual": bool})
    if "manual" not in given:
        raise ODataError(400, "The body needs manual: true or false.")
    calls.clock.manual = given["manual"]
    return get_clock(calls)


def turn_clock(calls: CallEngine, body: bytes) -> dict[str, Any]:
    """Turn a manual clock forward; raise ODataError (400)."""
    given = _parse(body, {"advance": float})
    if "advance" not in given:
        raise ODataError(400, "The body needs advance: a number of seconds.")
    try:
        calls.clock.advance(given["advance"])
    except ValueError as error:
        raise ODataError(400, f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    return get_clock(calls)


def _find_handle(calls: CallEngine, given: Mapping[str, Any]) -> CallHandle:
    if "call" in given:
        if "arguments" in given:
            raise ODataError(400, "arguments belong to a scenario, not to a call.")
        return calls.get_handle(given["call"])
    return calls.begin(given["scenario"], given.get("arguments", {}))


def _parse(body: bytes, fields: Mapping[str, type]) -> dict[str, Any]:
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        raise ODataError(400, f"The body must be a JSON object with {', '.join(fields)}.")
    for name, value in given.items():
        if name not in fields:
            raise ODataError(400, f"{name[:50]!r} is unknown; the body has {', '.join(fields)}.")
        wanted: Any = (int, float) if fields[name] is float else fields[name]
        if not isinstance(value, wanted) or (isinstance(value, bool) and fields[name] is not bool):
            raise ODataError(400, f"{name} has the wrong type.")
    return given
