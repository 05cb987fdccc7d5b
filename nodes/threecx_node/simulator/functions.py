"""Functions: reads beside the sets. What has no handler here answers 501."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .defaults import complete, new_entity
from .dialplan import PEER_TYPES, display_name
from .entities import OWNER_NUMBER
from .files import FileAnswer, csv_file, tone_file
from .refusals import FILE_NOT_FOUND, Problem, Refusal, not_found, refuse
from .registry import Call, Handler, handles

if TYPE_CHECKING:
    from .pbx import Pbx
    from .state import Entity

# Documents that a Get… function gives and a Set… action replaces (`actions.py` has the other half).
SETTINGS = "(settings)"

_FIRST_AVAILABLE = {
    "GetFirstAvailableExtensionNumber": "Users",
    "GetFirstAvailableHotdeskingNumber": "Users",
    "GetFirstAvailableQueueNumber": "Queues",
    "GetFirstAvailableReceptionistNumber": "Receptionists",
    "GetFirstAvailableRingGroupNumber": "RingGroups",
    "GetFirstAvailableTrunkNumber": "Trunks",
}

# Arguments that are texts to OData and durations to the reports.
_DURATION_ARGUMENTS = frozenset({"answerInterval", "callTimeFilterFrom", "callTimeFilterTo", "waitInterval"})
_DURATION = re.compile(r"\d{1,4}:\d{1,2}:\d{1,2}")

# Documents kept per PBX, by the function that gives them.
SETTINGS_FUNCTIONS = (
    "GetBackupFailoverSettings",
    "GetBackupRepositorySettings",
    "GetBackupSettings",
    "GetDirSearchSettings",
    "GetRecordingRepositorySettings",
    "GetRestoreSettings",
    "GetUpdateSettings",
)

# Downloads whose rows are the entities of the set that the path begins with.
_SET_DOWNLOADS = {
    "DownloadCallHistory": "call-history.csv",
    "DownloadChatHistory": "chat-history.csv",
    "DownloadChatMessagesHistory": "chat-messages.csv",
    "DownloadEventLogs": "event-logs.csv",
    "ExportCallCosts": "call-costs.csv",
    "ExportCallerIdRules": "caller-id-rules.csv",
    "ExportContacts": "contacts.csv",
    "ExportExtensions": "extensions.csv",
}


@handles(*_FIRST_AVAILABLE)
def _first_available(pbx: Pbx, call: Call) -> Entity:
    return {"Number": pbx.entities.dial_plan.free_number(_FIRST_AVAILABLE[call.route.operation.id])}


@handles(*SETTINGS_FUNCTIONS)
def _settings(pbx: Pbx, call: Call) -> Entity:
    schema = call.route.shape.returns.type
    record = pbx.store.get(SETTINGS, schema)
    return record.value if record else new_entity(pbx.model, schema)


@handles("GetByNumber")
def _parking_by_number(pbx: Pbx, call: Call) -> Entity:
    return pbx.plain("Pbx.Parking", pbx.views.record_by_number("Parkings", call.arguments["number"]).value)


@handles("GetParameterByName")
def _parameter_by_name(pbx: Pbx, call: Call) -> Entity:
    for record in pbx.views.records("Parameters"):
        if record.value["Name"] == call.arguments["name"]:
            return record.value
    raise not_found("name")


@handles("GetContactsByNumber")
def _contacts_by_number(pbx: Pbx, call: Call) -> list[Entity]:
    wanted = call.arguments["number"]
    phones = ("PhoneNumber", "Mobile2", "Home", "Business", "Business2", "Other", "Pager")
    return [
        record.value
        for record in pbx.views.records("Contacts")
        if wanted and any(record.value.get(phone) == wanted for phone in phones)
    ]


@handles("GetEmergencyOutboundRules")
def _emergency_rules(pbx: Pbx, _call: Call) -> list[Entity]:
    return [record.value for record in pbx.views.records("OutboundRules") if record.value["EmergencyRule"]]


@handles("GeCrmtTemplates")
def _crm_templates(pbx: Pbx, _call: Call) -> list[Entity]:
    return [record.value for record in pbx.views.records("CrmTemplates")]


@handles("HasSystemOwner")
def _has_system_owner(pbx: Pbx, _call: Call) -> bool:
    return pbx.store.owner_of(OWNER_NUMBER) is not None


@handles("SystemHealthStatus")
def _health(pbx: Pbx, _call: Call) -> Entity:
    trunks = all(record.value["IsOnline"] for record in pbx.views.records("Trunks"))
    values = {"Firewall": True, "Phones": True, "Trunks": trunks}
    return complete(pbx.model, "Pbx.SystemHealthStatus", values)


@handles("SystemExtensions")
def _system_extensions(pbx: Pbx, _call: Call) -> list[Entity]:
    return [
        {
            "IsRegistered": record.value["IsRegistered"],
            "Name": display_name(name, record.value),
            "Number": record.value["Number"],
            "Type": PEER_TYPES[name],
        }
        for name in ("Queues", "RingGroups", "Receptionists")
        for record in pbx.views.records(name)
    ]


@handles("GetVersionType")
def _version_type(pbx: Pbx, _call: Call) -> Entity:
    return new_entity(pbx.model, "Pbx.VersionUpdateType")


@handles("GetLicenseParameters")
def _license(pbx: Pbx, _call: Call) -> Entity:
    return complete(pbx.model, "Pbx.License", _license_values(pbx))


@handles("GetSystemParameters")
def _system_parameters(pbx: Pbx, _call: Call) -> Entity:
    values: Entity = {
        "Version": pbx.version,
        "FQDN": "office.example",
        "HttpPort": 5000,
        "HttpsPort": 5001,
        "SipPort": 5060,
        "SipsPort": 5061,
        "ENL": 3,
        "License": _license_values(pbx),
    }
    return complete(pbx.model, "Pbx.SystemParameters", values)


@handles("HasDebianUpgrade", "GetLastResult")
def _no(_pbx: Pbx, _call: Call) -> bool:
    return False


@handles("GetCanCreateBackup")
def _yes(_pbx: Pbx, _call: Call) -> bool:
    return True


@handles("GetLocalBackupSize")
def _backup_size(pbx: Pbx, _call: Call) -> int:
    return sum(record.value["Size"] or 0 for record in pbx.views.records("Backups"))


@handles("GetRestrictions", "GetMyGroupRestrictions")
def _restrictions(pbx: Pbx, call: Call) -> Entity:
    if "Id" in call.arguments:
        pbx.entities.record("Groups", call.arguments["Id"])
    return new_entity(pbx.model, "Pbx.Restrictions")


@handles("HasDuplicatedEmail")
def _has_duplicated_email(pbx: Pbx, call: Call) -> bool:
    email = pbx.entities.record("Users", call.arguments["Id"]).value["EmailAddress"]
    same = [r for r in pbx.views.records("Users") if r.value["EmailAddress"] == email]
    return bool(email) and len(same) > 1


@handles("GetActive")
def _active_prompt_set(pbx: Pbx, _call: Call) -> Entity:
    for record in pbx.views.records("PromptSets"):
        return pbx.plain("Pbx.PromptSet", record.value)
    raise not_found()


@handles("GetDNPropertyByName")
def _dn_property(pbx: Pbx, call: Call) -> Entity:
    record = pbx.store.get(
        "DNProperties", dn_property_key(call.arguments["dnNumber"], call.arguments["name"])
    )
    if record is None:
        raise not_found("name")
    return record.value


@handles("GetPropertiesByDn")
def _dn_properties(pbx: Pbx, call: Call) -> list[Entity]:
    number = call.arguments["dnNumber"]
    if pbx.store.owner_of(number) is None:
        raise not_found("dnNumber")
    prefix = dn_property_key(number, "")
    return [r.value for key, r in pbx.store.table("DNProperties").items() if str(key).startswith(prefix)]


@handles("GetFiles", "GetAudioFiles")
def _call_flow_files(pbx: Pbx, call: Call) -> list[str]:
    pbx.entities.record("CallFlowApps", call.arguments["Id"])
    return []


@handles("InitFax")
def _init_fax(pbx: Pbx, _call: Call) -> Entity:
    return _template(pbx, "Pbx.Fax", Number=pbx.entities.dial_plan.free_number("Fax"))


@handles("InitTrunk")
def _init_trunk(pbx: Pbx, call: Call) -> Entity:
    template = pbx.store.get("TrunkTemplates", call.arguments["template"])
    if template is None:
        raise not_found("template")
    gateway = {"Name": template.value["Name"], "TemplateFilename": call.arguments["template"]}
    return _template(pbx, "Pbx.Trunk", Number=pbx.entities.dial_plan.free_number("Trunks"), Gateway=gateway)


@handles("InitMasterBridge", "InitSlaveBridge")
def _init_bridge(pbx: Pbx, call: Call) -> Entity:
    name = "Master bridge" if call.route.operation.id == "InitMasterBridge" else "Slave bridge"
    number = pbx.entities.dial_plan.free_number("Trunks")
    return _template(pbx, "Pbx.Trunk", Number=number, Gateway={"Name": name})


@handles(*_SET_DOWNLOADS)
def _set_download(pbx: Pbx, call: Call) -> FileAnswer:
    entity_set = pbx.model.sets[call.route.head]
    fields = pbx.model.schema(entity_set.schema).values()
    columns = [field.name for field in fields if field.kind != "complex" and not field.collection]
    rows = ([record.value.get(column) for column in columns] for record in pbx.views.records(entity_set.name))
    return csv_file(_SET_DOWNLOADS[call.route.operation.id], columns, rows)


@handles("DownloadRecording")
def _recording(pbx: Pbx, call: Call) -> FileAnswer:
    record = pbx.store.get("Recordings", call.arguments["recId"])
    if record is None:
        raise refuse(404, Problem("recId", FILE_NOT_FOUND))
    return _recording_file(record.value)


@handles("DownloadRecordingByName")
def _recording_by_name(pbx: Pbx, call: Call) -> FileAnswer:
    for record in pbx.views.records("Recordings"):
        if record.value["RecordingUrl"] == call.arguments["recName"]:
            return _recording_file(record.value)
    raise refuse(404, Problem("recName", FILE_NOT_FOUND))


def dn_property_key(number: str, name: str) -> str:
    """How a DN's property is stored."""
    return f"{number}\n{name}"


