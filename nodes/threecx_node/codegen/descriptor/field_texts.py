"""Titles and descriptions of fields of bodies in the everyday node, where the API's name says too little.

n8n cuts a label after about 22 characters, so help is in the description.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# By the name of the field in the API: its title (empty where that follows from the name) and its description.
FIELD_TEXTS: Mapping[str, tuple[str, str]] = {
    "AllowLanOnly": ("LAN Only", "Whether the phones register only from the local network"),
    "AllowOwnRecordings": ("Start and Stop", "Whether the user can start and stop recordings"),
    "AnnounceEstimatedWaitTime": (
        "Announce Wait Time",
        "Whether callers hear the expected wait",
    ),
    "AnnounceQueuePosition": ("Announce Position", "Whether callers hear their position in the queue"),
    "BlockTunnel": ("", "Whether the 3CX tunnel is refused"),
    "CallScreening": ("", "Whether callers are asked for their name"),
    "ComfortPromptsEnabled": ("Comfort Prompts", "Whether prompts are played to callers who wait"),
    "DatevEnabled": ("DATEV", "Whether the integration with DATEV is on"),
    "Enable2FA": ("", "Whether a second factor is on"),
    "EnableIntro": ("Play Intro", "Whether callers hear an intro first"),
    "ForbidRecording": ("", "Whether calls of the user are never recorded"),
    "GoogleCalendarEnabled": ("Google Calendar", "Whether the calendar sets the status"),
    "GoogleContactsEnabled": ("Google Contacts", "Whether contacts are synchronized"),
    "GoogleSignInEnabled": ("Google Sign-In", "Whether the user signs in with Google"),
    "HideInPhonebook": ("", "Whether the phone book lacks the user"),
    "IsRecurrent": ("Every Year", "Whether it is repeated every year"),
    "MS365CalendarEnabled": ("Microsoft 365 Calendar", "Whether the calendar sets the status"),
    "MS365ContactsEnabled": ("Microsoft 365 Contacts", "Whether contacts are synchronized"),
    "MS365SignInEnabled": ("Microsoft 365 Sign-In", "Whether the user signs in with Microsoft"),
    "MS365TeamsEnabled": ("Microsoft 365 Teams", "Whether the user can call from Teams"),
    "MyPhoneAllowDeleteRecordings": (
        "Delete Recordings",
        "Whether the user can delete recordings",
    ),
    "MyPhoneShowRecordings": ("See Recordings", "Whether the user sees recordings"),
    "OverrideHolidays": ("", "Whether the department has holidays of its own"),
    "PinProtected": ("", "Whether outbound calls need a PIN"),
    "RecordCalls": ("", "Whether calls of the user are recorded"),
    "RecordEmailNotify": ("Email Recordings", "Whether recordings are sent by email"),
    "RecordExternalCallsOnly": ("External Calls Only", "Whether internal calls are not recorded"),
    "Require2FA": ("", "Whether a second factor is required"),
    "SendEmailMissedCalls": ("Email Missed Calls", "Whether missed calls are sent by email"),
    "TransferEnable": ("", "Whether transfers are allowed"),
    "VMDisablePinAuth": ("No PIN", "Whether voicemail needs no PIN"),
    "VMEmailOptions": ("Email Options", ""),
    "VMPlayCallerID": ("Play Caller ID", "Whether the caller's number is read out"),
    "VMPlayMsgDateTime": ("Play Date and Time", ""),
}
