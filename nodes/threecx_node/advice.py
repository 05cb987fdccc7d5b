"""Advice for each error, by its code: a table, and the look-up in it.

There are three kinds of code: an HTTP status, an identifier of `transport/failures.py`, and a member of 3CX's enum
`Pbx.Warnings`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BY_STATUS: Mapping[int, str] = {
    400: "Check the fields that the message names.",
    401: "Check Client ID and API key in Admin > Integrations > API, and that no other program uses the same client: "
    "3CX allows one access token per client.",
    403: "Give the API client a role with this permission (System Owner has all), in Admin > Integrations > API.",
    404: "Check the ID. The entity may already be deleted, or this 3CX release does not have the operation.",
    405: "This 3CX release does not support the operation with this method.",
    409: "The entity is in use or is being changed. Check it in 3CX, then try again.",
    412: "The entity was changed after it was read. Read it again to get the current ETag, or leave out If-Match.",
    413: "Send a smaller body.",
    415: "The PBX, or a proxy in front of it, does not accept JSON here. Check the PBX URL.",
    429: "The PBX receives too many requests. Lower the concurrency, or wait before the next run.",
    500: "Internal error in 3CX. Check the values (dates in UTC, no empty arguments), and see the 3CX event log.",
    501: "This PBX does not support the operation.",
    502: "A proxy in front of 3CX gets no response from it. Check that the 3CX services are running.",
    503: "3CX, or a proxy in front of it, is overloaded or restarting. Try again in a minute.",
    504: "3CX took too long. Request less data: a shorter period, a filter, fewer fields.",
}

PARTIAL_FAILURE: Mapping[str, str] = {
    "all": "Nothing was carried out. Fix what the message names, and send it again.",
    "some": "The {rest} carried out. Fix what the message names, and send only that again.",
    "unknown": "Fix what the message names, and send only that again. Check in 3CX which others were carried out.",
}

NOT_FOUND = "WARNINGS.XAPI.NOT_FOUND"
# The advice for codes and statuses whose text above or below speaks of a field, where the PBX names none.
_NO_FIELD = (
    "3CX names no field. Check the values and the required fields of this operation, and the 3CX event log."
)
WITHOUT_FIELD: Mapping[int | str, str] = {
    400: _NO_FIELD,
    "WARNINGS.INVALID": _NO_FIELD,
    "WARNINGS.XAPI.INVALID": _NO_FIELD,
    "WARNINGS.XAPI.REQUIRED": "A required field is missing. `threecx describe` shows the fields of the operation.",
    NOT_FOUND: "Check the values. One of them names an entity that does not exist on this PBX.",
}

UNKNOWN_OUTCOME = "Check in 3CX whether the request was carried out before you send it again."

BAD_FILTER = (
    "Write a filter such as FirstName eq 'Ada' or contains(LastName,'Love'). Put text in single quotes, double any "
    "single quote inside it, and spell field names as 3CX does."
)

VALUE_ADVICE: Mapping[str, str] = {
    "expression": "Begin the value with = to make it an expression; nothing was sent for this item.",
    "other": "Set another value for this item, or remove the item; nothing was sent for it.",
}

BY_FAILURE: Mapping[str, str] = {
    "login": "Check the Client ID and the API key. 3CX shows the key only once, in Admin > Integrations > API.",
    "token_refused": "Check the rights of the API key's client in Admin > Integrations > API, that no proxy removes "
    "the header Authorization, and that no other program uses it.",
    "token_contested": "Another program logs in with the same Client ID. Create a client for each program in 3CX, or "
    "let them share tokens by THREECX_TOKEN_STORE.",
    "login_forbidden": "Check the Client ID and the API key, and whether 3CX has blocked this machine's address after "
    "failed logins.",
    "connection_refused": "Check host and port of the PBX URL (443 hosted, 5001 self-hosted), and that 3CX is running.",
    "connection_lost": "Check the network between this machine and the PBX, and whether 3CX was restarting.",
    "not_taken": "Send it again. Check whether 3CX, or a proxy in front of it, was restarting.",
    "unreachable": "Check the PBX URL, and that this machine's network and firewall allow connections to the PBX.",
    "forbidden_address": "Check the PBX URL, and the address that its host name resolves to.",
    "dns": "Check the host name in the PBX URL.",
    "tls": "Use the host name in the certificate, or trust its certificate authority: --ca-file FILE, or ca_file in "
    "an executor profile.",
    "tls_self_signed": "Trust the certificate (--ca-file FILE, or ca_file in an executor profile), or, on a network "
    "that you trust, turn off Verify TLS (--no-verify-tls).",
    "tls_handshake": "Check the port: 5001 and 443 are HTTPS, 5004 is HTTP.",
    "unsendable": "Nothing was sent. Check the host name in the PBX URL and the length of the values.",
    "connect_timeout": "Nothing was sent. Check host and port of the PBX URL, and the firewalls in between.",
    "timeout": "Check that the PBX responds in a browser. Then raise the timeout, or request less data at once.",
    "response_too_large": "Request less data: a shorter period, a filter, fewer fields. Or raise the limit: "
    "--max-response, maxResponse, or max_response_bytes.",
    "not_3cx": "Check the PBX URL. It must be the address of 3CX, not of a web page, a portal or another service.",
    "unusable_response": "Check whether the connection, or a proxy in front of 3CX, cuts or changes its responses.",
    "call_control_forbidden": "Enable Call Control for this client in Admin > Integrations > API. 3CX requires a "
    "licence for it: Enterprise from 8 simultaneous calls.",
    "call_control_off": "Check the PBX URL, and that release and licence of 3CX have the Call Control API: Enterprise "
    "from 8 simultaneous calls.",
    "given_up": "Check that 3CX is running and that this machine can reach it, then send it again.",
    "not_attempted": "Send this item again. To continue with the other items after an error, set On Error > "
    "Continue in the node's settings, or use --continue-on-fail.",
}

BY_CALL_STATUS: Mapping[int, str] = {
    400: "Check the values that the message names: destination, reason, timeout, and the size of attached data.",
    403: "Let the client monitor this DN, with Call Control, in Admin > Integrations > API. Legs of other DNs cannot "
    "be controlled.",
    404: "Check the DN. Get Many of Call Control lists the DNs that this client may see.",
    422: "Check the state of the call: Divert and Answer need a ringing call, Transfer a connected one, and Answer a "
    "phone that the API may control.",
    424: "Check that the destination exists and can be called, and that the phone is still registered.",
}
CALL_GONE = (
    "Check the DN. The call may have ended, or a transfer gave it another participant: see Get Participants."
)
DEVICE_GONE = "A device gets a new ID when it registers again. Get Devices lists the current ones."
_WHOLE_CALL_CONTROL = {403: "call_control_forbidden", 404: "call_control_off"}

_IN_USE = "Choose another value: it must be unique on this PBX."
_TOO_MANY = "The limit of the licence or of 3CX is reached. Delete some entities, or upgrade the licence."
_FIX_CSV = "Fix the file. It must be CSV with the columns of 3CX's own export."
_STORAGE = "Check host, path, user and password of the storage, and that the PBX can connect to it."
_CERTIFICATE = "Install a valid certificate that matches the host name and the private key."
_SHORTER = "Shorten the value."
_KEEP = "3CX needs this entity, so it cannot be deleted."
_WAIT = "Wait until the running task has finished."
_SPECIFY_NAME = "Set FirstName or LastName, or CompanyName where 3CX accepts it."
_SYNC = "Check the status of the request in 3CX, then start it again."

BY_WARNING: Mapping[str, str] = {
    "WARNINGS.ALREADY_EXPIRED": "Choose a time in the future.",
    "WARNINGS.BACKUP_LOCATION_CONFIG_ERROR": "Check the backup location in 3CX. " + _STORAGE,
    "WARNINGS.BACKUP_NOT_FOUND_OR_INVALID": "Check the file name against the list of backups.",
    "WARNINGS.BLACKLIST_NUMBER_LIMIT_EXCEEDED": "Delete blocked numbers that are no longer needed.",
    "WARNINGS.CALL_FLOW_MUST_BE_ALPHANUMERIC": "Use only letters and digits in the call flow app's name.",
    "WARNINGS.CANNOT_BE_DELETED": _KEEP,
    "WARNINGS.CANNOT_DELETE_TRUNKS_BINDED_ERMERGENCY_NUMBER": "Remove the trunk from the emergency numbers first.",
    "WARNINGS.CAPTURE_LOCALHOST_NOT_ALLOWED": "Choose a network interface other than localhost.",
    "WARNINGS.CAPTURE_ONGOING": _WAIT,
    "WARNINGS.CONTACTS_SPECIFY_NAME_SURNAME": _SPECIFY_NAME,
    "WARNINGS.CONTACTS_SPECIFY_NAME_SURNAME_COMPANY": _SPECIFY_NAME,
    "WARNINGS.CONTACTS_SPECIFY_PHONE_NUMBER": "Set at least one phone number for the contact.",
    "WARNINGS.CONVERTER_LIMIT_REACHED": _TOO_MANY,
    "WARNINGS.CONVERTER_REQUEST_ALREADY_IN_PROGRESS": _WAIT,
    "WARNINGS.CONVERTER_REQUEST_NOT_FOUND": _SYNC,
    "WARNINGS.CONVERTER_REQUEST_TIMEOUT": _SYNC,
    "WARNINGS.CONVERTER_WEBMEETING_BRIDGE_NOT_FOUND": "Set up the web meeting bridge first.",
    "WARNINGS.CSV_IMPORT_LIMIT_REACHED": "Split the file. It has more lines than one import accepts.",
    "WARNINGS.CSV_INVALID_FILE_FORMAT": _FIX_CSV,
    "WARNINGS.CSV_LINE_CORRUPTED": _FIX_CSV,
    "WARNINGS.DELETING_ALREADY_IN_PROGRESS": _WAIT,
    "WARNINGS.DN_NUMBER_CANNOT_BE_USED": "Choose another number. This one is reserved or in use.",
    "WARNINGS.DOUBLE_QUOTES_NOT_ALLOWED": "Remove the double quotes from the value.",
    "WARNINGS.ERP_SERVER_ERROR": "The 3CX licence server returned an error. Try again later.",
    "WARNINGS.ERROR_DOWNLOADING_FROM_UPDATES_SERVER": "Check the internet connection of the PBX, then try again.",
    "WARNINGS.EXTRACTING_OUTSIDE_THE_DESTINATION_DIRECTORY": "Use an archive that only contains paths inside it.",
    "WARNINGS.FAX_SERVER_CANNOT_BE_DELETED": _KEEP,
    "WARNINGS.GROUP_CANNOT_BE_DELETED": "This is a built-in group of 3CX, so it cannot be deleted.",
    "WARNINGS.GROUP_WITH_MEMBERS_CANNOT_BE_DELETED": "Move its members to another group, then delete it.",
    "WARNINGS.INTERNATIONALPREFIX_IS_MISSING": "Set the international prefix in the E.164 settings of 3CX.",
    "WARNINGS.INVALID": "Check the value of the field that the message names.",
    "WARNINGS.INVALID_CALL_FLOW_FILE": "Build the call flow app again and use that file.",
    "WARNINGS.INVALID_EXTENSION_NUMBER_LENGTH": "Use the same number of digits as the other extensions of this PBX.",
    "WARNINGS.INVALID_HEX_CHARACTER": "Use only 0-9 and A-F.",
    "WARNINGS.INVALID_IP_MASK": "Write the address in the form 192.0.2.0/24.",
    "WARNINGS.INVALID_PASSWORD": "Choose a password that meets the password rules of 3CX.",
    "WARNINGS.INVALID_SECURITY_CODE": "Check the security code.",
    "WARNINGS.LENGTH_NOT_MORE_2048_CHARS": _SHORTER + " The limit is 2,048 characters.",
    "WARNINGS.LENGTH_NOT_MORE_255_CHARS": _SHORTER + " The limit is 255 characters.",
    "WARNINGS.LENGTH_NOT_MORE_50_CHARS": _SHORTER + " The limit is 50 characters.",
    "WARNINGS.LICENSE_NOT_FOUND": "Check the licence key.",
    "WARNINGS.LIMIT_REACHED": _TOO_MANY,
    "WARNINGS.MAC_ADDRESS_ALREADY_IN_USE": "Remove the phone from the other extension first.",
    "WARNINGS.MCU_LIMIT_REACHED": _TOO_MANY,
    "WARNINGS.MCU_REQUEST_ALREADY_IN_PROGRESS": _WAIT,
    "WARNINGS.MCU_REQUEST_NOT_FOUND": _SYNC,
    "WARNINGS.MCU_REQUEST_TIMEOUT": _SYNC,
    "WARNINGS.MCU_WEBMEETING_BRIDGE_NOT_FOUND": "Set up the web meeting bridge first.",
    "WARNINGS.NO_MORE_NUMBERS_AVAILABLE": "Delete unused extensions, or extend the number range.",
    "WARNINGS.NO_SECRET_DEFINED": "Set the secret first.",
    "WARNINGS.OPERATOR_CANNOT_BE_DELETED": "Choose another operator first.",
    "WARNINGS.RING_GROUP_ENABLE_PAGING": "Set the ring group's strategy to paging first.",
    "WARNINGS.STRING_TOO_LONG": _SHORTER,
    "WARNINGS.SUPPORTED_MEDIA_FORMAT_WAV": "Use a WAV file: PCM, 8 kHz, 16 bit, mono.",
    "WARNINGS.TIMEZONEID_IS_MISSING": "Set the time zone. ListTimeZones lists the valid ones.",
    "WARNINGS.TOO_MANY_BACKUPS": "Delete old backups, or raise the number of backups to keep.",
    "WARNINGS.UNABLE_REACH_UPDATES_SERVER": "Check the internet connection of the PBX, then try again.",
    "WARNINGS.USER_EXTENSION_CANNOT_BE_DELETED": _KEEP,
    "WARNINGS.WAKEUP_IVR_EXISTS": "A wake-up IVR already exists. Change that one.",
    "WARNINGS.WIRESHARK_NOT_FOUND": "Install the capture tool on the PBX first.",
    "WARNINGS.WRONG_CSV_FILE_REQUIRED_COLUMNS_NOT_FOUND": _FIX_CSV,
    "WARNINGS.WRONG_CSV_FILE_REQUIRED_HEADER_NOT_FOUND": _FIX_CSV,
    "WARNINGS.XAPI.ALREADY_IN_USE": _IN_USE,
    "WARNINGS.XAPI.AWS_STORAGE_UNDER_USAGE": "The storage is in use. Move its files first.",
    "WARNINGS.XAPI.CANNOT_CONNECT_AMAZON_S3_BUCKET": _STORAGE,
    "WARNINGS.XAPI.CANNOT_CONNECT_FTP": _STORAGE,
    "WARNINGS.XAPI.CANNOT_CONNECT_GOOGLE_BUCKET": _STORAGE,
    "WARNINGS.XAPI.CANNOT_CONNECT_SFTP": _STORAGE,
    "WARNINGS.XAPI.CANNOT_CONNECT_SMB": _STORAGE,
    "WARNINGS.XAPI.CAN_NOT_BE_EMPTY_STRING": "Set a value for the field, or leave the field out.",
    "WARNINGS.XAPI.CAPTCHA_ERROR": "This operation requires a captcha. Use the 3CX admin console.",
    "WARNINGS.XAPI.CERTIFICATE_EXPIRED": _CERTIFICATE,
    "WARNINGS.XAPI.CHAT_LOG_IS_DISABLED": "Enable the chat log in 3CX first.",
    "WARNINGS.XAPI.CREATE_1_SIP_TRUCK_EMERGENCY": "Create a SIP trunk first. Emergency calls need one.",
    "WARNINGS.XAPI.DUPLICATE": _IN_USE,
    "WARNINGS.XAPI.FILE_FORMAT_IS_INCORRECT": "Use a file in the format that 3CX accepts here.",
    "WARNINGS.XAPI.FILE_IS_TOO_LARGE": "Use a smaller file.",
    "WARNINGS.XAPI.FILE_NOT_ACCESSIBLE": "Check that 3CX may read the file, and that no other program uses it.",
    "WARNINGS.XAPI.FILE_NOT_FOUND": "Check the file name. The file may be deleted or archived.",
    "WARNINGS.XAPI.FORBIDDEN_CHANGE": "Leave this field unchanged. 3CX does not allow changing it here.",
    "WARNINGS.XAPI.INVALID": "Check the value of the field that the message names.",
    "WARNINGS.XAPI.INVALID_CREDENTIALS": "Check user name and password for the service that 3CX connects to.",
    "WARNINGS.XAPI.INVALID_FILE_NAME": "Use only letters, digits, dots and hyphens in the file name.",
    "WARNINGS.XAPI.INVALID_HEX_CHARACTER": "Use only 0-9 and A-F.",
    "WARNINGS.XAPI.INVALID_LICENSE_TYPE": "The licence does not include this feature. Upgrade to a higher edition.",
    "WARNINGS.XAPI.INVALID_PASSWORD": "Choose a password that meets the password rules of 3CX.",
    "WARNINGS.XAPI.INVALID_PATH": "Check the path.",
    "WARNINGS.XAPI.INVALID_PIN_NUMBER": "Use a PIN that consists of digits and has the length that 3CX requires.",
    "WARNINGS.XAPI.INVALID_TIMEZONE": "Use a time zone from ListTimeZones.",
    "WARNINGS.XAPI.LENGTH_NOT_MORE_2048_CHARS": _SHORTER + " The limit is 2,048 characters.",
    "WARNINGS.XAPI.MAC_USED_BY": "Remove the phone from the other extension first.",
    "WARNINGS.XAPI.MCM_MODE_REQUIRED": "Enable multi-company mode first.",
    "WARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER": "Check the extension number.",
    "WARNINGS.XAPI.NOT_FOUND": "Check the ID or number that the message names. It does not exist on this PBX.",
    "WARNINGS.XAPI.NOT_SUPPORTED": "This PBX does not support it, because of its edition, release or settings.",
    "WARNINGS.XAPI.NO_USERS_IN_TEAMS": "Assign users in Microsoft Teams first.",
    "WARNINGS.XAPI.NUMBER_IGNORED": "Leave the number out. 3CX sets it.",
    "WARNINGS.XAPI.OPENAI_KEY_IS_MISSING": "Set the OpenAI API key in the AI settings of 3CX first.",
    "WARNINGS.XAPI.OTHER_USER_ROLE_DOWNGRADE": "Have a user with a higher role change this user.",
    "WARNINGS.XAPI.OUTBOUND_RULES_LIMIT_REACHED": _TOO_MANY,
    "WARNINGS.XAPI.OUT_OF_THE_RANGE": "Use a value within the range that 3CX allows.",
    "WARNINGS.XAPI.PATH_SHOULD_NOT_CONTAIN_SPACES": "Remove the spaces from the path.",
    "WARNINGS.XAPI.PLAYLIST_IN_USE": "Remove the playlist from all settings that use it first.",
    "WARNINGS.XAPI.PLAYLIST_NO_SOURCE": "Set a source for the playlist first.",
    "WARNINGS.XAPI.REQUIRED": "Set the field that the message names.",
    "WARNINGS.XAPI.SBC_CERT_EXPIRED": _CERTIFICATE,
    "WARNINGS.XAPI.SBC_CERT_FQDN_MISMATCH": _CERTIFICATE,
    "WARNINGS.XAPI.SBC_KEY_CERT_MISMATCH": _CERTIFICATE,
    "WARNINGS.XAPI.SFTP_INVALID_HOST_KEY": "Read the SFTP host key again with GetSftpHostKey, and set it.",
    "WARNINGS.XAPI.TOO_MANY_ITEMS_IN_LIST": "Send a shorter list.",
    "WARNINGS.XAPI.TOO_MANY_PHONES": _TOO_MANY,
    "WARNINGS.XAPI.TOO_MANY_PROMPTS": _TOO_MANY,
    "WARNINGS.XAPI.TOO_MANY_SBC": _TOO_MANY,
    "WARNINGS.XAPI.TOO_MANY_TRUNKS": _TOO_MANY,
    "WARNINGS.XAPI.USER_ROLE_DOWNGRADE": "You cannot lower your own role. Another administrator can change it.",
}


def advice_for(status: int | None, code: str = "", *, names_field: bool = True) -> str:
    """Return the advice for a code, else for a status; an empty string if neither has any.

    `names_field` says whether the error names a field that the advice can speak of.
    """
    if not names_field and code in WITHOUT_FIELD:
        return WITHOUT_FIELD[code]
    if found := BY_WARNING.get(code) or BY_FAILURE.get(code):
        return found
    if status is None:
        return ""
    known = status if status in BY_STATUS else 500 if status >= 500 else 400
    return BY_STATUS[known] if names_field else WITHOUT_FIELD.get(known, BY_STATUS[known])


_NOT_FOUND = 404
_OR_GONE = "The entity may already be deleted, or this 3CX release does not have the operation."
_TYPE_IN_MESSAGE = re.compile(r"\b(?:Edm|Pbx)\.\w+")
_FILTER_BY_TYPE: Mapping[str, str] = {
    "Edm.DateTimeOffset": "Write dates without quotes: StartTime ge 2026-03-01T00:00:00Z, or date(StartTime) ge "
    "2026-03-01.",
    "Edm.Date": "Write dates without quotes: date(StartTime) ge 2026-03-01.",
    "Edm.TimeOfDay": "Write times of day without quotes: time(StartTime) ge 08:00:00.",
    "Edm.Duration": "Write durations in the form duration'PT1H30M'.",
    "Edm.Guid": "Write GUIDs without quotes: UniqueId eq 0f8fad5b-d9cb-469f-a165-70867728950e.",
    "Edm.Boolean": "Write true and false without quotes: Enabled eq true.",
    **dict.fromkeys(
        (
            "Edm.Int16",
            "Edm.Int32",
            "Edm.Int64",
            "Edm.Byte",
            "Edm.SByte",
            "Edm.Single",
            "Edm.Double",
            "Edm.Decimal",
        ),
        "Write numbers without quotes: Id eq 5.",
    ),
}
_FILTER_BY_ENUM = "Write a member of the enumeration in single quotes, with eq or ne: Status eq 'Active'."


def has_types(message: str) -> bool:
    """Return whether a message of the PBX names two types that it cannot compare."""
    return len(set(_TYPE_IN_MESSAGE.findall(message))) > 1


def advise_on_filter(message: str) -> str:
    """Return the advice for a refused `$filter`; `message` is the PBX's, which may name the types of a comparison."""
    types = _TYPE_IN_MESSAGE.findall(message)
    found = next((_FILTER_BY_TYPE[each] for each in types if each in _FILTER_BY_TYPE), "")
    if found and "Edm.String" in types:
        return found
    if any(each.startswith("Pbx.") for each in types) and len(types) > 1:
        return _FILTER_BY_ENUM
    return BAD_FILTER


