"""A small PBX for the fault matrix: it does what a request asks for, and counts truthfully what it did.

It knows as much of 3CX's API as the operations of the matrix need. `carry_out` changes the state and returns the
response that a faultless PBX sends; `hostile.py` decides what the client gets of it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

USERS = 5
PAGE_SIZE = 2
RECORDING = b"RIFF\x24\x00\x00\x00WAVE" + bytes(range(256)) * 8
_KEY = re.compile(r"^/(?P<set>\w+)\((?P<key>\d+)\)(?:/Pbx\.(?P<call>\w+)(?:\(\))?)?$")
_RECORDING = re.compile(r"^/Recordings/Pbx\.DownloadRecording\(recId=(?P<key>\d+)\)$")
_API = "/xapi/v1"


@dataclass(frozen=True)
class Request:
    """A request as the PBX has read it; `target` is the path and the query below the base path, decoded."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path).removeprefix(_API)

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}


def response(
    status: int,
    body: bytes = b"",
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Return a whole HTTP/1.1 response."""
    lines = [f"HTTP/1.1 {status} X", "X-3CX-Version: 20.0.10.1", f"Content-Length: {len(body)}"]
    if status == 204:
        lines.pop()
    if body:
        lines.append(f"Content-Type: {media_type}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def odata_error(status: int, message: str) -> bytes:
    """Return an error in the form of 3CX."""
    document = {"error": {"code": "", "message": message, "details": [{"code": "", "message": message}]}}
    return response(status, json.dumps(document).encode())


@dataclass
class Pbx:
    """Users 1 to 5, contacts, and the effects of all requests: `effects["delete 2"]` is 1 after one deletion."""

    effects: Counter[str] = field(default_factory=Counter)
    users: dict[int, dict[str, Any]] = field(default_factory=dict)
    contacts: list[dict[str, Any]] = field(default_factory=list)
    logins: int = 0

    def __post_init__(self) -> None:
        for key in range(1, USERS + 1):
            self.users[key] = {"Id": key, "Number": str(100 + key), "FirstName": f"First {key}"}

    def log_in(self) -> bytes:
        """Return a new token, which ends the one before it."""
        self.logins += 1
        token = {"token_type": "Bearer", "expires_in": 3600, "access_token": self.token}
        return response(200, json.dumps(token).encode())

    @property
    def token(self) -> str:
        """The valid token."""
        return f"token-{self.logins}"

    def carry_out(self, request: Request) -> bytes:
        """Do what the request asks for and return the response."""
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return response(401)
        if request.method == "GET":
            return self._read(request)
        if request.path == "/Contacts" and request.method == "POST":
            return self._create(json.loads(request.body))
        found = _KEY.match(request.path)
        if found is None or found["set"] != "Users":
            return odata_error(404, "Resource not found")
        return self._change(request, int(found["key"]))

    def _change(self, request: Request, key: int) -> bytes:
        if key not in self.users:
            return odata_error(404, "NotFound")
        match request.method:
            case "POST":
                self.effects[f"action {key}"] += 1
            case "PATCH":
                self.effects[f"update {key}"] += 1
                self.users[key] |= json.loads(request.body)
            case "DELETE":
                self.effects[f"delete {key}"] += 1
                del self.users[key]
        return response(204)

    def _create(self, contact: dict[str, Any]) -> bytes:
        self.effects[f"create {contact['FirstName']}"] += 1
        self.contacts.append(contact | {"Id": len(self.contacts) + 1})
        return response(201, json.dumps(self.contacts[-1]).encode())

    def _read(self, request: Request) -> bytes:
        if found := _RECORDING.match(request.path):
            name = f'attachment; filename="recording-{found["key"]}.wav"'
            return response(200, RECORDING, "audio/x-wav", {"Content-Disposition": name})
        if found := _KEY.match(request.path):
            return self._read_entity(found["set"], int(found["key"]), found["call"])
        if request.path == "/Users":
            return self._list(request.query)
        if request.path == "/Contacts":
            return response(200, json.dumps({"value": self.contacts}).encode())
        return (
            response(200, b'{"value": [{"Id": 1}]}')
            if request.path == "/Defs"
            else odata_error(404, "NotFound")
        )

    def _read_entity(self, entity_set: str, key: int, call: str | None) -> bytes:
        if call == "GenerateProvLink":
            self.effects[f"function {key}"] += 1
            return response(200, json.dumps({"value": f"https://pbx.example/provision/{key}"}).encode())
        if entity_set == "Contacts" and key <= len(self.contacts):
            return response(200, json.dumps(self.contacts[key - 1]).encode())
        if entity_set != "Users" or key not in self.users:
            return odata_error(404, "NotFound")
        return response(200, json.dumps(self.users[key]).encode())

    def _list(self, query: Mapping[str, str]) -> bytes:
        skip, top = int(query.get("$skip", "0")), int(query.get("$top", "100"))
        rows = list(self.users.values())
        document = {"@odata.count": len(rows), "value": rows[skip : skip + top]}
        return response(200, json.dumps(document).encode())
