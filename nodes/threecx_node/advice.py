"""What the user can do about an error: a table from code to advice, in our words. Data, no logic but the look-up.

Three kinds of code: an HTTP status, a word of `transport/failures.py`, a code of 3CX's `Pbx.Warnings`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

BY_STATUS: Mapping[int, str] = {
    400: "Check the fields that the message names.",
    401: "Check the Client ID and the API key, and that the client still exists in Admin > Integrations > API.",
    403: "Give the API client a role that may do this (System Owner sees everything), in Admin > Integrations > API.",
    404: "Check the ID: it may be deleted already, or the operation may not exist in this 3CX release.",
    405: "This 3CX release does not offer the operation in this form.",
    409: "Something else uses it or changes it at the moment; look at it in 3CX and try again.",
    412: "It was changed since it was read: read it again for a fresh ETag, or leave out If Match.",
    413: "Send less at once.",
    415: "The PBX, or a proxy in front of it, does not take JSON here; check the PBX URL.",
    429: "The PBX is asked to answer too often: lower the concurrency, or wait before the next run.",
    500: "3CX failed inside. Check the values (dates in UTC, no empty arguments); its event log may tell more.",
    501: "This PBX does not offer the operation.",
    502: "A proxy in front of 3CX gets no answer from it; look whether its services run.",
    503: "3CX or a proxy in front of it is overloaded or restarting; try again in a minute.",
    504: "3CX took too long. Ask for less: a shorter period, a filter, fewer fields.",
}

UNKNOWN_OUTCOME = "Look in 3CX whether it was carried out before you send it again."

BAD_FILTER = (
    "Write a filter like FirstName eq 'Ada' or contains(LastName,'Love'): texts in single quotes, a quote in them "
    "doubled, fields as 3CX writes them."
)

BY_FAILURE: Mapping[str, str] = {
    "login": "Check the Client ID and the API key. 3CX shows the key only once, in Admin > Integrations > API.",
    "connection_refused": "Check host and port of the PBX URL (443 hosted, 5001 self-hosted) and that 3CX runs.",
    "connection_lost": "Check the network on the way to the PBX, and that 3CX was not restarting just then.",
    "unreachable": "Check the PBX URL and whether this machine's network and firewall let it reach the PBX.",
    "dns": "Check the host name in the PBX URL.",
    "tls": "Use the name that the certificate is made out to, or trust its authority: --ca-file FILE, or ca_file in a "
    "profile of the executor.",
    "tls_self_signed": "Trust it (--ca-file FILE, or ca_file in a profile of the executor), or, on a network you "
    "trust, switch Verify TLS off (--no-verify-tls).",
    "tls_handshake": "Check the port: is it https? 5001 and 443 are, 5004 is http.",
    "unsendable": "Check the host name in the PBX URL and the length of the values: nothing was sent.",
    "connect_timeout": "Check host and port of the PBX URL, and the firewalls on the way: nothing was sent.",
    "timeout": "Check that the PBX answers in a browser; then raise the time-out or ask for less at once.",
    "not_3cx": "Check the PBX URL: it must lead to 3CX itself, not to a web page, a portal or another service.",
    "partial_failure": "The rest was carried out. Mend what the message names and send only that again.",
    "not_attempted": "Send this item again. So that an error does not stop the rest: On Error > Continue in the node's "
    "settings, or --continue-on-fail.",
}

_IN_USE = "Choose another value: it must be unique on this PBX."
_TOO_MANY = "The limit of the licence or of 3CX is reached; delete some, or extend the licence."
_FIX_CSV = "Mend the file: CSV with the columns that 3CX's own export has."
_STORAGE = "Check host, path, user and password of the storage, and that the PBX can reach it."
_CERTIFICATE = "Install a valid certificate that matches the name and the key."
_SHORTER = "Shorten the value."
_KEEP = "3CX needs it; it cannot be deleted."
_WAIT = "Wait until the running one has ended."
_SPECIFY_NAME = "Set FirstName or LastName (or CompanyName where 3CX takes it)."
_SYNC = "Look at the request's status in 3CX, then start it again."

BY_WARNING: Mapping[str, str] = {
    "WARNINGS.ALREADY_EXPIRED": "Choose a moment in the future.",
    "WARNINGS.BACKUP_LOCATION_CONFIG_ERROR": "Check the backup location in 3CX: " + _STORAGE.lower(),
    "WARNINGS.BACKUP_NOT_FOUND_OR_INVALID": "Check the file name against the list of backups.",
    "WARNINGS.BLACKLIST_NUMBER_LIMIT_EXCEEDED": "Delete blocked numbers that are no longer needed.",
    "WARNINGS.CALL_FLOW_MUST_BE_ALPHANUMERIC": "Use only letters and digits in the call flow app's name.",
    "WARNINGS.CANNOT_BE_DELETED": _KEEP,
    "WARNINGS.CANNOT_DELETE_TRUNKS_BINDED_ERMERGENCY_NUMBER": "Take the trunk out of the emergency numbers first.",
    "WARNINGS.CAPTURE_LOCALHOST_NOT_ALLOWED": "Choose a network interface other than the local one.",
    "WARNINGS.CAPTURE_ONGOING": _WAIT,
    "WARNINGS.CONTACTS_SPECIFY_NAME_SURNAME": _SPECIFY_NAME,
    "WARNINGS.CONTACTS_SPECIFY_NAME_SURNAME_COMPANY": _SPECIFY_NAME,
    "WARNINGS.CONTACTS_SPECIFY_PHONE_NUMBER": "Set at least one phone number of the contact.",
    "WARNINGS.CONVERTER_LIMIT_REACHED": _TOO_MANY,
    "WARNINGS.CONVERTER_REQUEST_ALREADY_IN_PROGRESS": _WAIT,
    "WARNINGS.CONVERTER_REQUEST_NOT_FOUND": _SYNC,
    "WARNINGS.CONVERTER_REQUEST_TIMEOUT": _SYNC,
    "WARNINGS.CONVERTER_WEBMEETING_BRIDGE_NOT_FOUND": "Set up the web meeting bridge first.",
    "WARNINGS.CSV_IMPORT_LIMIT_REACHED": "Split the file: it has more lines than one import takes.",
    "WARNINGS.CSV_INVALID_FILE_FORMAT": _FIX_CSV,
    "WARNINGS.CSV_LINE_CORRUPTED": _FIX_CSV,
    "WARNINGS.DELETING_ALREADY_IN_PROGRESS": _WAIT,
    "WARNINGS.DN_NUMBER_CANNOT_BE_USED": "Choose another number: this one is reserved or taken.",
    "WARNINGS.DOUBLE_QUOTES_NOT_ALLOWED": "Take the double quotes out of the value.",
    "WARNINGS.ERP_SERVER_ERROR": "3CX's licence server failed; try again later.",
    "WARNINGS.ERROR_DOWNLOADING_FROM_UPDATES_SERVER": "Check the PBX's way to the internet, then try again.",
    "WARNINGS.EXTRACTING_OUTSIDE_THE_DESTINATION_DIRECTORY": "Use an archive without paths that lead outside it.",
    "WARNINGS.FAX_SERVER_CANNOT_BE_DELETED": _KEEP,
    "WARNINGS.GROUP_CANNOT_BE_DELETED": "This group belongs to 3CX itself; it cannot be deleted.",
    "WARNINGS.GROUP_WITH_MEMBERS_CANNOT_BE_DELETED": "Move its members to another group, then delete it.",
    "WARNINGS.INTERNATIONALPREFIX_IS_MISSING": "Set the international prefix in 3CX's E164 settings.",
    "WARNINGS.INVALID": "Check the value of the field that the message names.",
    "WARNINGS.INVALID_CALL_FLOW_FILE": "Build the call flow app again and use that file.",
    "WARNINGS.INVALID_EXTENSION_NUMBER_LENGTH": "Use as many digits as this PBX's extensions have.",
    "WARNINGS.INVALID_HEX_CHARACTER": "Use only 0-9 and A-F.",
    "WARNINGS.INVALID_IP_MASK": "Give the address like 192.0.2.0/24.",
    "WARNINGS.INVALID_PASSWORD": "Choose a password that meets 3CX's rules.",
    "WARNINGS.INVALID_SECURITY_CODE": "Check the security code.",
    "WARNINGS.LENGTH_NOT_MORE_2048_CHARS": _SHORTER + " At most 2,048 characters fit.",
    "WARNINGS.LENGTH_NOT_MORE_255_CHARS": _SHORTER + " At most 255 characters fit.",
    "WARNINGS.LENGTH_NOT_MORE_50_CHARS": _SHORTER + " At most 50 characters fit.",
    "WARNINGS.LICENSE_NOT_FOUND": "Check the licence key.",
    "WARNINGS.LIMIT_REACHED": _TOO_MANY,
    "WARNINGS.MAC_ADDRESS_ALREADY_IN_USE": "Take the phone away from the other extension first.",
    "WARNINGS.MCU_LIMIT_REACHED": _TOO_MANY,
    "WARNINGS.MCU_REQUEST_ALREADY_IN_PROGRESS": _WAIT,
    "WARNINGS.MCU_REQUEST_NOT_FOUND": _SYNC,
    "WARNINGS.MCU_REQUEST_TIMEOUT": _SYNC,
    "WARNINGS.MCU_WEBMEETING_BRIDGE_NOT_FOUND": "Set up the web meeting bridge first.",
    "WARNINGS.NO_MORE_NUMBERS_AVAILABLE": "Delete unused extensions, or widen the range of numbers.",
    "WARNINGS.NO_SECRET_DEFINED": "Set the secret first.",
    "WARNINGS.OPERATOR_CANNOT_BE_DELETED": "Name another operator first.",
    "WARNINGS.RING_GROUP_ENABLE_PAGING": "Set the ring group's strategy to paging first.",
    "WARNINGS.STRING_TOO_LONG": _SHORTER,
    "WARNINGS.SUPPORTED_MEDIA_FORMAT_WAV": "Use a WAV file: PCM, 8 kHz, 16 bit, mono.",
    "WARNINGS.TIMEZONEID_IS_MISSING": "Set the time zone; ListTimeZones gives those that 3CX knows.",
    "WARNINGS.TOO_MANY_BACKUPS": "Delete old backups, or raise the number that is kept.",
    "WARNINGS.UNABLE_REACH_UPDATES_SERVER": "Check the PBX's way to the internet, then try again.",
    "WARNINGS.USER_EXTENSION_CANNOT_BE_DELETED": _KEEP,
    "WARNINGS.WAKEUP_IVR_EXISTS": "There is one already; change that one.",
    "WARNINGS.WIRESHARK_NOT_FOUND": "Install the capture tool on the PBX first.",
    "WARNINGS.WRONG_CSV_FILE_REQUIRED_COLUMNS_NOT_FOUND": _FIX_CSV,
    "WARNINGS.WRONG_CSV_FILE_REQUIRED_HEADER_NOT_FOUND": _FIX_CSV,
    "WARNINGS.XAPI.ALREADY_IN_USE": _IN_USE,
    "WARNINGS.XAPI.AWS_STORAGE_UNDER_USAGE": "The storage is in use; move what is kept there first.",
    "WARNINGS.XAPI.CANNOT_CONNECT_AMAZON_S3_BUCKET": _STORAGE,
    "WARNINGS.XAPI.CANNOT_CONNECT_FTP": _STORAGE,
    "WARNINGS.XAPI.CANNOT_CONNECT_GOOGLE_BUCKET": _STORAGE,
    "WARNINGS.XAPI.CANNOT_CONNECT_SFTP": _STORAGE,
    "WARNINGS.XAPI.CANNOT_CONNECT_SMB": _STORAGE,
    "WARNINGS.XAPI.CAN_NOT_BE_EMPTY_STRING": "Give the field a value, or leave it out.",
    "WARNINGS.XAPI.CAPTCHA_ERROR": "This call wants a captcha; do it in 3CX's own console.",
    "WARNINGS.XAPI.CERTIFICATE_EXPIRED": _CERTIFICATE,
    "WARNINGS.XAPI.CHAT_LOG_IS_DISABLED": "Switch the chat log on in 3CX first.",
    "WARNINGS.XAPI.CREATE_1_SIP_TRUCK_EMERGENCY": "Create a SIP trunk first: emergency calls need one.",
    "WARNINGS.XAPI.DUPLICATE": _IN_USE,
    "WARNINGS.XAPI.FILE_FORMAT_IS_INCORRECT": "Use a file of the format that 3CX takes here.",
    "WARNINGS.XAPI.FILE_IS_TOO_LARGE": "Use a smaller file.",
    "WARNINGS.XAPI.FILE_NOT_ACCESSIBLE": "Check that 3CX may read the file and that nothing else holds it.",
    "WARNINGS.XAPI.FILE_NOT_FOUND": "Check the file name; it may be deleted or archived.",
    "WARNINGS.XAPI.FORBIDDEN_CHANGE": "Leave this field as it is; 3CX does not let it change here.",
    "WARNINGS.XAPI.INVALID": "Check the value of the field that the message names.",
    "WARNINGS.XAPI.INVALID_CREDENTIALS": "Check user and password of the service that 3CX calls.",
    "WARNINGS.XAPI.INVALID_FILE_NAME": "Use a plain file name: letters, digits, dot, hyphen.",
    "WARNINGS.XAPI.INVALID_HEX_CHARACTER": "Use only 0-9 and A-F.",
    "WARNINGS.XAPI.INVALID_LICENSE_TYPE": "The licence does not include this; 3CX offers it in a higher edition.",
    "WARNINGS.XAPI.INVALID_PASSWORD": "Choose a password that meets 3CX's rules.",
    "WARNINGS.XAPI.INVALID_PATH": "Check the path.",
    "WARNINGS.XAPI.INVALID_PIN_NUMBER": "Use a PIN of digits, as long as 3CX asks for.",
    "WARNINGS.XAPI.INVALID_TIMEZONE": "Use a time zone from ListTimeZones.",
    "WARNINGS.XAPI.LENGTH_NOT_MORE_2048_CHARS": _SHORTER + " At most 2,048 characters fit.",
    "WARNINGS.XAPI.MAC_USED_BY": "Take the phone away from the other extension first.",
    "WARNINGS.XAPI.MCM_MODE_REQUIRED": "Switch multi-company mode on first.",
    "WARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER": "Check the extension number.",
    "WARNINGS.XAPI.NOT_FOUND": "Check the ID or number that the message names: it is not on this PBX.",
    "WARNINGS.XAPI.NOT_SUPPORTED": "This PBX does not offer it, by its edition, release or setting.",
    "WARNINGS.XAPI.NO_USERS_IN_TEAMS": "Assign users in Microsoft Teams first.",
    "WARNINGS.XAPI.NUMBER_IGNORED": "Leave the number out: 3CX sets it itself here.",
    "WARNINGS.XAPI.OPENAI_KEY_IS_MISSING": "Set the OpenAI key in 3CX's AI settings first.",
    "WARNINGS.XAPI.OTHER_USER_ROLE_DOWNGRADE": "Let a user of a higher role change this one.",
    "WARNINGS.XAPI.OUTBOUND_RULES_LIMIT_REACHED": _TOO_MANY,
    "WARNINGS.XAPI.OUT_OF_THE_RANGE": "Use a value within the range that 3CX allows.",
    "WARNINGS.XAPI.PATH_SHOULD_NOT_CONTAIN_SPACES": "Take the spaces out of the path.",
    "WARNINGS.XAPI.PLAYLIST_IN_USE": "Take the playlist out of what uses it first.",
    "WARNINGS.XAPI.PLAYLIST_NO_SOURCE": "Give the playlist a source first.",
    "WARNINGS.XAPI.REQUIRED": "Set the field that the message names.",
    "WARNINGS.XAPI.SBC_CERT_EXPIRED": _CERTIFICATE,
    "WARNINGS.XAPI.SBC_CERT_FQDN_MISMATCH": _CERTIFICATE,
    "WARNINGS.XAPI.SBC_KEY_CERT_MISMATCH": _CERTIFICATE,
    "WARNINGS.XAPI.SFTP_INVALID_HOST_KEY": "Get the host key again (GetSftpHostKey) and set it.",
    "WARNINGS.XAPI.TOO_MANY_ITEMS_IN_LIST": "Send a shorter list.",
    "WARNINGS.XAPI.TOO_MANY_PHONES": _TOO_MANY,
    "WARNINGS.XAPI.TOO_MANY_PROMPTS": _TOO_MANY,
    "WARNINGS.XAPI.TOO_MANY_SBC": _TOO_MANY,
    "WARNINGS.XAPI.TOO_MANY_TRUNKS": _TOO_MANY,
    "WARNINGS.XAPI.USER_ROLE_DOWNGRADE": "Keep your own role; another administrator can change it.",
}


def advice_for(status: int | None, code: str = "") -> str:
    """What to do about a code, or about a status where the code has no advice; empty where neither has."""
    if found := BY_WARNING.get(code) or BY_FAILURE.get(code):
        return found
    if status is None:
        return ""
    return BY_STATUS.get(status) or BY_STATUS[500 if status >= 500 else 400]
