"""Updates of the PBX, its prompt sets and templates, and of its operating system."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from ..refusals import NOT_FOUND, Problem, refuse
from ..registry import Call, handles
from .common import DOCUMENTS, change_singleton, keep, made, not_found, now, required

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity

_NAMESPACE = uuid.UUID("1d6c3f8e-52a4-5f0b-8d35-7f4b0a3b9c02")
# What each list offers: name, category.
_LISTS = {
    "GetUpdates": (("PBX update", "System"), ("Debian packages", "System")),
    "GetPromptSetUpdates": (("German prompts", "Prompts"), ("French prompts", "Prompts")),
    "GetServerCrmUpdates": (("Generic REST", "CRM"),),
    "GetClientCrmUpdates": (("Desktop CRM", "CRM"),),
}
# Updates that were installed, by their guid.
INSTALLED = "(installed updates)"
_UPGRADE = "debian upgrade"


@handles(*_LISTS)
def _updates(pbx: Pbx, call: Call) -> Entity:
    name = call.route.operation.id
    return made(
        pbx,
        "Pbx.UpdateList",
        Key=_list_key(name),
        Entries=_entries(pbx, name),
        LastSuccessfulUpdate=_last(pbx),
    )


@handles("GetUpdatesStats")
def _stats(pbx: Pbx, _call: Call) -> Entity:
    waiting = [entry for name in _LISTS for entry in _entries(pbx, name) if entry["OutOfDate"]]
    categories = dict.fromkeys(entry["Category"] for entry in waiting)
    counts = [
        {"Category": category, "Count": sum(1 for entry in waiting if entry["Category"] == category)}
        for category in categories
    ]
    system = [count for count in counts if count["Category"] == "System"]
    return made(pbx, "Pbx.UpdatesStats", PerPage=counts, TcxUpdate=system)


@handles("GetUpdateDetails")
def _details(pbx: Pbx, call: Call) -> str:
    for entry in _entries_of(pbx, call.arguments["key"], "key", 404):
        if entry["Guid"] == call.arguments["id"]:
            return f"{entry['Name']} {entry['ServerVersion']}: {entry['Description']}"
    raise not_found("id")


@handles("InstallUpdates")
def _install(pbx: Pbx, call: Call) -> None:
    given = required(call, "install")
    known = {entry["Guid"] for entry in _entries_of(pbx, given.get("Key"), "install/Key", 400)}
    wanted = given.get("Entries") or []
    if not set(wanted) <= known:
        raise refuse(400, Problem("install/Entries", NOT_FOUND))
    for guid in wanted:
        pbx.store.put(INSTALLED, guid, {"At": now()})
    change_singleton(pbx, "SystemStatus", LastSuccessfulUpdate=now())


@handles("HasDebianUpgrade")
def _has_upgrade(pbx: Pbx, _call: Call) -> bool:
    return pbx.store.get(DOCUMENTS, _UPGRADE) is None


@handles("UpgradeDebian")
def _upgrade(pbx: Pbx, _call: Call) -> None:
    keep(pbx, _UPGRADE, {"At": now()})


def _list_key(name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, name))


def _entries(pbx: Pbx, name: str) -> list[Entity]:
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
        entries.append(made(pbx, "Pbx.UpdateItem", **values))
    return entries


def _entries_of(pbx: Pbx, key: str | None, target: str, status: int) -> list[Entity]:
    for name in _LISTS:
        if _list_key(name) == key:
            return _entries(pbx, name)
    raise refuse(status, Problem(target, NOT_FOUND))


def _last(pbx: Pbx) -> str | None:
    status = pbx.views.singleton("SystemStatus").value
    found: str | None = status.get("LastSuccessfulUpdate")
    return found
