"""Actions: what changes the PBX beside create, update and delete. What has no handler here answers 501."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .defaults import complete
from .entities import merge
from .functions import SETTINGS, dn_property_key
from .literals import format_date_time
from .refusals import ALREADY_IN_USE, NON_EXISTENT_NUMBER, REQUIRED, Problem, Refusal, not_found, refuse
from .registry import Call, handles

if TYPE_CHECKING:
    from .pbx import Pbx
    from .state import Entity, Key

# Lists that one call deletes from, by the ids in its body.
_BULK_DELETES = {
    "BatchContactsDelete": "Contacts",
    "BulkFaxDelete": "Fax",
    "BulkInboundRulesDelete": "InboundRules",
    "BulkIpsDelete": "Blocklist",
    "BulkLinksDelete": "WebsiteLinks",
    "BulkNumbersDelete": "BlackListNumbers",
    "BulkRecordingsDelete": "Recordings",
    "DeleteContactsById": "Contacts",
}
_PURGES = {"PurgeCalls": "CallHistoryView", "PurgeEventLog": "EventLogs", "PurgeLocalBackups": "Backups"}
_SERVICE_STATES = {
    "Start": "Running",
    "Stop": "Stopped",
    "Restart": "Running",
    "Enable": "Running",
    "Disable": "Stopped",
}


@handles("BatchDelete")
def _batch_delete(pbx: Pbx, call: Call) -> list[Entity]:
    """200 with what could not be deleted: a failure in part is no error status."""
    errors = []
    for user_id in _required(call, "ids"):
        record = pbx.store.get("Users", user_id)
        number = record.value["Number"] if record else ""
        try:
            pbx.entities.delete("Users", user_id)
        except Refusal as refusal:
            code = refusal.problems[0].message if refusal.problems else refusal.message
            errors.append({"ExtensionNumber": number, "Error": code})
    return errors


@handles(*_BULK_DELETES)
def _bulk_delete(pbx: Pbx, call: Call) -> None:
    set_name = _BULK_DELETES[call.route.operation.id]
    ids = _required(call, "ids")
    for key in ids:
        pbx.entities.record(set_name, key)
    for key in dict.fromkeys(ids):
        pbx.entities.delete(set_name, key)


@handles("BulkUpdate")
def _bulk_update(pbx: Pbx, call: Call) -> None:
    patch = {
        name: value for name, value in (call.body.get("user") or {}).items() if name not in ("Id", "Number")
    }
    for user_id in _required(call, "ids"):
        pbx.entities.update("Users", user_id, patch)


@handles("GetDuplicatedEmails")
def _duplicated_emails(pbx: Pbx, call: Call) -> list[str]:
    known = {record.value["EmailAddress"] for record in pbx.views.records("Users")}
    return [email for email in _required(call, "emails") if email in known]


@handles("MakeCall")
def _make_call(pbx: Pbx, call: Call) -> Entity:
    caller = pbx.entities.dial_plan.by_number(_required(call, "dn"))
    destination = _required(call, "destination")
    if caller is None:
        raise refuse(400, Problem("dn", NON_EXISTENT_NUMBER))
    callee = pbx.entities.dial_plan.by_number(destination)
    now = format_date_time(datetime.now(UTC))
    call_id = pbx.store.next_id("ActiveCalls")
    active = {
        "Id": call_id,
        "Caller": f"{caller.number} {caller.name}",
        "Callee": f"{callee.number} {callee.name}" if callee else destination,
        "Status": "Talking",
        "EstablishedAt": now,
        "LastChangeStatus": now,
        "ServerNow": now,
    }
    pbx.store.put("ActiveCalls", call_id, complete(pbx.model, "Pbx.ActiveCall", active))
    # Who talks to whom, for the call's history when it ends.
    pbx.store.put("(calls)", call_id, {"caller": caller.number, "callee": destination})
    participant = {
        "Id": call_id,
        "CallId": call_id,
        "LegId": 1,
        "DN": caller.number,
        "PartyDn": callee.number if callee else "",
        "PartyCallerId": destination,
        "PartyCallerName": callee.name if callee else "",
        "Status": "Dialing",
    }
    answer = {"FinalStatus": "Success", "Reason": "None", "ReasonText": "", "Result": participant}
    return complete(pbx.model, "Pbx.CallControlResultResponse", answer)


@handles("DropCall")
def _drop_call(pbx: Pbx, call: Call) -> Entity:
    call_id = call.arguments["Id"]
    active = pbx.entities.record("ActiveCalls", call_id).value
    pbx.store.delete("ActiveCalls", call_id)
    parties = pbx.store.get("(calls)", call_id)
    pbx.store.delete("(calls)", call_id)
    start, end = active["EstablishedAt"], datetime.now(UTC)
    seconds = max(0.0, (end - datetime.fromisoformat(start)).total_seconds())
    source, target = (parties.value["caller"], parties.value["callee"]) if parties else ("", "")
    inside = pbx.entities.dial_plan.by_number(target)
    pbx.entities.create(
        "CallHistoryView",
        {
            "SegmentStartTime": start,
            "SegmentEndTime": format_date_time(end),
            "CallTime": f"PT{seconds:.3f}S",
            "CallAnswered": True,
            "SrcDn": source,
            "SrcCallerNumber": source,
            "SrcInternal": True,
            "DstDn": inside.number if inside else "",
            "DstCallerNumber": target,
            "DstDisplayName": inside.name if inside else "",
            "DstInternal": inside is not None,
            "DstExternal": inside is None,
        },
    )
    return {}


@handles("Backup")
def _backup(pbx: Pbx, call: Call) -> None:
    wanted = call.body.get("description") or {}
    if not wanted.get("Name"):
        raise refuse(400, Problem("description/Name", REQUIRED))
    name = str(wanted["Name"]).removesuffix(".zip") + ".zip"
    now = format_date_time(datetime.now(UTC))
    values = {"FileName": name, "CreationTime": now, "DownloadLink": f"/backups/{name}", "Size": 48 * 2**20}
    pbx.entities.create("Backups", values)


@handles("Restore")
def _restore(pbx: Pbx, call: Call) -> None:
    # The simulated backup holds nothing to put back; that it exists is all that can be checked.
    pbx.entities.record("Backups", call.arguments["FileName"], "FileName")


@handles(*_PURGES)
def _purge(pbx: Pbx, call: Call) -> None:
    set_name = _PURGES[call.route.operation.id]
    for key in list(pbx.store.table(set_name)):
        pbx.store.delete(set_name, key)


@handles(
    "SetBackupFailoverSettings",
    "SetBackupRepositorySettings",
    "SetBackupSettings",
    "SetDirSearchSettings",
    "SetRecordingRepositorySettings",
    "SetRestoreSettings",
    "SetUpdateSettings",
)
def _set_settings(pbx: Pbx, call: Call) -> None:
    fields = pbx.model.body_fields(call.route.shape)
    (field,) = fields.values()
    given = _required(call, field.name)
    record = pbx.store.get(SETTINGS, field.type)
    old = record.value if record else complete(pbx.model, field.type, {})
    pbx.store.put(SETTINGS, field.type, merge(pbx.model, pbx.model.schema(field.type), old, given))


@handles("CreateContactByNumber")
def _contact_by_number(pbx: Pbx, call: Call) -> Entity:
    number = call.body.get("number")
    if number and pbx.store.owner_of(number) is None:
        raise refuse(400, Problem("number", NON_EXISTENT_NUMBER))
    _, record = pbx.entities.create("Contacts", _required(call, "contact"))
    return record.value


@handles("CreateDNProperty", "UpdateDNProperty")
def _put_dn_property(pbx: Pbx, call: Call) -> None:
    number, given = _required(call, "dnNumber"), _required(call, "property")
    if not given.get("Name"):
        raise refuse(400, Problem("property/Name", REQUIRED))
    if pbx.store.owner_of(number) is None:
        raise refuse(400, Problem("dnNumber", NON_EXISTENT_NUMBER))
    key = dn_property_key(number, given["Name"])
    old = pbx.store.get("DNProperties", key)
    creating = call.route.operation.id == "CreateDNProperty"
    if creating and old is not None:
        raise refuse(400, Problem("property/Name", ALREADY_IN_USE))
    if not creating and old is None:
        raise not_found("propertyName")
    own_id = old.value["Id"] if old else pbx.store.next_id("DNProperties")
    values = {**(old.value if old else {}), **given, "Id": own_id}
    pbx.store.put("DNProperties", key, complete(pbx.model, "Pbx.DNProperty", values))


@handles("DeleteDNProperty")
def _delete_dn_property(pbx: Pbx, call: Call) -> None:
    key = dn_property_key(_required(call, "dnNumber"), _required(call, "propertyName"))
    if not pbx.store.delete("DNProperties", key):
        raise not_found("propertyName")


@handles(*_SERVICE_STATES)
def _service_state(pbx: Pbx, call: Call) -> None:
    names = (call.body.get("options") or {}).get("ServiceNames") or []
    for name in names:
        record = pbx.entities.record("Services", name, "Name")
        state = _SERVICE_STATES[call.route.operation.id]
        pbx.store.put("Services", name, {**record.value, "Status": state})


@handles("GenerateAppToken")
def _app_token(pbx: Pbx, call: Call) -> str:
    """The secret of a service principal, which logs in with its number from now on."""
    principal = pbx.entities.record("ServicePrincipals", call.arguments["Id"]).value
    secret = secrets.token_urlsafe(24)
    pbx.auth.revoke(principal["Number"])
    pbx.auth.clients[principal["Number"]] = secret
    return secret


@handles("DeleteCompanyById")
def _delete_company(pbx: Pbx, call: Call) -> None:
    pbx.entities.delete("Groups", _required(call, "id"))


@handles("DeleteCompanyByNumber")
def _delete_company_by_number(pbx: Pbx, call: Call) -> None:
    owner = pbx.store.owner_of(_required(call, "number"))
    if owner is None or owner[0] != "Groups":
        raise not_found("number")
    pbx.entities.delete(*owner)


@handles("MoveUpDown")
def _move_rule(pbx: Pbx, call: Call) -> None:
    wanted = _required(call, "id")
    pbx.entities.record("OutboundRules", wanted)
    rules: list[tuple[Key, Entity]] = sorted(
        ((key, record.value) for key, record in pbx.store.table("OutboundRules").items()),
        key=lambda rule: rule[1]["Priority"] or 0,
    )
    place = next(index for index, (key, _) in enumerate(rules) if key == wanted)
    other = place - 1 if call.body.get("up") else place + 1
    if 0 <= other < len(rules):
        rules[place], rules[other] = rules[other], rules[place]
        for priority, (key, rule) in enumerate(rules, start=1):
            pbx.store.put("OutboundRules", key, {**rule, "Priority": priority})


@handles("SendWelcomeEmail", "Regenerate")
def _user_action(pbx: Pbx, call: Call) -> None:
    pbx.entities.record("Users", call.arguments["Id"])


@handles("RefreshLicenseStatus")
def _nothing_to_do(_pbx: Pbx, _call: Call) -> None:
    return None


def _required(call: Call, name: str) -> Any:
    value = call.body.get(name)
    if value is None or value == "":
        raise refuse(400, Problem(name, REQUIRED))
    return value
