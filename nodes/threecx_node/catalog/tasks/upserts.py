"""The tasks that create an entity, or update the one that is there already."""

from __future__ import annotations

from ..labels import title_of
from .task_model import CHANGED, Task, TaskField, TaskParameter, decide

PHONE_FIELDS = (
    "PhoneNumber",
    "Mobile2",
    "Home",
    "Other",
    "Business",
    "Business2",
    "Pager",
    "BusinessFax",
)
"""The fields of a contact with a telephone number."""

MATCH_ON = "matchOn"
"""The parameter of the fields to match on. The columns that a mapper matches on have the same meaning."""

ANY_PHONE = "anyNumber"
"""Chosen to match a contact by each of its numbers."""

MATCHED_FIELDS = {
    "UpsertContact": (
        *PHONE_FIELDS,
        "Email",
        "FirstName",
        "LastName",
        "CompanyName",
        "Department",
        "Title",
        "Tag",
    ),
    "UpsertUser": ("Number", "EmailAddress"),
    "UpsertBlockedNumber": ("CallerId",),
}
"""The fields by which an entity can be found."""

DEFAULT_MATCH = {"UpsertContact": "PhoneNumber", "UpsertUser": "Number", "UpsertBlockedNumber": "CallerId"}
"""The field that a mapper matches on where a person chooses none."""

ACTION = TaskField("action", "String", "The outcome: created, updated or unchanged")

_EMPTY = decide(
    "emptyErases",
    "Empty Values Erase",
    "Whether an empty value erases the stored one. Otherwise empty values leave the stored ones alone",
    is_option=True,
)


def _match_on(task: str, description: str, *choices: tuple[str, str]) -> TaskParameter:
    titles = ((each, title_of(each)) for each in MATCHED_FIELDS[task])
    return TaskParameter(
        MATCH_ON, "Match On", "multiOptions", description, choices=(*choices, *titles), is_option=True
    )


def _fields(operation: str, description: str) -> TaskParameter:
    return TaskParameter("body", "Fields", "fields", description, required=True, fields_of=operation)


TASKS = (
    Task(
        "UpsertContact",
        "Contacts",
        name="Create or Update",
        action="Create or update contact",
        description="Update the contact with the telephone number, however it is written, or create it where there is "
        "none",
        parameters=(
            _fields("CreateContact", "The fields of the contact. Empty ones leave what is stored alone"),
            _match_on(
                "UpsertContact",
                "The fields by which a contact is found, all of which must be the same. Without a choice, one common "
                "number is enough",
                (ANY_PHONE, "Any Number"),
            ),
            _EMPTY,
        ),
        effect="change",
        uses=("ListContact", "GetContact", "CreateContact", "UpdateContact"),
        returns=(
            ACTION,
            CHANGED,
            TaskField("Id", "Int32", "The ID of the contact"),
            TaskField("FirstName", "String", "The first name"),
            TaskField("LastName", "String", "The last name"),
            TaskField("CompanyName", "String", "The company"),
            TaskField("PhoneNumber", "String", "The mobile number"),
            TaskField("Business", "String", "The business number"),
            TaskField("Email", "String", "The e-mail address"),
        ),
    ),
    Task(
        "UpsertUser",
        "Users",
        name="Create or Update",
        action="Create or update user",
        description="Update the user with the extension number or the e-mail address, or create the user where there "
        "is none",
        parameters=(
            _fields("CreateUser", "The fields of the user. Empty ones leave what is stored alone"),
            _match_on(
                "UpsertUser",
                "The fields by which a user is found. Without a choice it is the number, or the e-mail address where "
                "the number is empty",
            ),
            _EMPTY,
        ),
        effect="change",
        uses=("ListUser", "GetUser", "CreateUser", "UpdateUser"),
        returns=(
            ACTION,
            CHANGED,
            TaskField("Id", "Int32", "The ID of the user"),
            TaskField("Number", "String", "The extension number"),
            TaskField("FirstName", "String", "The first name"),
            TaskField("LastName", "String", "The last name"),
            TaskField("EmailAddress", "String", "The e-mail address"),
            TaskField("Mobile", "String", "The mobile number"),
        ),
    ),
    Task(
        "UpsertBlockedNumber",
        "BlackListNumbers",
        name="Create or Update",
        action="Create or update blocked number",
        description="Block a number, however it is written, or change the description of one that is blocked already",
        parameters=(
            _fields("CreateBlackListNumber", "The number and its description"),
            _match_on("UpsertBlockedNumber", "The field by which a blocked number is found"),
            _EMPTY,
        ),
        effect="change",
        uses=("ListBlackListNumber", "GetBlackListNumber", "CreateBlackListNumber", "UpdateBlackListNumber"),
        returns=(
            ACTION,
            CHANGED,
            TaskField("Id", "String", "The ID of the blocked number"),
            TaskField("CallerId", "String", "The number"),
            TaskField("Description", "String", "The description"),
        ),
    ),
)  # fmt: skip
