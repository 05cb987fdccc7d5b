"""The task that forwards the calls of a user, by the forwarding rules of the user's statuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ..catalog.tasks.forwarding import TASKS
from ..errors import ParameterError
from ..values.coerce import describe
from ..values.row_values import read_object
from .calls import put_number
from .code import TaskCode
from .finding import name_entity
from .members import read_entries
from .outcome import Outcome, report
from .users import PROFILES, RULES, STATUS, change_user, find_profile
from .values import Values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import TaskContext
    from .values import Reference

_OUTSIDE_NUMBER = re.compile(r"[+]?[0-9*#]+")
# The statuses whose calls do not ring; the rule of the status has one destination.
_QUIET = ("away", "doNotDisturb", "businessTrip")
# The beginning of the names of a rule's properties, for calls of a status in which the phone rings.
_REASONS: Mapping[str, str] = {"noAnswer": "NoAnswer", "busy": "Busy", "notRegistered": "NotRegistered"}
_SIDES: Mapping[str, tuple[str, ...]] = {
    "all": ("Internal", "External"),
    "internal": ("Internal",),
    "external": ("External",),
}
_KINDS: Mapping[str, str] = {
    "number": "External",
    "mobile": "External",
    "extension": "Extension",
    "voicemail": "VoiceMail",
    "queue": "Queue",
    "ringGroup": "RingGroup",
    "endCall": "None",
}


class Destination(NamedTuple):
    """A destination of 3CX: its kind, and the number of a DN or the outside number."""

    kind: str
    number: str = ""
    outside: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the object of 3CX's API."""
        return {"To": self.kind, "Number": self.number, "External": self.outside}

    def is_that_of(self, stored: Any) -> bool:
        """Return whether a destination that the PBX has stored is this one."""
        given = read_object(stored)
        same_kind = (given.get("To") or "None") == self.kind
        if self.outside:
            return same_kind and given.get("External") == self.outside
        return same_kind and (given.get("Number") or "") == self.number


async def forward_user_calls(context: TaskContext, values: Values) -> Outcome:
    """Set the destination of some calls of a user."""
    user = await context.find(values.user)
    number = name_entity(user)
    target = ""
    if values.to in ("extension", "queue", "ringGroup"):
        target = name_entity(await context.find(values[values.to]))
    if values.to == "extension" and target == number:
        raise ParameterError(
            f"extension: user {number} cannot take over their own calls",
            field="extension",
            description="Choose another user, or forward to the voicemail; nothing was changed for this item.",
        )
    used: list[Destination] = []

    def edit(found: dict[str, Any]) -> Mapping[str, Any]:
        destination = _choose_destination(values, found, target, number)
        used[:] = [destination]
        return _edit_rules(values, found, destination, number)

    change = await change_user(context, user, edit, "Mobile", STATUS, expand=RULES)
    [destination] = used
    return report(
        change.action,
        list(change.fields),
        user=number,
        when=values.when,
        to=values.to,
        destination=destination.outside or destination.number,
    )


async def forward_all_calls(context: TaskContext, user: Reference, extension: Reference) -> Outcome:
    """Forward all calls of a user to another one, as the task does without options."""
    defaults = {each.name: each.default for each in TASKS[0].parameters}
    given = {"user": user, "when": "always", "to": "extension", "extension": extension}
    return await forward_user_calls(context, Values({**defaults, **given}))


def _choose_destination(values: Values, user: Mapping[str, Any], target: str, number: str) -> Destination:
    kind = _KINDS[values.to]
    match values.to:
        case "number":
            return Destination(kind, outside=values.number)
        case "mobile":
            if not user.get("Mobile"):
                raise ParameterError(
                    f"to: user {number} has no mobile number",
                    field="to",
                    description="Set the field Mobile of the user, or choose a phone number; nothing was changed for "
                    "this item.",
                )
            return Destination(kind, outside=str(user["Mobile"]))
        case "voicemail":
            return Destination(kind, number)
        case "endCall":
            return Destination(kind)
        case _:
            return Destination(kind, target)


def _edit_rules(
    values: Values, user: Mapping[str, Any], destination: Destination, number: str
) -> dict[str, Any]:
    """Return the fields of the user that differ: the list of all rules, and the current status."""
    status = values.when if values.when in _QUIET else "away" if values.when == "always" else values.status
    rules = read_entries(user, RULES, f"user {number}")
    profile = find_profile({RULES: rules}, PROFILES[status], number)
    route, differs = _edit_route(values, profile, destination)
    fields: dict[str, Any] = {}
    ring_time = values.ringTime if values.when == "noAnswer" else None
    if differs or ring_time not in (None, profile.get("NoAnswerTimeout")):
        edited = {**profile, **route, **({} if ring_time is None else {"NoAnswerTimeout": ring_time})}
        # The list is replaced as a whole.
        fields[RULES] = [edited if each is profile else each for each in rules]
    if values.when == "always" and user.get(STATUS) != profile["Name"]:
        fields[STATUS] = profile["Name"]
    return fields


def _edit_route(
    values: Values, profile: Mapping[str, Any], destination: Destination
) -> tuple[dict[str, Any], bool]:
    """Return the changed route of a rule by its name, and whether anything in it differs."""
    reason = _REASONS.get(values.when, "")
    name = "AvailableRoute" if reason else "AwayRoute"
    stored = read_object(profile.get(name))
    places = [f"{reason}{side}" for side in _SIDES[values.calls]]
    wanted: dict[str, Any] = {
        place: {**read_object(stored.get(place)), **destination.to_json()}
        for place in places
        if not destination.is_that_of(stored.get(place))
    }
    if not reason:
        # Otherwise the destination would be that of a part of the day.
        wanted |= {
            f"AllHours{side}": True for side in _SIDES[values.calls] if not stored.get(f"AllHours{side}")
        }
    return {name: {**stored, **wanted}}, bool(wanted)


def _check(values: Values) -> None:
    if values.to != "number":
        return
    put_number(values, "number")
    if not _OUTSIDE_NUMBER.fullmatch(values.number):
        raise ParameterError(
            f"number: expected an outside number such as +43512555010, got {describe(values.number)}",
            field="number",
            description="Set it to the number as it is dialled; nothing was sent for this item.",
        )


CODES: Mapping[str, TaskCode] = {"ForwardUserCalls": TaskCode(forward_user_calls, _check)}
