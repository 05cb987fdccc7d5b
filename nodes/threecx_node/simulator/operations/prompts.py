"""Sounds: prompt sets, custom prompts, greetings, playlists; and a call flow app's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..http.files import FileDownload, build_tone, is_telephone_wav
from ..odata.errors import NOT_FOUND, REQUIRED, EntityNotFoundError, ErrorDetail, MissingFileError, ODataError
from .calls import call_extension
from .common import (
    DOCUMENTS,
    build_entity,
    change_entity,
    get_addressed,
    get_records,
    require,
    store_document,
)
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

# The document with the active prompt set: {"Id"}.
_ACTIVE = "active prompt set"
# The files of call flow apps: app id → {"Files": […]}.
_APP_FILES = "(call flow files)"


@handles("GetActive")
def _get_active(pbx: Pbx, _invocation: Invocation) -> Entity:
    kept = pbx.store.get(DOCUMENTS, _ACTIVE)
    record = pbx.store.get("PromptSets", kept.value["Id"]) if kept else None
    if record is None:
        record = next(iter(pbx.store.table("PromptSets").values()), None)
    if record is None:
        raise EntityNotFoundError()
    return pbx.select_plain("Pbx.PromptSet", record.value)


@handles("SetActive")
def _set_active(pbx: Pbx, invocation: Invocation) -> None:
    get_addressed(pbx, "PromptSets", invocation)
    store_document(pbx, _ACTIVE, {"Id": invocation.arguments["Id"]})


@handles("Copy")
def _copy_prompt_set(pbx: Pbx, invocation: Invocation) -> Entity:
    """Create a custom prompt set from another one."""
    source = get_addressed(pbx, "PromptSets", invocation).value
    given = invocation.body.get("overrides") or {}
    overrides = {name: value for name, value in given.items() if name != "Id" and value is not None}
    name = overrides.get("PromptSetName") or f"{source['PromptSetName']} (copy)"
    values = {**source, **overrides, "PromptSetName": name, "PromptSetType": "Custom", "Folder": name}
    _, record = pbx.entities.create("PromptSets", values)
    return pbx.select_plain("Pbx.PromptSet", record.value)


@handles("SetAlternatePronunciation")
def _set_pronunciation(pbx: Pbx, invocation: Invocation) -> None:
    get_addressed(pbx, "PromptSets", invocation)
    wanted = bool(invocation.body.get("alternatePronunciation"))
    change_entity(pbx, "PromptSets", invocation.arguments["Id"], UseAlternateNumberPronunciation=wanted)


@handles("PlayPrompt", "RecordPrompt")
def _call_for_prompt(pbx: Pbx, invocation: Invocation) -> None:
    prompts = get_addressed(pbx, "PromptSets", invocation).value["Prompts"]
    wanted = require(invocation, "promptId")
    if all(prompt["Id"] != wanted for prompt in prompts):
        raise ODataError.of(400, ErrorDetail("promptId", NOT_FOUND))
    call_extension(pbx, require(invocation, "extension"), "extension")


@handles("MakeCallRecordCustomPrompt")
def _record_custom_prompt(pbx: Pbx, invocation: Invocation) -> None:
    name = _check_file_name(require(invocation, "filename"), "filename")
    call_extension(pbx, require(invocation, "dn"), "dn")
    _add_custom_prompt(pbx, name)


@handles("UploadPrompt")
def _upload_prompt(pbx: Pbx, invocation: Invocation) -> str:
    """Store a custom prompt, or replace the one of that name; return its name."""
    file = invocation.file
    if file is None:
        raise ODataError.of(400, ErrorDetail("file", REQUIRED))
    name = _check_file_name(file.name, "file")
    if not is_telephone_wav(file.content):
        raise ODataError.of(400, ErrorDetail("file", "WARNINGS.SUPPORTED_MEDIA_FORMAT_WAV"))
    _add_custom_prompt(pbx, name)
    return name


def _add_custom_prompt(pbx: Pbx, name: str) -> None:
    if pbx.store.get("CustomPrompts", name) is None:
        values = {
            "Filename": name,
            "DisplayName": name.removesuffix(".wav"),
            "CanBeDeleted": True,
            "FileLink": f"/prompts/{name}",
        }
        pbx.entities.create("CustomPrompts", values)


@handles("MakeCallUserRecordGreeting")
def _record_greeting(pbx: Pbx, invocation: Invocation) -> None:
    user = get_addressed(pbx, "Users", invocation).value
    name = _check_file_name(require(invocation, "filename"), "filename")
    call_extension(pbx, require(invocation, "dn"), "dn")
    if all(greeting["Filename"] != name for greeting in user["Greetings"]):
        greeting = build_entity(pbx, "Pbx.Greeting", Filename=name, DisplayName=name.removesuffix(".wav"))
        change_entity(pbx, "Users", user["Id"], Greetings=[*user["Greetings"], greeting])


@handles("DownloadGreeting")
def _download_greeting(pbx: Pbx, invocation: Invocation) -> FileDownload:
    user = pbx.entities.record("Users", invocation.arguments["userId"], "userId").value
    name = invocation.arguments["fileName"]
    if all(greeting["Filename"] != name for greeting in user["Greetings"]):
        raise MissingFileError("fileName")
    return build_tone(name)


@handles("GetMultiEditGreetings")
def _list_shared_greetings(pbx: Pbx, invocation: Invocation) -> list[Entity]:
    """Return the greetings that all of the users have."""
    users = [record.value for _, record in get_records(pbx, "Users", require(invocation, "ids"))]
    if not users:
        return []
    names = set.intersection(*({greeting["Filename"] for greeting in user["Greetings"]} for user in users))
    return [
        build_entity(
            pbx, "Pbx.GreetingFile", Filename=greeting["Filename"], DisplayName=greeting["DisplayName"]
        )
        for greeting in users[0]["Greetings"]
        if greeting["Filename"] in names
    ]


@handles("MultiDeleteGreeting")
def _delete_greetings(pbx: Pbx, invocation: Invocation) -> None:
    name = require(invocation, "filename")
    for user_id, record in get_records(pbx, "Users", require(invocation, "ids")):
        kept = [greeting for greeting in record.value["Greetings"] if greeting["Filename"] != name]
        change_entity(pbx, "Users", user_id, Greetings=kept)


@handles("DownloadPlaylistFile")
def _download_playlist_file(pbx: Pbx, invocation: Invocation) -> FileDownload:
    record = pbx.store.get("Playlists", invocation.arguments["playlistKey"])
    if record is None:
        raise EntityNotFoundError("playlistKey")
    if invocation.arguments["fileName"] not in record.value["Files"]:
        raise MissingFileError("fileName")
    return build_tone(invocation.arguments["fileName"])


@handles("DeletePlaylistFile")
def _delete_playlist_file(pbx: Pbx, invocation: Invocation) -> Entity:
    key, name = require(invocation, "playlistKey"), require(invocation, "fileName")
    files = pbx.entities.record("Playlists", key, "playlistKey").value["Files"]
    if name not in files:
        raise MissingFileError("fileName")
    change_entity(pbx, "Playlists", key, Files=[file for file in files if file != name])
    return {}


@handles("GetFiles", "GetAudioFiles")
def _list_app_files(pbx: Pbx, invocation: Invocation) -> list[str]:
    get_addressed(pbx, "CallFlowApps", invocation)
    return _get_app_files(pbx, invocation)


@handles("DeleteFile", "DeleteAudioFile")
def _delete_app_file(pbx: Pbx, invocation: Invocation) -> None:
    get_addressed(pbx, "CallFlowApps", invocation)
    files, name = _get_app_files(pbx, invocation), require(invocation, "filename")
    if name not in files:
        raise MissingFileError("filename")
    pbx.store.put(_APP_FILES, invocation.arguments["Id"], {"Files": [file for file in files if file != name]})


@handles("SetDefault")
def _reset_email_template(pbx: Pbx, invocation: Invocation) -> None:
    """Reset the texts of a template to those of a new PBX."""
    get_addressed(pbx, "EmailTemplate", invocation)
    change_entity(pbx, "EmailTemplate", invocation.arguments["TemplatePath"], IsDefault=True)


def _get_app_files(pbx: Pbx, invocation: Invocation) -> list[str]:
    record = pbx.store.get(_APP_FILES, invocation.arguments["Id"])
    return list(record.value["Files"]) if record else ["main.wav", "goodbye.wav"]


def _check_file_name(name: str, target: str) -> str:
    if not name or "/" in name or "\\" in name or name.startswith("."):
        raise ODataError.of(400, ErrorDetail(target, "WARNINGS.XAPI.INVALID_FILE_NAME"))
    return name.removesuffix(".wav") + ".wav"
