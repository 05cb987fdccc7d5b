"""The table of the everyday node: its resources, their names for people, and their operations, the most used first.

Each operation is the id of one in the catalog. An operation without texts of its own has those that follow from its
kind: "Get Many" and "Get many users".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EverydayOperation:
    """One operation; `name` and `action` are empty where they follow from its kind."""

    id: str
    name: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class EverydayResource:
    """One resource: the value that is stored in a workflow, its name, its words in actions, and its operations."""

    value: str
    name: str
    plural: str
    description: str
    operations: tuple[EverydayOperation, ...]


_Op = EverydayOperation

RESOURCES = (
    EverydayResource(
        "Users",
        "User",
        "users",
        "People with an extension: profile, status, queues, departments",
        (
            _Op("CreateUser"),
            _Op("UpsertUser"),
            _Op("GetUser"),
            _Op("ListUser"),
            _Op("UpdateUser"),
            _Op("DeleteUser"),
            _Op("ForwardUserCalls"),
            _Op("SetUserStatus"),
            _Op("LogUserIntoQueues", "Log In to Queues", "Log user in to queues"),
            _Op("LogUserOutOfQueues", "Log Out of Queues", "Log user out of queues"),
            _Op("AddUserToDepartment"),
            _Op("RemoveUserFromDepartment"),
            _Op("OffboardUser", "Disable Everywhere", "Disable user everywhere"),
            _Op("SendUserWelcomeEmail"),
            _Op(
                "GetFirstAvailableExtensionNumber",
                "Get First Available Number",
                "Get first available number for user",
            ),
        ),
    ),
    EverydayResource(
        "CallControl",
        "Call",
        "calls",
        "Live calls: make, answer, divert, transfer, hang up",
        (
            _Op("MakeCallFromExtension"),
            _Op("TransferCall"),
            _Op("HangUpCall"),
            _Op("AnswerParticipant"),
            _Op("DivertParticipant", "Divert", "Divert ringing call"),
            _Op("ListActiveCall", "Get Many", "Get many active calls"),
        ),
    ),
    EverydayResource(
        "ReportCallLogData",
        "Call Log",
        "calls of the log",
        "Calls that have ended",
        (_Op("ListCalls", "Get Many", "Get many calls from call log"),),
    ),
    EverydayResource(
        "Contacts",
        "Contact",
        "contacts",
        "Entries of the company phone book",
        (
            _Op("UpsertContact"),
            _Op("CreateContact"),
            _Op("GetContact"),
            _Op("ListContact"),
            _Op("GetContactsByNumber", "Get Many by Number", "Get many contacts by number"),
            _Op("UpdateContact"),
            _Op("DeleteContact"),
        ),
    ),
    EverydayResource(
        "Queues",
        "Queue",
        "queues",
        "Call queues and their agents",
        (
            _Op("AddQueueAgent"),
            _Op("RemoveQueueAgent"),
            _Op("ListAgents", "Get Many Agents", "Get many agents of queue"),
            _Op("CreateQueue"),
            _Op("GetQueue"),
            _Op("ListQueue"),
            _Op("UpdateQueue"),
            _Op("DeleteQueue"),
            _Op("ResetQueueStatistics", "Reset Statistics", "Reset queue statistics"),
        ),
    ),
    EverydayResource(
        "RingGroups",
        "Ring Group",
        "ring groups",
        "Ring groups and their members",
        (
            _Op("AddRingGroupMember"),
            _Op("RemoveRingGroupMember"),
            _Op("ListRingGroupMembers", "Get Many Members", "Get many members of ring group"),
            _Op("CreateRingGroup"),
            _Op("GetRingGroup"),
            _Op("ListRingGroup"),
            _Op("UpdateRingGroup"),
            _Op("DeleteRingGroup"),
        ),
    ),
    EverydayResource(
        "Groups",
        "Department",
        "departments",
        "Departments, which the API calls groups: office hours, members",
        (
            _Op("CloseDepartment"),
            _Op("OpenDepartment"),
            _Op("ResumeDepartmentSchedule", "Return to Schedule", "Return department to schedule"),
            _Op("CreateGroup"),
            _Op("GetGroup"),
            _Op("ListGroup"),
            _Op("ListMembers", "Get Many Members", "Get many members of department"),
            _Op("UpdateGroup"),
            _Op("DeleteGroup"),
        ),
    ),
    EverydayResource(
        "Holidays",
        "Holiday & Hours",
        "holidays",
        "Holidays of departments, and the office hours",
        (
            _Op("AddHoliday"),
            _Op("GetHoliday", "Get", "Get holiday"),
            _Op("ListHoliday", "Get Many", "Get many holidays"),
            _Op("UpdateHoliday", "Update", "Update holiday"),
            _Op("DeleteHoliday", "Delete", "Delete holiday"),
            _Op("GetOfficeHours", "Get Office Hours", "Get office hours"),
            _Op("UpdateOfficeHours", "Update Office Hours", "Update office hours"),
        ),
    ),
    EverydayResource(
        "Recordings",
        "Recording",
        "recordings",
        "Recordings of calls",
        (
            _Op("FindRecordings"),
            _Op("DownloadRecording"),
            _Op("BulkRecordingsDelete", "Delete", "Delete recording"),
        ),
    ),
    EverydayResource(
        "BlackListNumbers",
        "Blocked Number",
        "blocked numbers",
        "Numbers whose calls are refused",
        (
            _Op("CreateBlackListNumber"),
            _Op("UpsertBlockedNumber"),
            _Op("GetBlackListNumber"),
            _Op("ListBlackListNumber"),
            _Op("UpdateBlackListNumber"),
            _Op("DeleteBlackListNumber"),
        ),
    ),
    EverydayResource(
        "Phones",
        "Phone",
        "phones",
        "Desk phones: restart, provision, list",
        (
            _Op("ListDeviceInfo"),
            _Op("GetDeviceInfo"),
            _Op("RebootPhone", "Reboot", "Reboot phone"),
            _Op("ReprovisionPhone", "Reprovision", "Reprovision phone"),
            _Op("GetPhoneRegistrar", "Get Registration", "Get registration of phone"),
        ),
    ),
    EverydayResource(
        "Receptionists",
        "Digital Receptionist",
        "digital receptionists",
        "Menus (IVR) that answer calls",
        (
            _Op("CreateReceptionist"),
            _Op("GetReceptionist"),
            _Op("ListReceptionist"),
            _Op("UpdateReceptionist"),
            _Op("DeleteReceptionist"),
        ),
    ),
    EverydayResource(
        "CallFlowApps",
        "Call Flow App",
        "call flow apps",
        "Apps of the Call Flow Designer",
        (
            _Op("CreateCallFlowApp"),
            _Op("GetCallFlowApp"),
            _Op("ListCallFlowApp"),
            _Op("UpdateCallFlowApp"),
            _Op("DeleteCallFlowApp"),
        ),
    ),
)
