"""Every operation of every release, with requests and responses by the official document.

Each operation gets three requests: with existing keys and numbers, with keys that do not exist, and with an empty body.
The changes of a request are undone before the next one.
"""

from __future__ import annotations

import asyncio
import io
import json
import wave
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from tests.simulator.operations.official import Document, Known, Operation, Sent, fill, is_error
from tests.support import RELEASES, document
from threecx_node.simulator import Simulator

pytestmark = pytest.mark.slow

# Placeholders for ids that a PBX chooses; a preparation returns the real ones.
STORE, CONVERTER, FAX, GROUP = "(vector store)", "(converter)", "(fax)", "(group)"
UPDATE_LIST, UPDATE, USER, TRUNK = "(update list)", "(update)", "(user)", "(trunk)"

# Existing numbers and names, by property, at any place in a body.
BODY: Mapping[str, Any] = {
    "Number": "101",
    "dn": "101",
    "dnNumber": "101",
    "extension": "101",
    "contact": "101",
    "destination": "102",
    "number": "101",
    "GroupId": 1,
    "groupId": "1",
    "licenseKey": "0000-1111-2222-3333",
    "mac": "00:15:65:AA:00:01",
    "days": 7,
    "playlistKey": "Waiting",
    "fileName": "rain.wav",
    "filename": "greeting.wav",
    "promptId": "WELCOME",
    "ServiceNames": ["IVR"],
    "registrationEndpoint": "https://login.example/register",
    "tokenEndpoint": "https://login.example/token",
    "sftpPath": "sftp://backup.example/pbx",
    "Path": "/mnt",
    "Destination": "ada@office.example",
    "Groups": [{"GroupId": 1}],
    "AutoPickupForwardDN": "101",
    "CurrentProfileName": "Available",
    "DN": "800",
    "EmergencyLocationId": "office",
    "ForwardDN": "101",
    "ForwardingProfiles": [{"Id": 1, "Name": "Available"}],
    "Group": "Sales",
    "GroupNames": ["Sales"],
    "HotelGroups": ["Sales"],
    "InvalidKeyForwardDN": "101",
    "OperatorExtension": "101",
    "RoleName": "users",
    "SbcName": "warehouse",
    "TimeZoneId": "51",
    "TimeoutForwardDN": "101",
    "TrunkDN": {"Id": 0, "Number": "10000"},
    "TrunkDn": "10000",
    "TrunkName": "Island Telecom",
}
# The same for single operations.
BY_OPERATION: Mapping[str, Mapping[str, Any]] = {
    "BulkLinksDelete": {"ids": ["office"]},
    "DeleteFile": {"filename": "main.wav"},
    "DeleteAudioFile": {"filename": "main.wav"},
    "DeleteDNProperty": {"propertyName": "Colour"},
    "UpdateDNProperty": {"property": {"Name": "Colour", "Value": "blue"}},
    "DeleteCompanyById": {"id": GROUP},
    "DeleteCompanyByNumber": {"number": "GRP7777"},
    "BulkFaxDelete": {"ids": [FAX]},
    "InstallUpdates": {"install": {"Key": UPDATE_LIST, "Entries": [UPDATE]}},
    "SetRoutes": {"routes": {"Id": USER, "Routes": [{"DID": "+35725555101", "TrunkId": TRUNK}]}},
    "Backup": {
        "description": {
            "Name": "nightly",
            "Contents": {"EncryptBackup": True, "EncryptBackupPassword": {"Value": "text"}},
        }
    },
    "DeleteConverterConfiguration": {"id": CONVERTER},
    "DeleteVectorStore": {"id": STORE},
    "DeleteVectorStoreFile": {"vectorid": STORE, "fileid": "file-1"},
    "DeleteOpenAiFile": {"fileid": "file-1"},
    "UpdateVectorStore": {"model": {"Id": STORE, "Name": "Renamed"}},
    "AddVectorStoreFiles": {"model": {"VectorId": STORE, "FileIds": ["file-2"]}},
    "BatchDeleteFiles": {"model": {"VectorId": STORE, "FileIds": ["file-1", "file-9"]}},
}


