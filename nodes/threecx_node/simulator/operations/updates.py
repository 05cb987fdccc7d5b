"""Updates of the PBX, its prompt sets, its templates and its operating system."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from ..odata.errors import NOT_FOUND, EntityNotFoundError, ErrorDetail, ODataError
from .common import DOCUMENTS, build_entity, change_singleton, format_now, require, store_document
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

_NAMESPACE = uuid.UUID("1d6c3f8e-52a4-5f0b-8d35-7f4b0a3b9c02")
# The updates in each list: name, category.
_LISTS = {
    "GetUpdates": (("PBX update", "System"), ("Debian packages", "System")),
    "GetPromptSetUpdates": (("German prompts", "Prompts"), ("French prompts", "Prompts")),
    "GetServerCrmUpdates": (("Generic REST", "CRM"),),
    "GetClientCrmUpdates": (("Desktop CRM", "CRM"),),
}
# Installed updates, by their guid.
INSTALLED = "(installed updates)"
_UPGRADE = "debian upgrade"


@handles(*_LISTS)
def _list_updates(pbx: Pbx, invocation: Invocation) -> Entity:
    name = invocation.route.operation.id
    return build_entity(
        pbx,
        "Pbx.UpdateList",
        Key=_derive_list_key(name),
        Entries=_list_entries(pbx, name),
        LastSuccessfulUpdate=_find_last_update(pbx),
    )


@handles("GetUpdatesStats")
def _count_updates(pbx: Pbx, _invocation: Invocation) -> Entity:
    waiting = [entry for name in _LISTS for entry in _list_entries(pbx, name) if entry["OutOfDate"]]
    categories = dict.fromkeys(entry["Category"] for entry in waiting)
    counts = [
        {"Category": category, "Count": sum(1 for entry in waiting if entry["Category"] == category)}
        for category in categories
    ]
    system = [count for count in counts if count["Category"] == "System"]
    return build_entity(pbx, "Pbx.UpdatesStats", PerPage=counts, TcxUpdate=system)


@handles("GetUpdateDetails")
def _describe_update(pbx: Pbx, invocation: Invocation) -> str:
    for entry in _find_entries(pbx, invocation.arguments["key"], "key", 404):
        if entry["Guid"] == invocation.arguments["id"]:
            return f"{entry['Name']} {entry['ServerVersion']}: {entry['Description']}"
    raise EntityNotFoundError("id")


@handles("InstallUpdates")
def _install_updates(pbx: Pbx, invocation: Invocation) -> None:
    given = require(invocation, "install")
    known = {entry["Guid"] for entry in _find_entries(pbx, given.get("Key"), "install/Key", 400)}
    wanted = given.get("Entries") or []
    if not set(wanted) <= known:
        raise ODataError.of(400, ErrorDetail("install/Entries", NOT_FOUND))
    for guid in wanted:
        pbx.store.put(INSTALLED, guid, {"At": format_now()})
    change_singleton(pbx, "SystemStatus", LastSuccessfulUpdate=format_now())


@handles("HasDebianUpgrade")
def _has_upgrade(pbx: Pbx, _invocation: Invocation) -> bool:
    return pbx.store.get(DOCUMENTS, _UPGRADE) is None


@handles("UpgradeDebian")
def _upgrade_system(pbx: Pbx, _invocation: Invocation) -> None:
    store_document(pbx, _UPGRADE, {"At": format_now()})


def _derive_list_key(name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, name))


def _list_entries(pbx: Pbx, name: str) -> list[Entity]:
    entries = []
    for title, category in _LISTS[name]:
        guid = str(uuid.uuid5(_NAMESPACE, title))
        installed = pbx.store.get(INSTALLED, guid) is not None
        values = {
            "Category": category,
            "Description": f"{title}, a newer version",
            "Guid": guid,
            "LocalVersion": "2.0" if installed else "1.0",
            "Name": title,
            "OutOfDate": not installed,
            "ServerVersion": "2.0",
            "UpdateType": "Release",
        }
        entries.append(build_entity(pbx, "Pbx.UpdateItem", **values))
    return entries


def _find_entries(pbx: Pbx, key: str | None, target: str, status: int) -> list[Entity]:
    for name in _LISTS:
        if _derive_list_key(name) == key:
            return _list_entries(pbx, name)
    raise ODataError.of(status, ErrorDetail(target, NOT_FOUND))


def _find_last_update(pbx: Pbx) -> str | None:
    status = pbx.views.singleton("SystemStatus").value
    found: str | None = status.get("LastSuccessfulUpdate")
    return found
