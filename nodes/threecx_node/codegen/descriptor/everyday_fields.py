"""The fields of bodies in the everyday node: which are always shown, which are in a group, and which are hidden."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Field:
    """The texts of one field; an empty title follows from its name. `reference` is the entity set of its values."""

    name: str
    title: str = ""
    placeholder: str = ""
    description: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A collection of fields that can be added; its parameter ends in `Fields`, by which the executor knows it."""

    parameter: str
    title: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BodyLayout:
    """The fields of one schema. Fields that are neither shown, nor in a group, nor hidden are Additional Fields."""

    shown: tuple[Field, ...]
    groups: tuple[Group, ...] = ()
    # Set by the PBX, the same as another one, or of no use in a workflow.
    hidden: frozenset[str] = frozenset()
    texts: Mapping[str, Field] = field(default_factory=dict)


ADDITIONAL = "additionalFields"
# The PBX sets them, or they belong to the operations on departments, or to the website's live chat.
_OF_DN = frozenset(
    {
        "Id",
        "Groups",
        "IsRegistered",
        "Tags",
        "CallUsEnableChat",
        "CallUsEnablePhone",
        "CallUsEnableVideo",
        "CallUsRequirement",
        "ClickToCallId",
    }
)
_NUMBER = Field("Number", "Number", "e.g. 100", "The extension number")
_DEPARTMENT = Field("PrimaryGroupId", "Department", "", "The main department of the user", "Groups")

# The fields of actions, whose bodies have no schema of their own.
ACTION_FIELDS: Mapping[str, tuple[Field, ...]] = {
    "DivertParticipant": (Field("destination", "To", "e.g. 102", "The number to which the call goes"),),
    "RebootPhone": (Field("mac", "MAC Address", "e.g. 001122334455", "The MAC address of the phone"),),
    "ReprovisionPhone": (Field("mac", "MAC Address", "e.g. 001122334455", "The MAC address of the phone"),),
    "BulkRecordingsDelete": (
        Field(
            "ids", "Recording IDs", "e.g. 12, 13", "The ID of the recording, or several separated by commas"
        ),
    ),
}

