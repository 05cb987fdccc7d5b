"""Voicemail, fax and chat files: archived, deleted; and the servers that transcribe speech."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..odata.errors import EntityNotFoundError
from .common import (
    DOCUMENTS,
    build_entity,
    change_singleton,
    format_now,
    generate_secret,
    list_entities,
    read_document,
    require,
    store_document,
)
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

CONVERTERS = "(converters)"
_REQUEST = "Pbx.OnBoardUICommand"
_FAX_FILES = "fax files"
_LANGUAGES = {"de-DE": "German", "el-GR": "Greek", "en-GB": "English", "fr-FR": "French", "es-ES": "Spanish"}


@handles("GetTranscribeLanguages")
def _list_languages(pbx: Pbx, _invocation: Invocation) -> list[Entity]:
    return [build_entity(pbx, "Pbx.LanguageItem", Code=code, Name=name) for code, name in _LANGUAGES.items()]


@handles("DeleteAllUserVoicemails")
def _delete_voicemails(pbx: Pbx, _invocation: Invocation) -> None:
    change_singleton(pbx, "VoicemailSettings", UsedSpace=0)


@handles("ArchiveChats", "ArchiveFaxes", "ArchiveVoicemail")
def _archive_files(pbx: Pbx, invocation: Invocation) -> None:
    store_document(pbx, f"archive {invocation.route.operation.id}", {"At": format_now()})


@handles("GetFaxFilesSize")
def _get_fax_size(pbx: Pbx, _invocation: Invocation) -> int:
    cleaned = pbx.store.get(DOCUMENTS, _FAX_FILES) is not None
    return 0 if cleaned else 3 * 2**20


@handles("CleanUpFax")
def _clean_up_fax(pbx: Pbx, _invocation: Invocation) -> None:
    store_document(pbx, _FAX_FILES, {"CleanedAt": format_now()})


@handles("CreateConverterConfiguration")
def _create_converter(pbx: Pbx, _invocation: Invocation) -> None:
    number = pbx.store.next_id(CONVERTERS)
    guid = f"00000000-0000-4000-8000-{number:012d}"
    host = f"converter-{number}.office.example"
    row = build_entity(
        pbx,
        "Pbx.OnBoardConverterRow",
        Guid=guid,
        Host=host,
        Ip="192.0.2.30",
        Port=443,
        Secret=generate_secret(),
        Enabled=True,
        Active=True,
        ServerOS="Linux",
        Version=pbx.version,
    )
    pbx.store.put(CONVERTERS, guid, row)
    command = {"McuId": guid, "Operation": "Create", "State": "Success", "RequestExpiration": format_now()}
    store_document(pbx, _REQUEST, build_entity(pbx, _REQUEST, **command))


@handles("DeleteConverterConfiguration")
def _delete_converter(pbx: Pbx, invocation: Invocation) -> None:
    guid = require(invocation, "id")
    if not pbx.store.delete(CONVERTERS, guid):
        raise EntityNotFoundError("id")
    command = {"McuId": guid, "Operation": "Delete", "State": "Success", "RequestExpiration": format_now()}
    store_document(pbx, _REQUEST, build_entity(pbx, _REQUEST, **command))


@handles("GetConverterRequestStatus")
def _get_request_status(pbx: Pbx, _invocation: Invocation) -> Entity:
    return read_document(pbx, _REQUEST, _REQUEST)


@handles("GetConfiguredConverters")
def _list_configured_converters(pbx: Pbx, invocation: Invocation) -> Any:
    return _wrap_rows(pbx, invocation, "ConfiguredServers", list_entities(pbx, CONVERTERS))


@handles("GetConnectedConvertersData")
def _list_connected_converters(pbx: Pbx, invocation: Invocation) -> Any:
    shared = ("Guid", "Host", "Ip", "Port", "Version", "Enabled", "Active", "Cloud")
    rows = [
        build_entity(
            pbx,
            "Pbx.OnBoardConverterData",
            Converter={name: row[name] for name in shared},
            Available=True,
            Connected=True,
            Instances=1,
        )
        for row in list_entities(pbx, CONVERTERS)
    ]
    return _wrap_rows(pbx, invocation, "ConnectedServers", rows)


def _wrap_rows(pbx: Pbx, invocation: Invocation, member: str, rows: list[Entity]) -> Any:
    """Return the rows as the release does: as a list, or in an object."""
    returns = invocation.route.version.returns
    return rows if returns.kind == "collection" else build_entity(pbx, returns.type, **{member: rows})