def with_property(client: Client) -> dict[str, Any]:
    client.done("/DNProperties/Pbx.CreateDNProperty", {"dnNumber": "101", "property": {"Name": "Colour"}})
    return {}


def with_call(client: Client) -> dict[str, Any]:
    client.done("/Users/Pbx.MakeCall", {"dn": "101", "destination": "102"})
    return {}


def with_converter(client: Client) -> dict[str, Any]:
    client.done("/VoicemailSettings/Pbx.CreateConverterConfiguration", None)
    found = client.send("GET", "/VoicemailSettings/Pbx.GetConfiguredConverters()", None).json
    rows = found["value"] if "value" in found else found["ConfiguredServers"]
    return {CONVERTER: rows[0]["Guid"]}


def with_store(client: Client) -> dict[str, Any]:
    store = client.done("/AISettings/Pbx.CreateVectorStore", {"model": {"Name": "Manuals"}}).json["Id"]
    files = {"model": {"VectorId": store, "FileIds": ["file-1"]}}
    client.done("/AISettings/Pbx.AddVectorStoreFiles", files)
    return {STORE: store}


def with_fax(client: Client) -> dict[str, Any]:
    return {FAX: client.done("/Fax", {}).json["Id"]}


def with_group(client: Client) -> dict[str, Any]:
    return {GROUP: client.done("/Groups", {"Name": "Night shift", "Number": "GRP7777"}).json["Id"]}


def with_updates(client: Client) -> dict[str, Any]:
    found = client.send("GET", "/GetUpdates()", None).json
    return {UPDATE_LIST: found["Key"], UPDATE: found["Entries"][0]["Guid"]}


def with_routes(client: Client) -> dict[str, Any]:
    known = Known(client.send)
    rows = client.send("GET", "/Trunks?$filter=Number eq '10000'".replace(" ", "%20"), None).json["value"]
    return {USER: known.key("Users", "Id"), TRUNK: rows[0]["Id"]}


# The preparations of operations.
BEFORE: Mapping[str, Callable[[Client], dict[str, Any]]] = {
    "AddVectorStoreFiles": with_store,
    "BatchDeleteFiles": with_store,
    "BulkFaxDelete": with_fax,
    "DeleteCompanyById": with_group,
    "DeleteCompanyByNumber": with_group,
    "DeleteFax": with_fax,
    "DeleteGroup": with_group,
    "GetUpdateDetails": with_updates,
    "InstallUpdates": with_updates,
    "SetRoutes": with_routes,
    "DeleteConverterConfiguration": with_converter,
    "DeleteDNProperty": with_property,
    "DeleteOpenAiFile": with_store,
    "DeleteVectorStore": with_store,
    "DeleteVectorStoreFile": with_store,
    "DropCall": with_call,
    "GetDNPropertyByName": with_property,
    "GetVectorStore": with_store,
    "GetVectorStoreFiles": with_store,
    "UpdateDNProperty": with_property,
    "UpdateVectorStore": with_store,
}
# Arguments of paths of single operations.
PATHS: Mapping[str, Mapping[str, Any]] = {
    "DeleteFax": {"Id": FAX},
    "DeleteGroup": {"Id": GROUP},
    "GetUpdateDetails": {"key": UPDATE_LIST, "id": UPDATE},
    "DownloadGreeting": {"fileName": "greeting.wav"},
    "DownloadPlaylistFile": {"fileName": "rain.wav"},
    "DownloadRecordingByName": {"recName": "101/recording-1.wav"},
    "GetAITemplateContents": {"id": "receptionist"},
    "GetCrmTemplateSource": {"name": "Generic REST"},
    "GetDNPropertyByName": {"name": "Colour"},
    "GetMCURow": {"guid": "5d0b5a3e-1111-4c52-9a63-0c2f6a7b8c01"},
    "GetParameterByName": {"name": "MAXLIMIT"},
    "GetVectorStore": {"id": STORE},
    "GetVectorStoreFiles": {"id": STORE},
    "GetCallQualityReport": {"cdrId": "1", "call_id": 1},
    "GetOldCallQualityReport": {"call_id": 1},
}
# Requests that the document allows and the PBX's rules refuse: the code, and the reason.
REFUSED: Mapping[str, str] = {}

