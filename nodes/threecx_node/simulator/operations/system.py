"""The system: its parameters and health, remote help, firewall check, directories."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from ..defaults import new_entity
from ..dialplan import PEER_TYPES, display_name
from ..refusals import INVALID, OUT_OF_THE_RANGE, Problem, refuse
from ..registry import Call, handles
from .common import DOCUMENTS, change_singleton, keep, made, new_secret, now, set_records
from .licence import licence_values

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity

_MODES = "system modes"
_HELP = "remote access"
_DIRECTORIES = {
    "/": ("etc", "mnt", "srv", "var"),
    "/mnt": ("archive", "backup"),
    "/srv": ("pbx",),
    "/var": ("lib", "log"),
}
_CALL_BYTES, _CHAT_BYTES, _EVENT_BYTES = 512, 256, 200


@handles("GetSystemParameters")
def _parameters(pbx: Pbx, _call: Call) -> Entity:
    modes = _modes(pbx)
    return made(
        pbx,
        "Pbx.SystemParameters",
        Version=pbx.version,
        FQDN="office.example",
        HttpPort=5000,
        HttpsPort=5001,
        SipPort=5060,
        SipsPort=5061,
        ENL=3,
        ProcessorCount=4,
        License=licence_values(pbx),
        IsChatLogEnabled=modes.get("SetChatLogStatus", True),
        IsMulticompanyMode=modes.get("SetMultiCompanyMode", False),
    )


@handles("SystemHealthStatus")
def _health(pbx: Pbx, _call: Call) -> Entity:
    trunks = all(trunk["IsOnline"] for trunk in set_records(pbx, "Trunks"))
    return made(pbx, "Pbx.SystemHealthStatus", Firewall=True, Phones=True, Trunks=trunks)


@handles("SystemExtensions")
def _extensions(pbx: Pbx, _call: Call) -> list[Entity]:
    return [
        {
            "IsRegistered": entity["IsRegistered"],
            "Name": display_name(name, entity),
            "Number": entity["Number"],
            "Type": PEER_TYPES[name],
        }
        for name in ("Queues", "RingGroups", "Receptionists")
        for entity in set_records(pbx, name)
    ]


@handles("SystemDatabaseInformation")
def _database(pbx: Pbx, _call: Call) -> Entity:
    calls, chats = len(pbx.store.table("CallHistoryView")), len(pbx.store.table("ChatMessagesHistoryView"))
    return made(
        pbx,
        "Pbx.SystemDatabaseInformation",
        Id=1,
        CallsUsedSpace=calls * _CALL_BYTES,
        ChatsUsedSpace=chats * _CHAT_BYTES,
        EventLogUsedSpace=len(pbx.store.table("EventLogs")) * _EVENT_BYTES,
        CallHistoryCount=calls,
        ChatMessagesCount=chats,
    )


@handles("GetVersionType")
def _version_type(pbx: Pbx, _call: Call) -> Entity:
    return new_entity(pbx.model, "Pbx.VersionUpdateType")


@handles("APIToken")
def _api_token(_pbx: Pbx, _call: Call) -> str:
    return new_secret()


@handles("SetChatLogStatus", "SetMultiCompanyMode")
def _set_mode(pbx: Pbx, call: Call) -> None:
    enable = bool(call.body.get("enable"))
    keep(pbx, _MODES, {**_modes(pbx), call.route.operation.id: enable})
    if call.route.operation.id == "SetChatLogStatus":
        change_singleton(pbx, "SystemStatus", IsChatLogEnabled=enable)


@handles("StartDBMaintenance")
def _database_maintenance(pbx: Pbx, _call: Call) -> None:
    # It is over at once: there is no database to tidy.
    change_singleton(pbx, "SystemStatus", DBMaintenanceInProgress=False)


@handles("RequestHelp")
def _request_help(pbx: Pbx, _call: Call) -> None:
    keep(pbx, _HELP, {"Status": "Requested", "At": now()})


@handles("RevokeRemoteAccess")
def _revoke_access(pbx: Pbx, _call: Call) -> None:
    pbx.store.delete(DOCUMENTS, _HELP)


@handles("GetRemoteAccessStatus")
def _access_status(pbx: Pbx, _call: Call) -> str:
    kept = pbx.store.get(DOCUMENTS, _HELP)
    return str(kept.value["Status"]) if kept else "None"


@handles("IsRequestHelpEnabled")
def _help_enabled(pbx: Pbx, call: Call) -> Any:
    if call.route.shape.returns.kind == "value":
        return True
    return made(pbx, "Pbx.CreateTicket", CanCreateTicket=True, CreateTicketStatus="OK")


@handles("GetRequestHelpLink")
def _help_link(_pbx: Pbx, call: Call) -> str:
    days = call.arguments["grantPeriodDays"]
    if not 0 <= days <= 365:
        raise refuse(404, Problem("grantPeriodDays", OUT_OF_THE_RANGE))
    return f"https://office.example/help/{new_secret()}?days={days}"


@handles("StartCheck")
def _start_check(pbx: Pbx, _call: Call) -> None:
    html = "<p>All ports are open.</p>"
    # The simulated check is over as soon as it began.
    change_singleton(pbx, "Firewall", Running=False, Stopping=False, Html=html)


@handles("StopCheck")
def _stop_check(pbx: Pbx, _call: Call) -> None:
    change_singleton(pbx, "Firewall", Running=False, Stopping=False)


@handles("GetLastResult")
def _check_result(pbx: Pbx, _call: Call) -> bool:
    """Whether the last firewall check was passed; nothing was passed before the first."""
    return bool(pbx.views.singleton("Firewall").value["Html"])


@handles("GetIfaces")
def _interfaces(pbx: Pbx, _call: Call) -> list[str]:
    return [interface["Id"] for interface in set_records(pbx, "NetworkInterfaces")]


@handles("GetDirectoryInfo")
def _directory(pbx: Pbx, call: Call) -> Entity:
    path = (call.body.get("parameters") or {}).get("Path") or "/"
    if "\0" in path or not path.startswith("/"):
        raise refuse(400, Problem("parameters/Path", INVALID))
    path = posixpath.normpath(path).replace("//", "/")
    return made(pbx, "Pbx.SystemDirectory", Path=path, Dirs=list(_DIRECTORIES.get(path, ())))


def _modes(pbx: Pbx) -> Entity:
    kept = pbx.store.get(DOCUMENTS, _MODES)
    return kept.value if kept else {}