def report_download(pbx: Pbx, call: Call) -> FileAnswer:
    """A report as CSV. The office's reports have no rows yet; columns and headers are the real ones."""
    for name in _DURATION_ARGUMENTS & call.arguments.keys():
        if not _DURATION.fullmatch(call.arguments[name]):
            raise Refusal(404, f"{name}: a duration looks like '0:00:0'.")
    schema = call.route.shape.returns.type
    fields = pbx.model.schema(schema).values() if pbx.model.catalog.is_schema(schema) else ()
    columns = [field.name for field in fields if field.kind != "complex" and not field.collection]
    return csv_file(f"{call.route.head}.csv", columns, [])


def default_handler(call: Call) -> Handler | None:
    """The handler of an operation that has none of its own: report downloads are all alike."""
    shape = call.route.shape
    if shape.returns.kind == "file" and call.route.head.startswith("Report"):
        return report_download
    return None


def _recording_file(recording: Entity) -> FileAnswer:
    return tone_file(str(recording["RecordingUrl"]).rpartition("/")[2])


def _license_values(pbx: Pbx) -> Entity:
    status = pbx.views.singleton("LicenseStatus").value
    return {
        "IsEnterprise": True,
        "IsProfessional": False,
        "MaxSimCalls": status["MaxSimCalls"],
        "ProductCode": status["ProductCode"],
    }


def _template(pbx: Pbx, schema: str, **values: Any) -> Entity:
    """What an Init function gives: an entity that POST takes back, with Id 0 and a free number."""
    return pbx.plain(schema, complete(pbx.model, schema, {"Id": 0, **values}))