def advise_on_missing(key: str, arguments: Sequence[str]) -> str:
    """Return the advice for a 404.

    `key` is the parameter that is the key of an entity, empty for an operation without one; `arguments` are its other
    parameters.
    """
    if key:
        return f"Check the {key if key != 'Id' else 'ID'}. {_OR_GONE}"
    if not arguments:
        return (
            "This 3CX release or licence may not have the operation, or a value in its body names an entity that does "
            "not exist."
        )
    named = (
        f"Check {', '.join(arguments)}: numbers and names must exist on this PBX, and an empty argument may match "
        "nothing."
    )
    has_time_zone = any("timezone" in each.lower() or each.lower().endswith("tz") for each in arguments)
    return f"{named} Write a time zone as an offset, such as +08:00." if has_time_zone else named


def advise_on_call(status: int, parameters: Sequence[str]) -> str:
    """Return the advice for a status of the Call Control API, empty where it has none of its own.

    `parameters` are those in the path: without any, the request is about the API as a whole.
    """
    if not parameters and status in _WHOLE_CALL_CONTROL:
        return BY_FAILURE[_WHOLE_CALL_CONTROL[status]]
    if status == _NOT_FOUND:
        if "participantId" in parameters:
            return CALL_GONE
        if "deviceId" in parameters:
            return DEVICE_GONE
    return BY_CALL_STATUS.get(status, "")


