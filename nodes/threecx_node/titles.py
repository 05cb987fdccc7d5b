"""Titles for 3CX's warning codes: what happened, in words.

`{what}` is the field with its value, such as "Number 142". Where the PBX names no field it is `THE_VALUE`, or
`THE_ENTITY` in a list of failures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

THE_VALUE = "a value of the request"
THE_ENTITY = "the entity"

_IN_USE = "{what} is already in use"
_INVALID = "{what} is not valid"
_NOT_DELETED = "{what} cannot be deleted"
_TOO_LONG = "{what} is too long"
_HEX = "{what} is not a hexadecimal number"
_NO_BRIDGE = "the web meeting bridge is not set up"
_BAD_CSV = "the CSV file is not valid"
_RUNNING = "a request of this kind is already running"
_REQUEST_GONE = "the PBX does not know the request"
_REQUEST_LATE = "the request did not finish in time"
_STORAGE = "the PBX cannot connect to the {storage}"

TITLES: Mapping[str, str] = {
    "WARNINGS.ALREADY_EXPIRED": "{what} is in the past",
    "WARNINGS.BACKUP_LOCATION_CONFIG_ERROR": "the backup location is not set up correctly",
    "WARNINGS.BACKUP_NOT_FOUND_OR_INVALID": "the backup does not exist or is damaged",
    "WARNINGS.BLACKLIST_NUMBER_LIMIT_EXCEEDED": "the limit of blocked numbers is reached",
    "WARNINGS.CALL_FLOW_MUST_BE_ALPHANUMERIC": "{what} has characters other than letters and digits",
    "WARNINGS.CANNOT_BE_DELETED": _NOT_DELETED,
    "WARNINGS.CANNOT_DELETE_TRUNKS_BINDED_ERMERGENCY_NUMBER": "the trunk is used for emergency numbers",
    "WARNINGS.CAPTURE_LOCALHOST_NOT_ALLOWED": "localhost cannot be captured",
    "WARNINGS.CAPTURE_ONGOING": "a capture is already running",
    "WARNINGS.CONTACTS_SPECIFY_NAME_SURNAME": "the contact has no first or last name",
    "WARNINGS.CONTACTS_SPECIFY_NAME_SURNAME_COMPANY": "the contact has no first name, last name or company",
    "WARNINGS.CONTACTS_SPECIFY_PHONE_NUMBER": "the contact has no phone number",
    "WARNINGS.CONVERTER_LIMIT_REACHED": "the limit of converters is reached",
    "WARNINGS.CONVERTER_REQUEST_ALREADY_IN_PROGRESS": _RUNNING,
    "WARNINGS.CONVERTER_REQUEST_NOT_FOUND": _REQUEST_GONE,
    "WARNINGS.CONVERTER_REQUEST_TIMEOUT": _REQUEST_LATE,
    "WARNINGS.CONVERTER_WEBMEETING_BRIDGE_NOT_FOUND": _NO_BRIDGE,
    "WARNINGS.CSV_IMPORT_LIMIT_REACHED": "the CSV file has too many lines",
    "WARNINGS.CSV_INVALID_FILE_FORMAT": _BAD_CSV,
    "WARNINGS.CSV_LINE_CORRUPTED": "a line of the CSV file is damaged",
    "WARNINGS.DELETING_ALREADY_IN_PROGRESS": "a deletion is already running",
    "WARNINGS.DN_NUMBER_CANNOT_BE_USED": "{what} cannot be used as a number",
    "WARNINGS.DOUBLE_QUOTES_NOT_ALLOWED": "{what} contains double quotes",
    "WARNINGS.ERP_SERVER_ERROR": "the 3CX licence server returned an error",
    "WARNINGS.ERROR_DOWNLOADING_FROM_UPDATES_SERVER": "the download from the 3CX update server failed",
    "WARNINGS.EXTRACTING_OUTSIDE_THE_DESTINATION_DIRECTORY": "the archive contains paths that lead out of it",
    "WARNINGS.FAX_SERVER_CANNOT_BE_DELETED": "the fax server cannot be deleted",
    "WARNINGS.GROUP_CANNOT_BE_DELETED": "the group cannot be deleted",
    "WARNINGS.GROUP_WITH_MEMBERS_CANNOT_BE_DELETED": "the group still has members",
    "WARNINGS.INTERNATIONALPREFIX_IS_MISSING": "the international prefix is not set",
    "WARNINGS.INVALID": _INVALID,
    "WARNINGS.INVALID_CALL_FLOW_FILE": "the call flow app's file is not valid",
    "WARNINGS.INVALID_EXTENSION_NUMBER_LENGTH": "{what} has the wrong number of digits",
    "WARNINGS.INVALID_HEX_CHARACTER": _HEX,
    "WARNINGS.INVALID_IP_MASK": "{what} is not an IP address with a mask",
    "WARNINGS.INVALID_PASSWORD": "the password does not meet the rules of 3CX",
    "WARNINGS.INVALID_SECURITY_CODE": "the security code is wrong",
    "WARNINGS.LENGTH_NOT_MORE_2048_CHARS": _TOO_LONG,
    "WARNINGS.LENGTH_NOT_MORE_255_CHARS": _TOO_LONG,
    "WARNINGS.LENGTH_NOT_MORE_50_CHARS": _TOO_LONG,
    "WARNINGS.LICENSE_NOT_FOUND": "the licence key is unknown",
    "WARNINGS.LIMIT_REACHED": "a limit of the licence or of 3CX is reached",
    "WARNINGS.MAC_ADDRESS_ALREADY_IN_USE": _IN_USE,
    "WARNINGS.MCU_LIMIT_REACHED": "the limit of MCUs is reached",
    "WARNINGS.MCU_REQUEST_ALREADY_IN_PROGRESS": _RUNNING,
    "WARNINGS.MCU_REQUEST_NOT_FOUND": _REQUEST_GONE,
    "WARNINGS.MCU_REQUEST_TIMEOUT": _REQUEST_LATE,
    "WARNINGS.MCU_WEBMEETING_BRIDGE_NOT_FOUND": _NO_BRIDGE,
    "WARNINGS.NO_MORE_NUMBERS_AVAILABLE": "no free number is left",
    "WARNINGS.NO_SECRET_DEFINED": "the secret is not set",
    "WARNINGS.OPERATOR_CANNOT_BE_DELETED": "the operator cannot be deleted",
    "WARNINGS.RING_GROUP_ENABLE_PAGING": "the ring group's strategy is not paging",
    "WARNINGS.STRING_TOO_LONG": _TOO_LONG,
    "WARNINGS.SUPPORTED_MEDIA_FORMAT_WAV": "the file is not a WAV file that 3CX can play",
    "WARNINGS.TIMEZONEID_IS_MISSING": "the time zone is not set",
    "WARNINGS.TOO_MANY_BACKUPS": "the PBX keeps too many backups",
    "WARNINGS.UNABLE_REACH_UPDATES_SERVER": "the PBX cannot reach the 3CX update server",
    "WARNINGS.USER_EXTENSION_CANNOT_BE_DELETED": "the user cannot be deleted",
    "WARNINGS.WAKEUP_IVR_EXISTS": "a wake-up IVR already exists",
    "WARNINGS.WIRESHARK_NOT_FOUND": "the capture tool is not installed on the PBX",
    "WARNINGS.WRONG_CSV_FILE_REQUIRED_COLUMNS_NOT_FOUND": "the CSV file lacks required columns",
    "WARNINGS.WRONG_CSV_FILE_REQUIRED_HEADER_NOT_FOUND": "the CSV file lacks its header",
    "WARNINGS.XAPI.ALREADY_IN_USE": _IN_USE,
    "WARNINGS.XAPI.AWS_STORAGE_UNDER_USAGE": "the storage is in use",
    "WARNINGS.XAPI.CANNOT_CONNECT_AMAZON_S3_BUCKET": _STORAGE.format(storage="Amazon S3 bucket"),
    "WARNINGS.XAPI.CANNOT_CONNECT_FTP": _STORAGE.format(storage="FTP server"),
    "WARNINGS.XAPI.CANNOT_CONNECT_GOOGLE_BUCKET": _STORAGE.format(storage="Google bucket"),
    "WARNINGS.XAPI.CANNOT_CONNECT_SFTP": _STORAGE.format(storage="SFTP server"),
    "WARNINGS.XAPI.CANNOT_CONNECT_SMB": _STORAGE.format(storage="SMB share"),
    "WARNINGS.XAPI.CAN_NOT_BE_EMPTY_STRING": "{what} cannot be empty",
    "WARNINGS.XAPI.CAPTCHA_ERROR": "the PBX asks for a captcha",
    "WARNINGS.XAPI.CERTIFICATE_EXPIRED": "the certificate has expired",
    "WARNINGS.XAPI.CHAT_LOG_IS_DISABLED": "the chat log is disabled",
    "WARNINGS.XAPI.CREATE_1_SIP_TRUCK_EMERGENCY": "the PBX has no SIP trunk for emergency calls",
    "WARNINGS.XAPI.DUPLICATE": "{what} already exists",
    "WARNINGS.XAPI.FILE_FORMAT_IS_INCORRECT": "the file has the wrong format",
    "WARNINGS.XAPI.FILE_IS_TOO_LARGE": "the file is too large",
    "WARNINGS.XAPI.FILE_NOT_ACCESSIBLE": "the PBX cannot read the file",
    "WARNINGS.XAPI.FILE_NOT_FOUND": "the file does not exist on the PBX",
    "WARNINGS.XAPI.FORBIDDEN_CHANGE": "{what} cannot be changed",
    "WARNINGS.XAPI.INVALID": _INVALID,
    "WARNINGS.XAPI.INVALID_CREDENTIALS": "the user name or password is wrong",
    "WARNINGS.XAPI.INVALID_FILE_NAME": "the file name is not valid",
    "WARNINGS.XAPI.INVALID_HEX_CHARACTER": _HEX,
    "WARNINGS.XAPI.INVALID_LICENSE_TYPE": "the licence does not include this",
    "WARNINGS.XAPI.INVALID_PASSWORD": "the password does not meet the rules of 3CX",
    "WARNINGS.XAPI.INVALID_PATH": "{what} is not a valid path",
    "WARNINGS.XAPI.INVALID_PIN_NUMBER": "the PIN is not valid",
    "WARNINGS.XAPI.INVALID_TIMEZONE": "{what} is not a time zone of the PBX",
    "WARNINGS.XAPI.LENGTH_NOT_MORE_2048_CHARS": _TOO_LONG,
    "WARNINGS.XAPI.MAC_USED_BY": _IN_USE,
    "WARNINGS.XAPI.MCM_MODE_REQUIRED": "multi-company mode is off",
    "WARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER": "{what} is not an extension of this PBX",
    "WARNINGS.XAPI.NOT_FOUND": "{what} was not found on this PBX",
    "WARNINGS.XAPI.NOT_SUPPORTED": "the PBX does not support this",
    "WARNINGS.XAPI.NO_USERS_IN_TEAMS": "no user is assigned in Microsoft Teams",
    "WARNINGS.XAPI.NUMBER_IGNORED": "{what} is set by the PBX",
    "WARNINGS.XAPI.OPENAI_KEY_IS_MISSING": "the OpenAI API key is not set",
    "WARNINGS.XAPI.OTHER_USER_ROLE_DOWNGRADE": "the role of this user cannot be lowered by the API client",
    "WARNINGS.XAPI.OUTBOUND_RULES_LIMIT_REACHED": "the limit of outbound rules is reached",
    "WARNINGS.XAPI.OUT_OF_THE_RANGE": "{what} is out of range",
    "WARNINGS.XAPI.PATH_SHOULD_NOT_CONTAIN_SPACES": "{what} contains spaces",
    "WARNINGS.XAPI.PLAYLIST_IN_USE": "the playlist is in use",
    "WARNINGS.XAPI.PLAYLIST_NO_SOURCE": "the playlist has no source",
    "WARNINGS.XAPI.REQUIRED": "{what} is required",
    "WARNINGS.XAPI.SBC_CERT_EXPIRED": "the certificate of the SBC has expired",
    "WARNINGS.XAPI.SBC_CERT_FQDN_MISMATCH": "the certificate of the SBC is for another host name",
    "WARNINGS.XAPI.SBC_KEY_CERT_MISMATCH": "the private key of the SBC does not match its certificate",
    "WARNINGS.XAPI.SFTP_INVALID_HOST_KEY": "the SFTP server has another host key",
    "WARNINGS.XAPI.TOO_MANY_ITEMS_IN_LIST": "{what} has too many entries",
    "WARNINGS.XAPI.TOO_MANY_PHONES": "the limit of phones is reached",
    "WARNINGS.XAPI.TOO_MANY_PROMPTS": "the limit of prompts is reached",
    "WARNINGS.XAPI.TOO_MANY_SBC": "the limit of SBCs is reached",
    "WARNINGS.XAPI.TOO_MANY_TRUNKS": "the limit of trunks is reached",
    "WARNINGS.XAPI.USER_ROLE_DOWNGRADE": "a user cannot lower the own role",
}