TITLES = {"RIFF": b"RIFF", "ZIP": b"PK"}


class Undone(Exception):  # noqa: N818 - it undoes a transaction
    """Raised to undo a transaction."""


class Client:
    """Sends requests to a simulator in process, and can undo their changes."""

    def __init__(self, release: str) -> None:
        self.simulator = Simulator(release=release)

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Undo all changes that are made inside."""
        try:
            with self.simulator._pbx.store.transaction():
                yield
                raise Undone
        except Undone:
            return

    def done(self, path: str, body: Any) -> Sent:
        """Send a request that must succeed."""
        answer = self.send("POST", path, body)
        assert answer.status < 300, f"{path}: {answer.body!r}"
        return answer

    def send(self, method: str, path: str, body: Any) -> Sent:
        """Send a request with a new token, because an earlier request may have ended the last one."""
        content = b"" if body is None else json.dumps(body).encode()
        headers = {
            "authorization": f"Bearer {self.simulator.token()}",
            "host": "pbx.example",
            "content-type": "application/json",
        }
        path, _, query = path.partition("?")
        scope: dict[str, Any] = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": f"/xapi/v1{path}".encode("ascii"),
            "query_string": query.encode("ascii"),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        messages: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            messages.append(message)

        asyncio.run(self.simulator.app(scope, receive, send))
        start = messages[0]
        named = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
        return Sent(start["status"], named, b"".join(each.get("body", b"") for each in messages[1:]))


def chosen(value: Any, ids: Mapping[str, Any]) -> Any:
    """Return a value with the ids that the PBX chose."""
    if isinstance(value, Mapping):
        return {name: chosen(part, ids) for name, part in value.items()}
    if isinstance(value, list):
        return [chosen(part, ids) for part in value]
    return ids.get(value, value) if isinstance(value, str) else value


def body_of(doc: Document, operation: Operation, known: Known) -> Any:
    """Return a body with every property of the document and existing numbers where they matter."""
    schema = doc.body_schema(operation)
    if schema is None:
        return None
    head = operation.path.split("/")[1].partition("(")[0]
    given = {**BODY, **_ids(head, known), **BY_OPERATION.get(operation.id, {})}
    body = doc.sample(schema, given)
    properties = {**BY_OPERATION.get(operation.id, {})}
    if operation.id.startswith("Create") and "Number" in body:
        body["Number"] = "7777"
    if operation.method == "PATCH":
        # Properties that cannot change are omitted, as clients do.
        for name in (*doc.parameters(operation, "path"), "Number", "Id"):
            body.pop(name, None)
    return {**body, **properties}


def _ids(head: str, known: Known) -> dict[str, Any]:
    found = {
        "userId": known.key("Users", "Id"),
        "firmwareId": known.key("Firmwares", "Id"),
        "TrunkId": known.key("Trunks", "Id"),
        "PhoneUserId": known.key("Users", "Id"),
    }
    if (own := known.key(head, "Id")) is not None:
        found |= {"id": own, "ids": [own], "Ids": [own]}
    return found


def check_success(doc: Document, operation: Operation, answer: Sent) -> None:
    name = operation.id
    assert answer.status == doc.declared(operation), f"{name}: {answer.status} {answer.body[:400]!r}"
    if answer.status == 204:
        assert answer.body == b"", name
        return
    schema = doc.answer_schema(operation, str(answer.status))
    assert schema is not None, name
    if answer.headers["content-type"].startswith("application/json"):
        problems = [error.message for error in doc.validator(schema).iter_errors(answer.json)]
        assert problems == [], f"{name}: {problems[:3]}"
        unfit = list(doc.unfit(schema, answer.json))
        assert unfit == [], f"{name}: {unfit[:5]}"
        return
    check_file(doc, operation, answer)


def check_file(doc: Document, operation: Operation, answer: Sent) -> None:
    name, kind = operation.id, answer.headers["content-type"]
    schema = doc.answer_schema(operation, "200")
    is_result = schema is not None and schema.get("$ref", "").endswith("Pbx.IActionResult")
    assert name.startswith(("Download", "Export")) or is_result, f"{name}: a file of {kind}"
    assert answer.headers["content-disposition"].startswith("attachment; filename="), name
    if kind == "audio/x-wav":
        with wave.open(io.BytesIO(answer.body)) as sound:
            assert sound.getnframes() > 0
    elif kind == "application/zip":
        assert zipfile.ZipFile(io.BytesIO(answer.body)).namelist()
    else:
        assert kind in ("text/csv", "text/plain", "application/xml", "application/octet-stream"), name
        assert answer.body.decode("utf-8")


def check_refusal(doc: Document, operation: Operation, answer: Sent) -> None:
    assert answer.status in (400, 404), f"{operation.id}: {answer.status} {answer.body[:400]!r}"
    problems = is_error(doc, answer, operation)
    assert problems == [], f"{operation.id}: {problems}"
    assert answer.json["error"]["message"], operation.id


@pytest.fixture(scope="module", params=RELEASES)
def office(request: pytest.FixtureRequest) -> tuple[Document, Client, Known]:
    doc = Document(document(request.param))
    client = Client(request.param)
    return doc, client, Known(client.send)


def test_existing_keys(office: tuple[Document, Client, Known]) -> None:
    doc, client, known = office
    failed = []
    asked = 0
    for operation in doc.operations():
        with client.undone():
            prepare = BEFORE.get(operation.id)
            ids = prepare(client) if prepare else {}
            fresh = Known(client.send) if prepare else known
            path = fill(doc, operation, fresh, chosen(PATHS.get(operation.id, {}), ids), existing=True)
            answer = client.send(operation.method, path, chosen(body_of(doc, operation, fresh), ids))
        try:
            if operation.id in REFUSED:
                check_refusal(doc, operation, answer)
                assert REFUSED[operation.id] in answer.json["error"]["message"], operation.id
            else:
                check_success(doc, operation, answer)
        except AssertionError as error:
            failed.append(str(error).splitlines()[0])
        asked += 1
    assert failed == [], f"{len(failed)} of {asked}:\n" + "\n".join(failed)


def test_unknown_keys(office: tuple[Document, Client, Known]) -> None:
    doc, client, known = office
    failed = []
    for operation in doc.operations():
        if not doc.parameters(operation, "path"):
            continue
        path = fill(doc, operation, known, {}, existing=False)
        with client.undone():
            answer = client.send(operation.method, path, body_of(doc, operation, known))
        keyed = "({" in operation.path or "(Number={" in operation.path
        try:
            if keyed or answer.status >= 300:
                check_refusal(doc, operation, answer)
            else:
                check_success(doc, operation, answer)
        except AssertionError as error:
            failed.append(str(error).splitlines()[0])
    assert failed == [], "\n".join(failed)


def test_an_empty_body(office: tuple[Document, Client, Known]) -> None:
    doc, client, known = office
    failed = []
    for operation in doc.operations():
        if doc.body_schema(operation) is None:
            continue
        with client.undone():
            path = fill(doc, operation, known, PATHS.get(operation.id, {}), existing=True)
            answer = client.send(operation.method, path, {})
        try:
            if answer.status < 300:
                check_success(doc, operation, answer)
            else:
                check_refusal(doc, operation, answer)
        except AssertionError as error:
            failed.append(str(error).splitlines()[0])
    assert failed == [], "\n".join(failed)
