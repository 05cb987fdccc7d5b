"""Users: bulk changes, credentials, provisioning, call monitoring."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..odata.errors import EntityNotFoundError, ErrorDetail, ODataError
from .common import (
    build_entity,
    change_entity,
    format_now,
    generate_secret,
    get_addressed,
    get_records,
    require,
)
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity, Key, Record
    from ..pbx.pbx import Pbx

# Users whose calls are monitored, and the end of it: user id → {"DN", "Expiration"} (seconds since 1970).
MONITORED = "(monitored)"
_MAX_DAYS = 365

# The options of Regenerate, and the property that each changes.
_CREDENTIALS = {
    "SipAuth": "AuthPassword",
    "WebclientPassword": "AccessPassword",
    "VoicemailPIN": "VMPIN",
    "DeskphonePassword": "DeskphonePassword",
}
_NOT_SHARED = frozenset({"Id", "Number", "AuthID", "EmailAddress", "SIPID"})


@handles("BatchDelete")
def _delete_users(pbx: Pbx, invocation: Invocation) -> list[Entity]:
    """Delete users and return the failures; a partial failure is still a 200."""
    errors = []
    for user_id in require(invocation, "ids"):
        record = pbx.store.get("Users", user_id)
        number = record.value["Number"] if record else ""
        try:
            pbx.entities.delete("Users", user_id)
        except ODataError as error:
            code = error.details[0].message if error.details else error.message
            errors.append({"ExtensionNumber": number, "Error": code})
    return errors


@handles("BulkUpdate", "MultiUserUpdate")
def _update_users(pbx: Pbx, invocation: Invocation) -> None:
    """Apply one patch to many users, except properties of a single user (number, logins)."""
    fields = pbx.model.schema("Pbx.User")
    given = require(invocation, "user")
    patch = {name: value for name, value in given.items() if name in fields and name not in _NOT_SHARED}
    for user_id, _ in get_records(pbx, "Users", require(invocation, "ids")):
        pbx.entities.update("Users", user_id, patch)


@handles("GetDuplicatedEmails")
def _list_duplicated_emails(pbx: Pbx, invocation: Invocation) -> list[str]:
    known = {record.value["EmailAddress"] for record in pbx.views.records("Users")}
    return [email for email in require(invocation, "emails") if email in known]


@handles("HasDuplicatedEmail")
def _has_duplicated_email(pbx: Pbx, invocation: Invocation) -> bool:
    email = get_addressed(pbx, "Users", invocation).value["EmailAddress"]
    same = [r for r in pbx.views.records("Users") if r.value["EmailAddress"] == email]
    return bool(email) and len(same) > 1


@handles("SendWelcomeEmail")
def _send_welcome_email(pbx: Pbx, invocation: Invocation) -> None:
    if not get_addressed(pbx, "Users", invocation).value["EmailAddress"]:
        raise ODataError.of(400, ErrorDetail("EmailAddress", "WARNINGS.XAPI.REQUIRED"))


@handles("Regenerate")
def _regenerate_credentials(pbx: Pbx, invocation: Invocation) -> None:
    get_addressed(pbx, "Users", invocation)
    _renew_credentials(pbx, invocation.arguments["Id"], invocation.body)


@handles("RegeneratePasswords")
def _regenerate_credentials_of_users(pbx: Pbx, invocation: Invocation) -> None:
    for user_id, _ in get_records(pbx, "Users", require(invocation, "Ids")):
        _renew_credentials(pbx, user_id, invocation.body)


@handles("GenerateProvLink", "MyUserGenerateProvLink")
def _generate_provisioning_link(pbx: Pbx, invocation: Invocation) -> str:
    user = _get_user(pbx, invocation).value
    return f"https://office.example/provisioning/{user['Number']}/{generate_secret()}"


@handles("GetPhoneSecret")
def _get_phone_secret(pbx: Pbx, invocation: Invocation) -> str:
    user = get_addressed(pbx, "Users", invocation).value
    return str(user.get("DeskphonePassword") or user["AuthPassword"])


@handles("SetMonitorStatus")
def _set_monitor_status(pbx: Pbx, invocation: Invocation) -> None:
    user = get_addressed(pbx, "Users", invocation).value
    days = require(invocation, "days")
    if not 0 <= days <= _MAX_DAYS:
        raise ODataError.of(400, ErrorDetail("days", "WARNINGS.XAPI.OUT_OF_THE_RANGE"))
    if days == 0:
        pbx.store.delete(MONITORED, user["Id"])
        return
    until = int(time.time()) + days * 86400
    pbx.store.put(MONITORED, user["Id"], {"DN": user["Number"], "Expiration": until})


@handles("GetMonitorStatus")
def _list_monitored(pbx: Pbx, _invocation: Invocation) -> list[Entity]:
    return [build_entity(pbx, "Pbx.MonitoringState", **r.value) for r in pbx.store.table(MONITORED).values()]


@handles("GetCallLog")
def _get_test_call_log(pbx: Pbx, invocation: Invocation) -> Entity:
    dn = pbx.entities.dial_plan.find_by_number(invocation.arguments["dn"])
    if dn is None:
        raise EntityNotFoundError("dn")
    entry = {"Text": f"Test call to {dn.number} {dn.name}: answered", "TimeStamp": format_now()}
    return build_entity(pbx, "Pbx.TestCallLog", Entries=[entry])


def _get_user(pbx: Pbx, invocation: Invocation) -> Record:
    return get_addressed(pbx, "Users", invocation) if invocation.arguments else pbx.views.singleton("MyUser")


def _renew_credentials(pbx: Pbx, user_id: Key, body: Entity) -> None:
    # In some releases the options are in an object of their own.
    wanted: dict[str, Any] = {**body, **(body.get("opts") or {})}
    for option, name in _CREDENTIALS.items():
        if wanted.get(option):
            secret = generate_secret()
            pin = f"{int.from_bytes(secret.encode(), 'big') % 10000:04d}"
            change_entity(pbx, "Users", user_id, **{name: pin if name == "VMPIN" else secret})
