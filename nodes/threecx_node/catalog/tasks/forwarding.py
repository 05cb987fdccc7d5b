"""The task that forwards the calls of a user."""

from __future__ import annotations

from .task_model import ACTION, CHANGED, Task, TaskField, TaskParameter, choose, count, refer
from .users import NUMBER_OF_USER, USER

_IN_AVAILABLE = ("noAnswer", "busy", "notRegistered")


def _target(name: str, title: str, entity_set: str, description: str) -> TaskParameter:
    return refer(name, title, entity_set, description, required=True, shown_for={"to": (name,)})


TASKS = (
    Task(
        "ForwardUserCalls",
        "Users",
        name="Forward Calls",
        action="Forward calls of user",
        description="Set where the calls of a user go: always, in one of the statuses, or when they are not answered",
        parameters=(
            USER,
            choose(
                "when",
                "When",
                "The calls that are forwarded. Always also sets the status Away, whose calls do not ring",
                ("always", "Always"),
                ("noAnswer", "No Answer"),
                ("busy", "Busy"),
                ("notRegistered", "Phone Not Registered"),
                ("away", "Status Away"),
                ("doNotDisturb", "Status Do Not Disturb"),
                ("businessTrip", "Status Business Trip"),
                required=True,
            ),
            choose(
                "to",
                "To",
                "The destination of the calls",
                ("number", "Phone Number"),
                ("extension", "Extension"),
                ("mobile", "Mobile of User"),
                ("voicemail", "Voicemail of User"),
                ("queue", "Queue"),
                ("ringGroup", "Ring Group"),
                ("endCall", "End Call"),
                required=True,
            ),
            TaskParameter(
                "number",
                "Phone Number",
                "string",
                "The outside number; blanks and hyphens are left out",
                required=True,
                placeholder="e.g. +43 512 555 010",
                shown_for={"to": ("number",)},
            ),
            _target("extension", "Extension", "Users", "The user who gets the calls"),
            _target("queue", "Queue", "Queues", "The queue that gets the calls"),
            _target("ringGroup", "Ring Group", "RingGroups", "The ring group that gets the calls"),
            choose(
                "calls",
                "Calls",
                "Whether calls from outside, from colleagues, or both are forwarded",
                ("all", "All"),
                ("external", "From Outside"),
                ("internal", "From Colleagues"),
                default="all",
                is_option=True,
            ),
            count(
                "ringTime",
                "Ring Time",
                "The seconds that the phone rings before a call counts as not answered",
                maximum=3600,
                shown_for={"when": ("noAnswer",)},
                is_option=True,
            ),
            choose(
                "status",
                "In Status",
                "The status whose rule is changed, where the phone rings in that status",
                ("available", "Available"),
                ("lunch", "Lunch"),
                default="available",
                shown_for={"when": _IN_AVAILABLE},
                is_option=True,
            ),
        ),
        effect="change",
        uses=("ListUser", "GetUser", "UpdateUser", "ListQueue", "GetQueue", "ListRingGroup", "GetRingGroup"),
        returns=(
            ACTION,
            CHANGED,
            NUMBER_OF_USER,
            TaskField("when", "String", "The calls that are forwarded"),
            TaskField("to", "String", "The kind of destination"),
            TaskField("destination", "String", "The number of the destination, empty for End Call"),
        ),
    ),
)