LAYOUTS: Mapping[str, BodyLayout] = {
    "Pbx.User": BodyLayout(
        (
            _NUMBER,
            Field("FirstName", "First Name", "e.g. Ada"),
            Field("LastName", "Last Name", "e.g. Lovelace"),
            Field(
                "EmailAddress",
                "Email",
                "e.g. ada@example.com",
                "The address for voicemail and the welcome email",
            ),
            Field("Mobile", "Mobile", "e.g. +49 170 5550100"),
            _DEPARTMENT,
        ),
        (
            Group(
                "voicemailFields",
                "Voicemail Fields",
                (
                    "VMEnabled",
                    "VMPIN",
                    "VMEmailOptions",
                    "VMPlayCallerID",
                    "VMPlayMsgDateTime",
                    "VMDisablePinAuth",
                ),
            ),
            Group(
                "recordingFields",
                "Recording Fields",
                (
                    "RecordCalls",
                    "RecordExternalCallsOnly",
                    "RecordEmailNotify",
                    "AllowOwnRecordings",
                    "ForbidRecording",
                    "MyPhoneShowRecordings",
                    "MyPhoneAllowDeleteRecordings",
                    "TranscriptionMode",
                ),
            ),
            Group(
                "securityFields",
                "Security Fields",
                (
                    "AccessPassword",
                    "AuthID",
                    "AuthPassword",
                    "DeskphonePassword",
                    "Enable2FA",
                    "Require2FA",
                    "AllowLanOnly",
                    "BlockTunnel",
                    "PinProtected",
                    "PinProtectTimeout",
                    "SRTPMode",
                ),
            ),
            Group(
                "integrationFields",
                "Integration Fields",
                (
                    "MS365CalendarEnabled",
                    "MS365ContactsEnabled",
                    "MS365SignInEnabled",
                    "MS365TeamsEnabled",
                    "GoogleCalendarEnabled",
                    "GoogleContactsEnabled",
                    "GoogleSignInEnabled",
                    "DatevEnabled",
                ),
            ),
        ),
        _OF_DN
        | {
            "DisplayName",
            "ContactImage",
            "CurrentProfileName",
            "Phones",
            "Greetings",
            "ForwardingProfiles",
            "ForwardingExceptions",
            "AgentSettings",
            "AIAgent",
            "Blfs",
            "HotdeskingAssignment",
            "SIPID",
            "PbxDeliversAudio",
            "WebMeetingApproveParticipants",
            "WebMeetingFriendlyName",
            "EnableHotdesking",
            "MyPhoneHideForwardings",
            "MyPhonePush",
            "EmergencyLocationId",
            "EmergencyAdditionalInfo",
            "Internal",
        },
        {
            "Enabled": Field("Enabled", "Enabled", "", "Whether the user can log in and make calls"),
            "OutboundCallerID": Field("OutboundCallerID", "Outbound Caller ID", "e.g. +49 30 5550100"),
            "VMPIN": Field("VMPIN", "Voicemail PIN", "e.g. 4711"),
            "VMEnabled": Field("VMEnabled", "Voicemail Enabled", "", "Whether the user has a voicemail box"),
        },
    ),
    "Pbx.Contact": BodyLayout(
        (
            Field("FirstName", "First Name", "e.g. Ada"),
            Field("LastName", "Last Name", "e.g. Lovelace"),
            Field("CompanyName", "", "e.g. Example Ltd"),
            Field("PhoneNumber", "", "e.g. +49 170 5550100", "3CX's console calls it Mobile"),
            Field("Business", "Business", "e.g. +49 30 5550100"),
            Field("Email", "Email", "e.g. ada@example.com"),
        ),
        (),
        frozenset({"Id", "ContactType"}),
        {"Mobile2": Field("Mobile2", "Mobile 2", "e.g. +49 170 5550101")},
    ),
    "Pbx.Queue": BodyLayout(
        (
            Field("Number", "Number", "e.g. 800", "The number of the queue"),
            Field("Name", "Name", "e.g. Support"),
            Field(
                "Agents", "Agents", "", "All agents of the queue; an update replaces the agents that it has"
            ),
        ),
        (
            Group(
                "announcementFields",
                "Announcement Fields",
                (
                    "AnnounceEstimatedWaitTime",
                    "AnnounceQueuePosition",
                    "ComfortPromptsEnabled",
                    "EnableIntro",
                    "IntroFile",
                    "GreetingFile",
                    "OnHoldFile",
                    "PromptSet",
                ),
            ),
        ),
        _OF_DN
        | {
            "CallbackOfferPrompt",
            "CallbackPrefix",
            "CallbackOfferOnly",
            "CallbackEnableTime",
            "AgentAvailabilityMode",
            "AnnounceEstimatedWaitTimeInterval",
            "AnnouncementInterval",
            "ComfortPromptsInterval",
            "ComfortPrompts",
            "PlayFullPrompt",
            "StopBackgroundWhenPrompt",
            "AutoLogoutMissedCalls",
            "DestinationNoAnswerPrompt",
            "MaxWaitStrategyEnabled",
            "MaxWaitTimeSkillGroupValues",
            "NotifyCodes",
            "PriorityQueue",
            "ResetQueueStatisticsSchedule",
            "ResetStatisticsScheduleEnabled",
            "SkillBasedRingAllCumulativePollingEnabled",
            "TypeOfChatOwnershipType",
            "TranscriptionMode",
        },
    ),
    "Pbx.RingGroup": BodyLayout(
        (
            Field("Number", "Number", "e.g. 810", "The number of the ring group"),
            Field("Name", "Name", "e.g. Reception"),
            Field(
                "Members",
                "Members",
                "",
                "All members in their order; an update replaces the members that it has",
            ),
        ),
        (),
        _OF_DN
        | {
            "MulticastAddress",
            "MulticastCodec",
            "MulticastPacketTime",
            "MulticastPort",
            "TranscriptionMode",
        },
    ),
    "Pbx.Group": BodyLayout(
        (
            Field("Name", "Name", "e.g. Sales", "The name of the department"),
            Field("Language", "Language", "e.g. EN", "The language of its prompts, as 3CX abbreviates it"),
            Field("TimeZoneId", "Time Zone", "e.g. 51", "The ID of its time zone in 3CX"),
        ),
        (),
        _OF_DN
        | {
            "HasMembers",
            "IsDefault",
            "LastLoginTime",
            "Rights",
            "Members",
            "OfficeHolidays",
            "Props",
            "Number",
            "AllowCallService",
            "AnswerAfter",
            "CallHandlingMode",
            "CurrentGroupHours",
            "CustomOperator",
            "CustomPrompt",
            "DisableCustomPrompt",
            "GloballyVisible",
            "OverrideExpiresAt",
            "TranscriptionMode",
        },
    ),
    "Pbx.Holiday": BodyLayout(
        (
            Field("Name", "Name", "e.g. Christmas"),
            Field("Day", "Day", "e.g. 24", "The day of the month on which it begins"),
            Field("Month", "Month", "e.g. 12", "The month in which it begins, as a number"),
            Field("DayEnd", "Last Day", "e.g. 26", "The day of the month on which it ends"),
            Field("MonthEnd", "Last Month", "e.g. 12", "The month in which it ends, as a number"),
        ),
        (),
        frozenset({"Id"}),
        {
            "Group": Field("Group", "Department"),
            "TimeOfStartDate": Field(
                "TimeOfStartDate", "Start Time", "e.g. 08:00", "The time at which it begins"
            ),
            "TimeOfEndDate": Field("TimeOfEndDate", "End Time", "e.g. 13:00", "The time at which it ends"),
        },
    ),
    "Pbx.OfficeHours": BodyLayout(
        (), (), frozenset({"OfficeHolidays"}), {"TimeZoneId": Field("TimeZoneId", "Time Zone")}
    ),
    "Pbx.Receptionist": BodyLayout(
        (
            Field("Number", "Number", "e.g. 820", "The number of the digital receptionist"),
            Field("Name", "Name", "e.g. Main menu"),
            Field("PromptFilename", "Prompt", "e.g. welcome.wav", "The name of the WAV file with the menu"),
        ),
        (),
        _OF_DN
        | {
            "ForwardSmsTo",
            "IVRType",
            "InvalidKeyForwardDN",
            "TimeoutForwardPeerType",
            "TranscriptionMode",
            "UseMSExchange",
        },
    ),
    "Pbx.CallFlowApp": BodyLayout(
        (
            Field("Number", "Number", "e.g. 830", "The number of the app"),
            Field("Name", "Name", "e.g. Callback request"),
        ),
        (),
        _OF_DN
        | {
            "CompilationLastSuccess",
            "CompilationResult",
            "CompilationSucceeded",
            "InvalidScript",
            "RejectedCode",
            "Trunk",
            "TranscriptionMode",
        },
    ),
    "Pbx.BlackListNumber": BodyLayout(
        (
            Field(
                "CallerId", "Number", "e.g. +49 30 5550100", "The number to block; * stands for any digits"
            ),
            Field("Description", "Description", "e.g. Advertising"),
        ),
        (),
        frozenset({"Id"}),
    ),
}