_PLAIN_HTTP = re.compile(rb"(?i)plain HTTP|HTTP request to an HTTPS server|HTTP request was sent to HTTPS")
_LONGEST_HOST = 255
_API_PATH = re.compile(r"(?i)/+(connect/token|xapi(/v1)?|callcontrol)\b.*$")


def read_other_address(status: int, location: str, content: bytes, host: str) -> tuple[str, str] | None:
    """Return what a response says about the URL that it was sent to, and the advice with the URL to use.

    Returns None for any response but a redirect to another scheme, host or port, and the error of a server that got
    HTTP at its HTTPS port. `location` is the header of a redirect, `host` name and port of the PBX URL.
    """
    if status == 400 and _PLAIN_HTTP.search(content[:10_000]):
        return "an error: its port expects HTTPS, not plain HTTP", f"Use https://{host} as the PBX URL."
    if not 300 <= status < 400:
        return None
    try:
        target = urlsplit(location.strip())
        is_usable = target.scheme in ("http", "https") and target.hostname and "@" not in target.netloc
    except ValueError:
        return None
    if not is_usable or not location.isprintable() or len(target.netloc) > _LONGEST_HOST:
        return None
    path = _API_PATH.sub("", target.path).rstrip("/")[:_LONGEST_HOST]
    url = f"{target.scheme}://{target.netloc}{path}"
    return f"a redirection to {url}", f"Use {url} as the PBX URL, if that is the address of your PBX."
