"""Sounds: prompt sets, custom prompts, greetings, playlists; and a call flow app's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import FileAnswer, tone_file
from ..refusals import NOT_FOUND, Problem, refuse
from ..registry import Call, handles
from .calls import call_extension
from .common import DOCUMENTS, all_of, changed, keep, made, no_file, not_found, owned, required

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity

# Which prompt set is active: {"Id"}.
_ACTIVE = "active prompt set"
# The files of call flow apps: app id → {"Files": […]}.
_APP_FILES = "(call flow files)"


@handles("GetActive")
def _active(pbx: Pbx, _call: Call) -> Entity:
    kept = pbx.store.get(DOCUMENTS, _ACTIVE)
    record = pbx.store.get("PromptSets", kept.value["Id"]) if kept else None
    if record is None:
        record = next(iter(pbx.store.table("PromptSets").values()), None)
    if record is None:
        raise not_found()
    return pbx.plain("Pbx.PromptSet", record.value)


@handles("SetActive")
def _set_active(pbx: Pbx, call: Call) -> None:
    owned(pbx, "PromptSets", call)
    keep(pbx, _ACTIVE, {"Id": call.arguments["Id"]})


@handles("Copy")
def _copy(pbx: Pbx, call: Call) -> Entity:
    """A prompt set of one's own, made from another."""
    source = owned(pbx, "PromptSets", call).value
    given = call.body.get("overrides") or {}
    overrides = {name: value for name, value in given.items() if name != "Id" and value is not None}
    name = overrides.get("PromptSetName") or f"{source['PromptSetName']} (copy)"
    values = {**source, **overrides, "PromptSetName": name, "PromptSetType": "Custom", "Folder": name}
    _, record = pbx.entities.create("PromptSets", values)
    return pbx.plain("Pbx.PromptSet", record.value)


@handles("SetAlternatePronunciation")
def _pronunciation(pbx: Pbx, call: Call) -> None:
    owned(pbx, "PromptSets", call)
    wanted = bool(call.body.get("alternatePronunciation"))
    changed(pbx, "PromptSets", call.arguments["Id"], UseAlternateNumberPronunciation=wanted)


@handles("PlayPrompt", "RecordPrompt")
def _call_for_prompt(pbx: Pbx, call: Call) -> None:
    prompts = owned(pbx, "PromptSets", call).value["Prompts"]
    wanted = required(call, "promptId")
    if all(prompt["Id"] != wanted for prompt in prompts):
        raise refuse(400, Problem("promptId", NOT_FOUND))
    call_extension(pbx, required(call, "extension"), "extension")


@handles("MakeCallRecordCustomPrompt")
def _record_custom_prompt(pbx: Pbx, call: Call) -> None:
    name = _file_name(required(call, "filename"), "filename")
    call_extension(pbx, required(call, "dn"), "dn")
    if pbx.store.get("CustomPrompts", name) is None:
        values = {
            "Filename": name,
            "DisplayName": name.removesuffix(".wav"),
            "CanBeDeleted": True,
            "FileLink": f"/prompts/{name}",
        }
        pbx.entities.create("CustomPrompts", values)


@handles("MakeCallUserRecordGreeting")
def _record_greeting(pbx: Pbx, call: Call) -> None:
    user = owned(pbx, "Users", call).value
    name = _file_name(required(call, "filename"), "filename")
    call_extension(pbx, required(call, "dn"), "dn")
    if all(greeting["Filename"] != name for greeting in user["Greetings"]):
        greeting = made(pbx, "Pbx.Greeting", Filename=name, DisplayName=name.removesuffix(".wav"))
        changed(pbx, "Users", user["Id"], Greetings=[*user["Greetings"], greeting])


@handles("DownloadGreeting")
def _download_greeting(pbx: Pbx, call: Call) -> FileAnswer:
    user = pbx.entities.record("Users", call.arguments["userId"], "userId").value
    name = call.arguments["fileName"]
    if all(greeting["Filename"] != name for greeting in user["Greetings"]):
        raise no_file("fileName")
    return tone_file(name)


@handles("GetMultiEditGreetings")
def _shared_greetings(pbx: Pbx, call: Call) -> list[Entity]:
    """The greetings that all of these users have."""
    users = [record.value for _, record in all_of(pbx, "Users", required(call, "ids"))]
    if not users:
        return []
    names = set.intersection(*({greeting["Filename"] for greeting in user["Greetings"]} for user in users))
    return [
        made(pbx, "Pbx.GreetingFile", Filename=greeting["Filename"], DisplayName=greeting["DisplayName"])
        for greeting in users[0]["Greetings"]
        if greeting["Filename"] in names
    ]


@handles("MultiDeleteGreeting")
def _delete_greetings(pbx: Pbx, call: Call) -> None:
    name = required(call, "filename")
    for user_id, record in all_of(pbx, "Users", required(call, "ids")):
        kept = [greeting for greeting in record.value["Greetings"] if greeting["Filename"] != name]
        changed(pbx, "Users", user_id, Greetings=kept)


@handles("DownloadPlaylistFile")
def _playlist_file(pbx: Pbx, call: Call) -> FileAnswer:
    record = pbx.store.get("Playlists", call.arguments["playlistKey"])
    if record is None:
        raise not_found("playlistKey")
    if call.arguments["fileName"] not in record.value["Files"]:
        raise no_file("fileName")
    return tone_file(call.arguments["fileName"])


@handles("DeletePlaylistFile")
def _delete_playlist_file(pbx: Pbx, call: Call) -> Entity:
    key, name = required(call, "playlistKey"), required(call, "fileName")
    files = pbx.entities.record("Playlists", key, "playlistKey").value["Files"]
    if name not in files:
        raise no_file("fileName")
    changed(pbx, "Playlists", key, Files=[file for file in files if file != name])
    return {}


@handles("GetFiles", "GetAudioFiles")
def _app_files(pbx: Pbx, call: Call) -> list[str]:
    owned(pbx, "CallFlowApps", call)
    return _files_of(pbx, call)


@handles("DeleteFile", "DeleteAudioFile")
def _delete_app_file(pbx: Pbx, call: Call) -> None:
    owned(pbx, "CallFlowApps", call)
    files, name = _files_of(pbx, call), required(call, "filename")
    if name not in files:
        raise no_file("filename")
    pbx.store.put(_APP_FILES, call.arguments["Id"], {"Files": [file for file in files if file != name]})


@handles("SetDefault")
def _default_email_template(pbx: Pbx, call: Call) -> None:
    """Puts a template's texts back to those that the PBX came with."""
    owned(pbx, "EmailTemplate", call)
    changed(pbx, "EmailTemplate", call.arguments["TemplatePath"], IsDefault=True)


def _files_of(pbx: Pbx, call: Call) -> list[str]:
    record = pbx.store.get(_APP_FILES, call.arguments["Id"])
    return list(record.value["Files"]) if record else ["main.wav", "goodbye.wav"]


def _file_name(name: str, target: str) -> str:
    if "/" in name or "\\" in name or name.startswith("."):
        raise refuse(400, Problem(target, "WARNINGS.XAPI.INVALID_FILE_NAME"))
    return name.removesuffix(".wav") + ".wav"
