"""AI: the resources of a provider, and vector stores with their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..odata.errors import NOT_FOUND, REQUIRED, EntityNotFoundError, ErrorDetail, ODataError
from ..pbx.entities import merge_patch
from .common import build_entity, format_now, require
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

STORES = "(vector stores)"
# Files in vector stores, by `store/file`.
FILES = "(vector files)"

_MOST = 100
_TEMPLATES = {
    "receptionist": "Answer calls, ask for the name and the reason, and pass the call on.",
    "survey": "Ask three questions about the last visit and say thank you.",
}


@handles("GetAIResources", "GetCurrentAIResources")
def _list_resources(pbx: Pbx, _invocation: Invocation) -> Entity:
    return build_entity(
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
def _get_template(_pbx: Pbx, invocation: Invocation) -> str:
    found = _TEMPLATES.get(invocation.arguments["id"])
    if found is None:
        raise EntityNotFoundError("id")
    return found


@handles("CreateVectorStore")
def _create_store(pbx: Pbx, invocation: Invocation) -> Entity:
    given = require(invocation, "model")
    if not given.get("Name"):
        raise ODataError.of(400, ErrorDetail("model/Name", REQUIRED))
    name = f"vs_{pbx.store.next_id(STORES):04d}"
    own = {"Id": name, "CreatedAt": format_now(), "Status": "completed", "Bytes": 0}
    store = build_entity(pbx, "Pbx.VectorStore", **{**given, **own, "FilesCompleted": 0, "FilesTotal": 0})
    pbx.store.put(STORES, name, store)
    return store


@handles("UpdateVectorStore")
def _update_store(pbx: Pbx, invocation: Invocation) -> Entity:
    given = require(invocation, "model")
    old = _get_store(pbx, given.get("Id"), "model/Id", 400)
    own = {name: given[name] for name in ("Name", "Description", "Expiration") if name in given}
    store = merge_patch(pbx.model, pbx.model.schema("Pbx.VectorStore"), old, own)
    pbx.store.put(STORES, old["Id"], store)
    return store


@handles("DeleteVectorStore")
def _delete_store(pbx: Pbx, invocation: Invocation) -> None:
    store = _get_store(pbx, invocation.body.get("id"), "id", 404)
    pbx.store.delete(STORES, store["Id"])
    for key, _ in _list_store_files(pbx, store["Id"]):
        pbx.store.delete(FILES, key)


@handles("GetVectorStore")
def _get_store_by_id(pbx: Pbx, invocation: Invocation) -> Entity:
    return _get_store(pbx, invocation.arguments["id"], "id", 404)


@handles("GetVectorStores")
def _list_stores(pbx: Pbx, invocation: Invocation) -> Entity:
    stores = [record.value for record in pbx.store.table(STORES).values()]
    return _build_page(pbx, "Pbx.VectorStores", stores, invocation)


@handles("GetVectorStoreFiles")
def _list_files(pbx: Pbx, invocation: Invocation) -> Entity:
    store = _get_store(pbx, invocation.arguments["id"], "id", 404)
    return _build_page(
        pbx, "Pbx.VectorStoreFiles", [file for _, file in _list_store_files(pbx, store["Id"])], invocation
    )


@handles("AddVectorStoreFiles")
def _add_files(pbx: Pbx, invocation: Invocation) -> None:
    model = require(invocation, "model")
    store = _get_store(pbx, model["VectorId"], "model/VectorId", 400)
    for file_id in dict.fromkeys(model.get("FileIds") or []):
        values = {"Id": file_id, "Name": file_id, "Size": 1024, "Status": "completed"}
        values |= {"CreatedAt": format_now(), "VectorStoreId": store["Id"]}
        pbx.store.put(FILES, f"{store['Id']}/{file_id}", build_entity(pbx, "Pbx.VectorStoreFile", **values))
    _update_counts(pbx, store["Id"])


@handles("BatchDeleteFiles")
def _delete_files(pbx: Pbx, invocation: Invocation) -> list[Entity]:
    """Return the result for each file; a missing file does not fail the others."""
    model = require(invocation, "model")
    store = _get_store(pbx, model["VectorId"], "model/VectorId", 400)
    results = []
    for file_id in dict.fromkeys(model.get("FileIds") or []):
        is_deleted = pbx.store.delete(FILES, f"{store['Id']}/{file_id}")
        outcome = (
            {"Status": "deleted", "Error": None} if is_deleted else {"Status": "failed", "Error": NOT_FOUND}
        )
        results.append(
            build_entity(pbx, "Pbx.VectorFileResult", FileName=file_id, ExternalFileId=file_id, **outcome)
        )
    _update_counts(pbx, store["Id"])
    return results


@handles("DeleteVectorStoreFile")
def _delete_file(pbx: Pbx, invocation: Invocation) -> None:
    store = _get_store(pbx, invocation.body.get("vectorid"), "vectorid", 404)
    if not pbx.store.delete(FILES, f"{store['Id']}/{invocation.body.get('fileid')}"):
        raise EntityNotFoundError("fileid")
    _update_counts(pbx, store["Id"])


@handles("DeleteOpenAiFile")
def _delete_from_all_stores(pbx: Pbx, invocation: Invocation) -> None:
    wanted = invocation.body.get("fileid")
    keys = [key for key, record in pbx.store.table(FILES).items() if record.value["Id"] == wanted]
    if not keys:
        raise EntityNotFoundError("fileid")
    for key in keys:
        pbx.store.delete(FILES, key)
        _update_counts(pbx, str(key).partition("/")[0])


def _get_store(pbx: Pbx, name: str | None, target: str, status: int) -> Entity:
    record = pbx.store.get(STORES, name) if name else None
    if record is None:
        raise ODataError.of(status, ErrorDetail(target, NOT_FOUND))
    return record.value


def _list_store_files(pbx: Pbx, store: str) -> list[tuple[str, Entity]]:
    return [
        (str(key), record.value)
        for key, record in pbx.store.table(FILES).items()
        if record.value["VectorStoreId"] == store
    ]


def _update_counts(pbx: Pbx, store: str) -> None:
    files = [file for _, file in _list_store_files(pbx, store)]
    old = pbx.entities.record(STORES, store).value
    counts = {"FilesTotal": len(files), "FilesCompleted": len(files), "Bytes": sum(f["Size"] for f in files)}
    pbx.store.put(STORES, store, {**old, **counts})


def _build_page(pbx: Pbx, schema: str, rows: Sequence[Entity], invocation: Invocation) -> Entity:
    limit, after = invocation.arguments["limit"], invocation.arguments["after"]
    ids = [row["Id"] for row in rows]
    start = ids.index(after) + 1 if after in ids else 0
    end = start + (limit if 0 < limit <= _MOST else _MOST)
    items = list(rows[start:end])
    first, last = (items[0]["Id"], items[-1]["Id"]) if items else (None, None)
    return build_entity(pbx, schema, Items=items, FirstId=first, LastId=last, HasMore=end < len(rows))
