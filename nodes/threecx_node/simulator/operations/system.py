"""The system: parameters, health, remote help, firewall check, directories."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from ..odata.errors import INVALID, OUT_OF_THE_RANGE, ErrorDetail, ODataError
from ..pbx.defaults import build_default_entity
from ..pbx.dial_plan import PEER_TYPES, build_display_name
from .common import (
    DOCUMENTS,
    build_entity,
    change_singleton,
    format_now,
    generate_secret,
    list_entities,
    store_document,
)
from .dispatch import Invocation, handles
from .licence import build_licence_values

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

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
def _get_parameters(pbx: Pbx, _invocation: Invocation) -> Entity:
    modes = _read_modes(pbx)
    return build_entity(
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
        License=build_licence_values(pbx),
        IsChatLogEnabled=modes.get("SetChatLogStatus", True),
        IsMulticompanyMode=modes.get("SetMultiCompanyMode", False),
    )


@handles("SystemHealthStatus")
def _get_health(pbx: Pbx, _invocation: Invocation) -> Entity:
    trunks = all(trunk["IsOnline"] for trunk in list_entities(pbx, "Trunks"))
    return build_entity(pbx, "Pbx.SystemHealthStatus", Firewall=True, Phones=True, Trunks=trunks)


@handles("SystemExtensions")
def _list_extensions(pbx: Pbx, _invocation: Invocation) -> list[Entity]:
    return [
        {
            "IsRegistered": entity["IsRegistered"],
            "Name": build_display_name(name, entity),
            "Number": entity["Number"],
            "Type": PEER_TYPES[name],
        }
        for name in ("Queues", "RingGroups", "Receptionists")
        for entity in list_entities(pbx, name)
    ]


@handles("SystemDatabaseInformation")
def _get_database_information(pbx: Pbx, _invocation: Invocation) -> Entity:
    calls, chats = len(pbx.store.table("CallHistoryView")), len(pbx.store.table("ChatMessagesHistoryView"))
    return build_entity(
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
def _get_version_type(pbx: Pbx, _invocation: Invocation) -> Entity:
    return build_default_entity(pbx.model, "Pbx.VersionUpdateType")


@handles("APIToken")
def _issue_api_token(_pbx: Pbx, _invocation: Invocation) -> str:
    return generate_secret()


@handles("SetChatLogStatus", "SetMultiCompanyMode")
def _set_mode(pbx: Pbx, invocation: Invocation) -> None:
    enable = bool(invocation.body.get("enable"))
    store_document(pbx, _MODES, {**_read_modes(pbx), invocation.route.operation.id: enable})
    if invocation.route.operation.id == "SetChatLogStatus":
        change_singleton(pbx, "SystemStatus", IsChatLogEnabled=enable)


@handles("StartDBMaintenance")
def _maintain_database(pbx: Pbx, _invocation: Invocation) -> None:
    # It ends at once, because there is no such database.
    change_singleton(pbx, "SystemStatus", DBMaintenanceInProgress=False)


@handles("RequestHelp")
def _request_help(pbx: Pbx, _invocation: Invocation) -> None:
    store_document(pbx, _HELP, {"Status": "Requested", "At": format_now()})


@handles("RevokeRemoteAccess")
def _revoke_access(pbx: Pbx, _invocation: Invocation) -> None:
    pbx.store.delete(DOCUMENTS, _HELP)


@handles("GetRemoteAccessStatus")
def _get_access_status(pbx: Pbx, _invocation: Invocation) -> str:
    kept = pbx.store.get(DOCUMENTS, _HELP)
    return str(kept.value["Status"]) if kept else "None"


@handles("IsRequestHelpEnabled")
def _is_help_enabled(pbx: Pbx, invocation: Invocation) -> Any:
    if invocation.route.version.returns.kind == "value":
        return True
    return build_entity(pbx, "Pbx.CreateTicket", CanCreateTicket=True, CreateTicketStatus="OK")


@handles("GetRequestHelpLink")
def _build_help_link(_pbx: Pbx, invocation: Invocation) -> str:
    days = invocation.arguments["grantPeriodDays"]
    if not 0 <= days <= 365:
        raise ODataError.of(404, ErrorDetail("grantPeriodDays", OUT_OF_THE_RANGE))
    return f"https://office.example/help/{generate_secret()}?days={days}"


@handles("StartCheck")
def _start_check(pbx: Pbx, _invocation: Invocation) -> None:
    html = "<p>All ports are open.</p>"
    # The simulated check ends at once.
    change_singleton(pbx, "Firewall", Running=False, Stopping=False, Html=html)


@handles("StopCheck")
def _stop_check(pbx: Pbx, _invocation: Invocation) -> None:
    change_singleton(pbx, "Firewall", Running=False, Stopping=False)


@handles("GetLastResult")
def _get_check_result(pbx: Pbx, _invocation: Invocation) -> bool:
    """Return whether the last firewall check succeeded; false before the first one."""
    return bool(pbx.views.singleton("Firewall").value["Html"])


@handles("GetIfaces")
def _list_interfaces(pbx: Pbx, _invocation: Invocation) -> list[str]:
    return [interface["Id"] for interface in list_entities(pbx, "NetworkInterfaces")]


@handles("GetDirectoryInfo")
def _list_directory(pbx: Pbx, invocation: Invocation) -> Entity:
    path = (invocation.body.get("parameters") or {}).get("Path") or "/"
    if "\0" in path or not path.startswith("/"):
        raise ODataError.of(400, ErrorDetail("parameters/Path", INVALID))
    path = posixpath.normpath(path).replace("//", "/")
    return build_entity(pbx, "Pbx.SystemDirectory", Path=path, Dirs=list(_DIRECTORIES.get(path, ())))


def _read_modes(pbx: Pbx) -> Entity:
    kept = pbx.store.get(DOCUMENTS, _MODES)
    return kept.value if kept else {}
