"""Titles and descriptions of fields of bodies in the everyday node, where the API's name says too little.

n8n cuts a label after about 22 characters, so help is in the description.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# By the name of the field in the API: its title (empty where that follows from the name) and its description.
FIELD_TEXTS: Mapping[str, tuple[str, str]] = {
    "AllowLanOnly": ("LAN Only", "Whether the phones can register only from the local network"),
    "AllowOwnRecordings": ("Start and Stop", "Whether the user can start and stop the recording of a call"),
    "AnnounceEstimatedWaitTime": (
        "Announce Wait Time",
        "Whether callers hear how long they will probably wait",
    ),
    "AnnounceQueuePosition": ("Announce Position", "Whether callers hear their position in the queue"),
    "BlockTunnel": ("", "Whether connections through the 3CX tunnel are refused"),
    "CallScreening": ("", "Whether callers are asked for their name before the call is connected"),
    "ComfortPromptsEnabled": ("Comfort Prompts", "Whether prompts are played to callers who wait"),
    "DatevEnabled": ("DATEV", "Whether the integration with DATEV is on"),
    "Enable2FA": ("", "Whether the user logs in with a second factor"),
    "EnableIntro": ("Play Intro", "Whether callers hear an intro first"),
    "ForbidRecording": ("", "Whether calls of the user are never recorded"),
    "GoogleCalendarEnabled": ("Google Calendar", "Whether the Google calendar sets the status of the user"),
    "GoogleContactsEnabled": ("Google Contacts", "Whether the Google contacts of the user are synchronized"),
    "GoogleSignInEnabled": ("Google Sign-In", "Whether the user can sign in with Google"),
    "HideInPhonebook": ("", "Whether the user is left out of the company phone book"),
    "IsRecurrent": ("Every Year", "Whether the holiday is repeated every year"),
    "MS365CalendarEnabled": ("Microsoft 365 Calendar", "Whether the calendar sets the status of the user"),
    "MS365ContactsEnabled": ("Microsoft 365 Contacts", "Whether the contacts of the user are synchronized"),
    "MS365SignInEnabled": ("Microsoft 365 Sign-In", "Whether the user can sign in with Microsoft 365"),
    "MS365TeamsEnabled": ("Microsoft 365 Teams", "Whether the user can call from Teams"),
    "MyPhoneAllowDeleteRecordings": (
        "Delete Recordings",
        "Whether the user can delete recordings in the web client",
    ),
    "MyPhoneShowRecordings": ("See Recordings", "Whether the user sees recordings in the web client"),
    "OverrideHolidays": ("", "Whether the department has holidays of its own"),
    "PinProtected": ("", "Whether outbound calls need a PIN"),
    "RecordCalls": ("", "Whether calls of the user are recorded"),
    "RecordEmailNotify": ("Email Recordings", "Whether the user gets an email for each recording"),
    "RecordExternalCallsOnly": ("External Calls Only", "Whether calls between extensions are not recorded"),
    "Require2FA": ("", "Whether the user must log in with a second factor"),
    "SendEmailMissedCalls": ("Email Missed Calls", "Whether the user gets an email for each missed call"),
    "TransferEnable": ("", "Whether transfers are allowed"),
    "VMDisablePinAuth": ("No PIN", "Whether the voicemail box can be called without its PIN"),
    "VMEmailOptions": ("Email Options", ""),
    "VMPlayCallerID": ("Play Caller ID", "Whether the number of the caller is read before a message"),
    "VMPlayMsgDateTime": ("Play Date and Time", ""),
}
