"""AI: what a provider offers, and vector stores with their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..entities import merge
from ..refusals import NOT_FOUND, REQUIRED, Problem, refuse
from ..registry import Call, handles
from .common import made, not_found, now, required

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..pbx import Pbx
    from ..state import Entity

STORES = "(vector stores)"
# Files in vector stores, by `store/file`.
FILES = "(vector files)"

_MOST = 100
_TEMPLATES = {
    "receptionist": "Answer calls, ask for the name and the reason, and pass the call on.",
    "survey": "Ask three questions about the last visit and say thank you.",
}


@handles("GetAIResources", "GetCurrentAIResources")
def _resources(pbx: Pbx, _call: Call) -> Entity:
    return made(
        pbx,
        "Pbx.AIResources",
        Models=[{"Id": "standard-1", "Name": "Standard"}],
        RealtimeModels=[{"Id": "realtime-1", "Name": "Realtime", "Preview": True}],
        Voices=[{"Id": "alto", "Description": "Calm", "Gender": "Female"}],
        Templates=[
            {"Id": name, "Name": name.capitalize(), "FirstMessage": "Hello!", "Description": text}
            for name, text in _TEMPLATES.items()
        ],
    )


@handles("GetAITemplateContents")
def _template_contents(_pbx: Pbx, call: Call) -> str:
    found = _TEMPLATES.get(call.arguments["id"])
    if found is None:
        raise not_found("id")
    return found


@handles("CreateVectorStore")
def _create(pbx: Pbx, call: Call) -> Entity:
    given = required(call, "model")
    if not given.get("Name"):
        raise refuse(400, Problem("model/Name", REQUIRED))
    name = f"vs_{pbx.store.next_id(STORES):04d}"
    own = {"Id": name, "CreatedAt": now(), "Status": "completed", "Bytes": 0}
    store = made(pbx, "Pbx.VectorStore", **{**given, **own, "FilesCompleted": 0, "FilesTotal": 0})
    pbx.store.put(STORES, name, store)
    return store


@handles("UpdateVectorStore")
def _update(pbx: Pbx, call: Call) -> Entity:
    given = required(call, "model")
    old = _store(pbx, given.get("Id"), "model/Id", 400)
    own = {name: given[name] for name in ("Name", "Description", "Expiration") if name in given}
    store = merge(pbx.model, pbx.model.schema("Pbx.VectorStore"), old, own)
    pbx.store.put(STORES, old["Id"], store)
    return store


@handles("DeleteVectorStore")
def _delete(pbx: Pbx, call: Call) -> None:
    store = _store(pbx, call.body.get("id"), "id", 404)
    pbx.store.delete(STORES, store["Id"])
    for key, _ in _files(pbx, store["Id"]):
        pbx.store.delete(FILES, key)


@handles("GetVectorStore")
def _get(pbx: Pbx, call: Call) -> Entity:
    return _store(pbx, call.arguments["id"], "id", 404)


@handles("GetVectorStores")
def _list(pbx: Pbx, call: Call) -> Entity:
    stores = [record.value for record in pbx.store.table(STORES).values()]
    return _page(pbx, "Pbx.VectorStores", stores, call)


@handles("GetVectorStoreFiles")
def _list_files(pbx: Pbx, call: Call) -> Entity:
    store = _store(pbx, call.arguments["id"], "id", 404)
    return _page(pbx, "Pbx.VectorStoreFiles", [file for _, file in _files(pbx, store["Id"])], call)


@handles("AddVectorStoreFiles")
def _add_files(pbx: Pbx, call: Call) -> None:
    model = required(call, "model")
    store = _store(pbx, model["VectorId"], "model/VectorId", 400)
    for file_id in dict.fromkeys(model.get("FileIds") or []):
        values = {"Id": file_id, "Name": file_id, "Size": 1024, "Status": "completed"}
        values |= {"CreatedAt": now(), "VectorStoreId": store["Id"]}
        pbx.store.put(FILES, f"{store['Id']}/{file_id}", made(pbx, "Pbx.VectorStoreFile", **values))
    _count(pbx, store["Id"])


@handles("BatchDeleteFiles")
def _delete_files(pbx: Pbx, call: Call) -> list[Entity]:
    """What happened to every file; one that is not there is no error of the whole."""
    model = required(call, "model")
    store = _store(pbx, model["VectorId"], "model/VectorId", 400)
    results = []
    for file_id in dict.fromkeys(model.get("FileIds") or []):
        gone = pbx.store.delete(FILES, f"{store['Id']}/{file_id}")
        outcome = {"Status": "deleted", "Error": None} if gone else {"Status": "failed", "Error": NOT_FOUND}
        results.append(made(pbx, "Pbx.VectorFileResult", FileName=file_id, ExternalFileId=file_id, **outcome))
    _count(pbx, store["Id"])
    return results


@handles("DeleteVectorStoreFile")
def _delete_file(pbx: Pbx, call: Call) -> None:
    store = _store(pbx, call.body.get("vectorid"), "vectorid", 404)
    if not pbx.store.delete(FILES, f"{store['Id']}/{call.body.get('fileid')}"):
        raise not_found("fileid")
    _count(pbx, store["Id"])


@handles("DeleteOpenAiFile")
def _delete_everywhere(pbx: Pbx, call: Call) -> None:
    wanted = call.body.get("fileid")
    keys = [key for key, record in pbx.store.table(FILES).items() if record.value["Id"] == wanted]
    if not keys:
        raise not_found("fileid")
    for key in keys:
        pbx.store.delete(FILES, key)
        _count(pbx, str(key).partition("/")[0])


def _store(pbx: Pbx, name: str | None, target: str, status: int) -> Entity:
    record = pbx.store.get(STORES, name) if name else None
    if record is None:
        raise refuse(status, Problem(target, NOT_FOUND))
    return record.value


def _files(pbx: Pbx, store: str) -> list[tuple[str, Entity]]:
    return [
        (str(key), record.value)
        for key, record in pbx.store.table(FILES).items()
        if record.value["VectorStoreId"] == store
    ]


def _count(pbx: Pbx, store: str) -> None:
    files = [file for _, file in _files(pbx, store)]
    old = pbx.entities.record(STORES, store).value
    counts = {"FilesTotal": len(files), "FilesCompleted": len(files), "Bytes": sum(f["Size"] for f in files)}
    pbx.store.put(STORES, store, {**old, **counts})


def _page(pbx: Pbx, schema: str, rows: Sequence[Entity], call: Call) -> Entity:
    limit, after = call.arguments["limit"], call.arguments["after"]
    ids = [row["Id"] for row in rows]
    start = ids.index(after) + 1 if after in ids else 0
    end = start + (limit if 0 < limit <= _MOST else _MOST)
    items = list(rows[start:end])
    first, last = (items[0]["Id"], items[-1]["Id"]) if items else (None, None)
    return made(pbx, schema, Items=items, FirstId=first, LastId=last, HasMore=end < len(rows))