# Of the entries of a list, what a person sets.
ENTRY_FIELDS: Mapping[str, tuple[Field, ...]] = {
    "Pbx.QueueAgent": (
        Field("Number", "Extension", "e.g. 100"),
        Field("SkillGroup", "Skill Group", "e.g. 1"),
    ),
    "Pbx.QueueManager": (Field("Number", "Extension", "e.g. 100"),),
    "Pbx.RingGroupMember": (Field("Number", "Extension", "e.g. 100"),),
    "Pbx.Destination": (
        Field("To", "To", "", "The kind of the destination"),
        Field("Number", "Number", "e.g. 100", "The number of the extension, queue or ring group"),
        Field("External", "External Number", "e.g. +49 30 5550100", "The number outside the PBX"),
    ),
    "Pbx.ReceptionistForward": (
        Field("Input", "Input", "e.g. 1", "The key that the caller presses"),
        Field("ForwardType", "Forward Type", "", "The kind of the destination"),
        Field("ForwardDN", "Forward DN", "e.g. 100", "The number of the destination"),
        Field("CustomData", "Custom Data", "", "The digits of a custom input"),
    ),
}

# Destinations that 3CX's console does not offer.
UNUSUAL_MEMBERS: Mapping[str, frozenset[str]] = {
    "Pbx.DestinationType": frozenset(
        {"Boomerang", "Callback", "Deflect", "ProceedWithNoExceptions", "VoiceMailOfDestination"}
    ),
}
