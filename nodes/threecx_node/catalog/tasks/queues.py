"""The tasks about queues and ring groups: their agents and members, and the log-in of a user to queues."""

from __future__ import annotations

from .task_model import ACTION, CHANGED, Task, TaskField, count, refer
from .users import NUMBER_OF_USER, USER

_QUEUE = refer("queue", "Queue", "Queues", "The queue: its number or the ID from the list", required=True)
_RING_GROUP = refer(
    "ringGroup",
    "Ring Group",
    "RingGroups",
    "The ring group: its number or the ID from the list",
    required=True,
)
_USERS = refer(
    "users",
    "Users",
    "Users",
    "One or more users: extension numbers, e-mail addresses or IDs from the list",
    required=True,
    placeholder="e.g. 101, 102",
    multiple=True,
)
_OF_QUEUE = TaskField("queue", "String", "The number of the queue")
_AGENTS = TaskField("agents", "Collection(String)", "The extension numbers of all agents now, in order")
_OF_RING_GROUP = TaskField("ringGroup", "String", "The number of the ring group")
_MEMBERS = TaskField("members", "Collection(String)", "The extension numbers of all members now, in order")
_ADDED = TaskField("added", "Collection(String)", "The extension numbers that were added")
_REMOVED = TaskField("removed", "Collection(String)", "The extension numbers that were removed")
_STATUS = TaskField("queueStatus", "String", "LoggedIn or LoggedOut: the status of the user in all queues")
_PREVIOUS = TaskField("previousQueueStatus", "String", "The status that the user had before")
_FIND_USER = ("ListUser", "GetUser")
_FIND_QUEUE = ("ListQueue", "GetQueue")
_FIND_RING_GROUP = ("ListRingGroup", "GetRingGroup")

TASKS = (
    Task(
        "AddQueueAgent",
        "Queues",
        name="Add Agent",
        action="Add agent to queue",
        description="Add one or more users to the agents of a queue. A user who is an agent already stays one",
        parameters=(
            _QUEUE,
            _USERS,
            count(
                "skillGroup",
                "Skill Group",
                "The skill group of these agents, for queues with skill-based routing. Empty: 1 for new agents",
                placeholder="e.g. 1",
                is_option=True,
            ),
        ),
        effect="change",
        uses=(*_FIND_QUEUE, "UpdateQueue", *_FIND_USER),
        returns=(
            ACTION,
            CHANGED,
            _OF_QUEUE,
            _ADDED,
            TaskField("moved", "Collection(String)", "The extension numbers whose skill group was changed"),
            _AGENTS,
        ),
    ),
    Task(
        "RemoveQueueAgent",
        "Queues",
        name="Remove Agent",
        action="Remove agent from queue",
        description="Remove one or more users from the agents of a queue. The other agents stay as they are",
        parameters=(_QUEUE, _USERS),
        effect="change",
        uses=(*_FIND_QUEUE, "UpdateQueue", *_FIND_USER),
        returns=(ACTION, CHANGED, _OF_QUEUE, _REMOVED, _AGENTS),
    ),
    Task(
        "AddRingGroupMember",
        "RingGroups",
        name="Add Member",
        action="Add member to ring group",
        description="Add one or more users to a ring group, at its end or at a position. A user who is a member "
        "already stays one",
        parameters=(
            _RING_GROUP,
            _USERS,
            count(
                "position",
                "Position",
                "The place of the first of these users in the ring group, from 1; members are moved there too. "
                "Empty: new members come last",
                placeholder="e.g. 1",
                is_option=True,
            ),
        ),
        effect="change",
        uses=(*_FIND_RING_GROUP, "UpdateRingGroup", *_FIND_USER),
        returns=(
            ACTION,
            CHANGED,
            _OF_RING_GROUP,
            _ADDED,
            TaskField("moved", "Collection(String)", "The extension numbers of members whose place was changed"),
            _MEMBERS,
        ),
    ),
    Task(
        "RemoveRingGroupMember",
        "RingGroups",
        name="Remove Member",
        action="Remove member from ring group",
        description="Remove one or more users from a ring group. The other members keep their order",
        parameters=(_RING_GROUP, _USERS),
        effect="change",
        uses=(*_FIND_RING_GROUP, "UpdateRingGroup", *_FIND_USER),
        returns=(ACTION, CHANGED, _OF_RING_GROUP, _REMOVED, _MEMBERS),
    ),
    Task(
        "LogUserIntoQueues",
        "Users",
        name="Log In to Queues",
        action="Log in user to queues",
        description="Log in a user to all queues in which the user is an agent. 3CX's API has one status for all "
        "queues of a user",
        parameters=(USER,),
        effect="change",
        uses=(*_FIND_USER, "UpdateUser"),
        returns=(
            ACTION,
            CHANGED,
            NUMBER_OF_USER,
            _STATUS,
            _PREVIOUS,
            TaskField("note", "String", "A hint where the rules of the user's status log out of queues all the same"),
        ),
    ),
    Task(
        "LogUserOutOfQueues",
        "Users",
        name="Log Out of Queues",
        action="Log out user of queues",
        description="Log out a user of all queues, so that they offer the user no calls. The user stays an agent",
        parameters=(USER,),
        effect="change",
        uses=(*_FIND_USER, "UpdateUser"),
        returns=(ACTION, CHANGED, NUMBER_OF_USER, _STATUS, _PREVIOUS),
    ),
)  # fmt: skip
