"""Perform what the buttons of the page ask for: ring a number, answer, hang up, press a key.

    POST /_page/calls   action=ring&from=+12025550114&to=820
                        action=answer&dn=101&participant=8101
                        action=hangup&dn=101&participant=8101
                        action=press&dn=10000&participant=8100&keys=1

A form without script gets the page again, the script gets JSON with one message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from ..calls.models import CallError
from .live_calls import ANSWER, HANG_UP, PRESS, name_party

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..calls.models import Leg
    from ..pbx.pbx import Pbx

# A form of the page is much shorter.
MAX_FORM = 4096
_LONGEST_NUMBER = 50


class RefusedError(Exception):
    """An action that cannot be performed; `message` is for the person at the browser."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def read_form(body: bytes) -> dict[str, str]:
    """Return the fields of a form, without surrounding spaces; raise RefusedError for one that is too long."""
    if len(body) > MAX_FORM:
        raise RefusedError("The form is too long.")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=10, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise RefusedError("The form cannot be read.") from error
    return {name: value.strip() for name, value in pairs}


def perform_action(pbx: Pbx, form: Mapping[str, str]) -> str:
    """Perform the action of a form; return what was done in one sentence; raise RefusedError."""
    action = form.get("action", "")
    try:
        if action == "ring":
            return _ring(pbx, _read_number(form, "from", "From"), _read_number(form, "to", "To"))
        if action in (ANSWER, HANG_UP, PRESS):
            with pbx.calls.lock:
                return _act(pbx, action, _find_leg(pbx, form), form.get("keys", ""))
    except CallError as error:
        raise RefusedError(error.message) from error
    raise RefusedError("The action does not exist. Reload the page.")


def _ring(pbx: Pbx, number: str, destination: str) -> str:
    with pbx.store.lock:
        is_did = any(record.value["Number"] == destination for record in pbx.views.records("DidNumbers"))
        if is_did:
            call = pbx.calls.receive_call(number, did=destination)
        elif pbx.entities.dial_plan.find_by_number(destination) is not None:
            call = pbx.calls.receive_call(number, to=destination)
        else:
            raise RefusedError(f"{destination} is not a number of this PBX. Choose one from the list.")
        if call.ended is not None:
            raise RefusedError(f"{destination} was not reached: {call.reason}.")
    return f"{number} calls {destination}."


def _act(pbx: Pbx, action: str, leg: Leg, keys: str) -> str:
    name = name_party(leg.own)
    if action == PRESS:
        pbx.calls.press(leg, keys)
        return f"{name} pressed {keys}."
    if action == ANSWER:
        pbx.calls.pick_up(leg.dn, leg.id)
        return f"{name} answered."
    is_ringing = leg.status == "Ringing"
    pbx.calls.act(leg.dn, leg.id, "drop")
    return f"{name} declined the call." if is_ringing else f"{name} hung up."


def _find_leg(pbx: Pbx, form: Mapping[str, str]) -> Leg:
    participant = form.get("participant", "")
    is_number = participant.isascii() and participant.isdecimal() and len(participant) < 10
    leg = pbx.calls.participant(form.get("dn", ""), int(participant)) if is_number else None
    if leg is None:
        raise RefusedError("This participant has left the call already.")
    return leg


def _read_number(form: Mapping[str, str], field: str, label: str) -> str:
    number = form.get(field, "")
    if not number:
        raise RefusedError(f"Fill in {label}.")
    if len(number) > _LONGEST_NUMBER or not number.isprintable():
        raise RefusedError(f"{label} is not a number that can be called.")
    return number
