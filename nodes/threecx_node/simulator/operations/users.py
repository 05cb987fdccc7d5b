"""Users: many at once, their credentials, their provisioning."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..refusals import Problem, Refusal, refuse
from ..registry import Call, handles
from .common import all_of, changed, made, new_secret, not_found, now, owned, required

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity, Key, Record

# Users whose calls are monitored, until when: user id → {"DN", "Expiration"} (seconds since 1970).
MONITORED = "(monitored)"
_MAX_DAYS = 365

# What "regenerate" can make anew, and the property that changes.
_CREDENTIALS = {
    "SipAuth": "AuthPassword",
    "WebclientPassword": "AccessPassword",
    "VoicemailPIN": "VMPIN",
    "DeskphonePassword": "DeskphonePassword",
}
_NOT_SHARED = frozenset({"Id", "Number", "AuthID", "EmailAddress", "SIPID"})


@handles("BatchDelete")
def _batch_delete(pbx: Pbx, call: Call) -> list[Entity]:
    """200 with what could not be deleted: a failure in part is no error status."""
    errors = []
    for user_id in required(call, "ids"):
        record = pbx.store.get("Users", user_id)
        number = record.value["Number"] if record else ""
        try:
            pbx.entities.delete("Users", user_id)
        except Refusal as refusal:
            code = refusal.problems[0].message if refusal.problems else refusal.message
            errors.append({"ExtensionNumber": number, "Error": code})
    return errors


@handles("BulkUpdate", "MultiUserUpdate")
def _update_many(pbx: Pbx, call: Call) -> None:
    """One patch for many; what belongs to one user alone (number, logins) stays as it is."""
    fields = pbx.model.schema("Pbx.User")
    given = required(call, "user")
    patch = {name: value for name, value in given.items() if name in fields and name not in _NOT_SHARED}
    for user_id, _ in all_of(pbx, "Users", required(call, "ids")):
        pbx.entities.update("Users", user_id, patch)


@handles("GetDuplicatedEmails")
def _duplicated_emails(pbx: Pbx, call: Call) -> list[str]:
    known = {record.value["EmailAddress"] for record in pbx.views.records("Users")}
    return [email for email in required(call, "emails") if email in known]


@handles("HasDuplicatedEmail")
def _has_duplicated_email(pbx: Pbx, call: Call) -> bool:
    email = owned(pbx, "Users", call).value["EmailAddress"]
    same = [r for r in pbx.views.records("Users") if r.value["EmailAddress"] == email]
    return bool(email) and len(same) > 1


@handles("SendWelcomeEmail")
def _welcome(pbx: Pbx, call: Call) -> None:
    if not owned(pbx, "Users", call).value["EmailAddress"]:
        raise refuse(400, Problem("EmailAddress", "WARNINGS.XAPI.REQUIRED"))


@handles("Regenerate")
def _regenerate(pbx: Pbx, call: Call) -> None:
    owned(pbx, "Users", call)
    _renew(pbx, call.arguments["Id"], call.body)


@handles("RegeneratePasswords")
def _regenerate_many(pbx: Pbx, call: Call) -> None:
    for user_id, _ in all_of(pbx, "Users", required(call, "Ids")):
        _renew(pbx, user_id, call.body)


@handles("GenerateProvLink", "MyUserGenerateProvLink")
def _provisioning_link(pbx: Pbx, call: Call) -> str:
    user = _user(pbx, call).value
    return f"https://office.example/provisioning/{user['Number']}/{new_secret()}"


@handles("GetPhoneSecret")
def _phone_secret(pbx: Pbx, call: Call) -> str:
    user = owned(pbx, "Users", call).value
    return str(user.get("DeskphonePassword") or user["AuthPassword"])


@handles("SetMonitorStatus")
def _monitor(pbx: Pbx, call: Call) -> None:
    user = owned(pbx, "Users", call).value
    days = required(call, "days")
    if not 0 <= days <= _MAX_DAYS:
        raise refuse(400, Problem("days", "WARNINGS.XAPI.OUT_OF_THE_RANGE"))
    if days == 0:
        pbx.store.delete(MONITORED, user["Id"])
        return
    until = int(time.time()) + days * 86400
    pbx.store.put(MONITORED, user["Id"], {"DN": user["Number"], "Expiration": until})


@handles("GetMonitorStatus")
def _monitored(pbx: Pbx, _call: Call) -> list[Entity]:
    return [made(pbx, "Pbx.MonitoringState", **r.value) for r in pbx.store.table(MONITORED).values()]


@handles("GetCallLog")
def _test_call_log(pbx: Pbx, call: Call) -> Entity:
    dn = pbx.entities.dial_plan.by_number(call.arguments["dn"])
    if dn is None:
        raise not_found("dn")
    entry = {"Text": f"Test call to {dn.number} {dn.name}: answered", "TimeStamp": now()}
    return made(pbx, "Pbx.TestCallLog", Entries=[entry])


def _user(pbx: Pbx, call: Call) -> Record:
    return owned(pbx, "Users", call) if call.arguments else pbx.views.singleton("MyUser")


def _renew(pbx: Pbx, user_id: Key, body: Entity) -> None:
    # Releases differ in whether the options stand in an object of their own.
    wanted: dict[str, Any] = {**body, **(body.get("opts") or {})}
    for option, name in _CREDENTIALS.items():
        if wanted.get(option):
            secret = new_secret()
            pin = f"{int.from_bytes(secret.encode(), 'big') % 10000:04d}"
            changed(pbx, "Users", user_id, **{name: pin if name == "VMPIN" else secret})
