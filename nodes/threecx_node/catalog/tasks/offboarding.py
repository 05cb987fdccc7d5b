"""The task that disables a user with everything."""

from __future__ import annotations

from .task_model import ACTION, CHANGED, Task, TaskField, TaskParameter, decide, refer
from .users import NUMBER_OF_USER, USER


def _part(name: str, title: str, description: str, *, default: bool = True) -> TaskParameter:
    return decide(name, title, description, default=default)


TASKS = (
    Task(
        "OffboardUser",
        "Users",
        name="Disable",
        action="Disable user with everything",
        description="Lock out a user who leaves: disable the user, end the sessions, renew the credentials, and remove "
        "the user from queues and ring groups. Mailbox, recordings and call log stay",
        parameters=(
            USER,
            _part("disable", "Disable", "Whether to disable the user, who can then not log in, make or receive calls"),
            _part("logOutOfQueues", "Log Out of Queues", "Whether to log out the user of all queues"),
            _part(
                "endSessions",
                "End Sessions",
                "Whether to end the user's logins to the web client and the apps",
            ),
            _part(
                "newCredentials",
                "New Credentials",
                "Whether to renew the user's passwords, voicemail PIN and app configuration link. No e-mail is sent",
            ),
            _part(
                "blockRemoteAccess",
                "Block Remote Access",
                "Whether to block devices outside of the local network, the mobile apps and sign-in with Microsoft or "
                "Google",
            ),
            _part(
                "removeFromQueues",
                "Leave Queues",
                "Whether to remove the user from the agents and managers of all queues",
            ),
            _part(
                "removeFromRingGroups",
                "Leave Ring Groups",
                "Whether to remove the user from all ring groups",
            ),
            _part(
                "removeFromDepartments",
                "Leave Departments",
                "Whether to remove the user from all departments but the default one",
                default=False,
            ),
            _part(
                "removePhones",
                "Remove Phones",
                "Whether to remove the phones that are provisioned for the user",
                default=False,
            ),
            refer(
                "forwardTo",
                "Forward Calls To",
                "Users",
                "The user who takes over all calls. 3CX delivers no calls to a disabled user: turn off Disable to have "
                "them forwarded, the other parts still lock the user out",
            ),
        ),
        effect="change",
        uses=(
            *("ListUser", "GetUser", "UpdateUser", "Regenerate"),
            *("ListSecurityRefreshToken", "RevokeSecurityToken"),
            *("ListQueue", "GetQueue", "UpdateQueue", "ListRingGroup", "GetRingGroup", "UpdateRingGroup"),
            "ListGroup",
        ),
        returns=(
            ACTION,
            CHANGED,
            NUMBER_OF_USER,
            TaskField("done", "Collection(String)", "The parts that were done, one sentence each, in order"),
            TaskField("queues", "Collection(String)", "The numbers of the queues that the user has left"),
            TaskField("ringGroups", "Collection(String)", "The numbers of the ring groups that the user has left"),
            TaskField("departments", "Collection(String)", "The names of the departments that the user has left"),
            TaskField("phones", "Collection(String)", "The MAC addresses of the phones that were removed"),
            TaskField("sessionsEnded", "Int32", "How many logins were ended"),
            TaskField("credentialsRenewed", "Boolean", "Whether passwords and PIN were renewed in this run"),
            TaskField("forwardedTo", "String", "The extension number of the user who takes over the calls"),
            TaskField("note", "String", "A hint where calls are forwarded and the user is disabled"),
        ),
    ),
)  # fmt: skip
