"""Voicemail, fax and chat files: archived, cleaned up; and the servers that turn speech into text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..registry import Call, handles
from .common import (
    DOCUMENTS,
    change_singleton,
    document,
    keep,
    made,
    new_secret,
    not_found,
    now,
    required,
    set_records,
)

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity

CONVERTERS = "(converters)"
_REQUEST = "Pbx.OnBoardUICommand"
_FAX_FILES = "fax files"
_LANGUAGES = {"de-DE": "German", "el-GR": "Greek", "en-GB": "English", "fr-FR": "French", "es-ES": "Spanish"}


@handles("GetTranscribeLanguages")
def _languages(pbx: Pbx, _call: Call) -> list[Entity]:
    return [made(pbx, "Pbx.LanguageItem", Code=code, Name=name) for code, name in _LANGUAGES.items()]


@handles("DeleteAllUserVoicemails")
def _delete_voicemails(pbx: Pbx, _call: Call) -> None:
    change_singleton(pbx, "VoicemailSettings", UsedSpace=0)


@handles("ArchiveChats", "ArchiveFaxes", "ArchiveVoicemail")
def _archive(pbx: Pbx, call: Call) -> None:
    keep(pbx, f"archive {call.route.operation.id}", {"At": now()})


@handles("GetFaxFilesSize")
def _fax_size(pbx: Pbx, _call: Call) -> int:
    cleaned = pbx.store.get(DOCUMENTS, _FAX_FILES) is not None
    return 0 if cleaned else 3 * 2**20


@handles("CleanUpFax")
def _clean_up_fax(pbx: Pbx, _call: Call) -> None:
    keep(pbx, _FAX_FILES, {"CleanedAt": now()})


@handles("CreateConverterConfiguration")
def _create_converter(pbx: Pbx, _call: Call) -> None:
    number = pbx.store.next_id(CONVERTERS)
    guid = f"00000000-0000-4000-8000-{number:012d}"
    host = f"converter-{number}.office.example"
    row = made(
        pbx,
        "Pbx.OnBoardConverterRow",
        Guid=guid,
        Host=host,
        Ip="192.0.2.30",
        Port=443,
        Secret=new_secret(),
        Enabled=True,
        Active=True,
        ServerOS="Linux",
        Version=pbx.version,
    )
    pbx.store.put(CONVERTERS, guid, row)
    command = {"McuId": guid, "Operation": "Create", "State": "Success", "RequestExpiration": now()}
    keep(pbx, _REQUEST, made(pbx, _REQUEST, **command))


@handles("DeleteConverterConfiguration")
def _delete_converter(pbx: Pbx, call: Call) -> None:
    guid = required(call, "id")
    if not pbx.store.delete(CONVERTERS, guid):
        raise not_found("id")
    command = {"McuId": guid, "Operation": "Delete", "State": "Success", "RequestExpiration": now()}
    keep(pbx, _REQUEST, made(pbx, _REQUEST, **command))


@handles("GetConverterRequestStatus")
def _request_status(pbx: Pbx, _call: Call) -> Entity:
    return document(pbx, _REQUEST, _REQUEST)


@handles("GetConfiguredConverters")
def _configured(pbx: Pbx, call: Call) -> Any:
    return _in_shape(pbx, call, "ConfiguredServers", set_records(pbx, CONVERTERS))


@handles("GetConnectedConvertersData")
def _connected(pbx: Pbx, call: Call) -> Any:
    shared = ("Guid", "Host", "Ip", "Port", "Version", "Enabled", "Active", "Cloud")
    rows = [
        made(
            pbx,
            "Pbx.OnBoardConverterData",
            Converter={name: row[name] for name in shared},
            Available=True,
            Connected=True,
            Instances=1,
        )
        for row in set_records(pbx, CONVERTERS)
    ]
    return _in_shape(pbx, call, "ConnectedServers", rows)


def _in_shape(pbx: Pbx, call: Call, member: str, rows: list[Entity]) -> Any:
    """A plain list until release 20.0.9, an object around it since."""
    returns = call.route.shape.returns
    return rows if returns.kind == "collection" else made(pbx, returns.type, **{member: rows})
