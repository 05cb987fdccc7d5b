"""The kinds of operations of the fault matrix: what is run, and whether a result that says "done" is true."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.reliability.pbx import PAGE_SIZE, RECORDING, USERS, Pbx

ITEMS = (1, 2, 3)
"""The items of a batch by their key; the fault occurs at the second."""
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Kind:
    """One kind of operation.

    `before` and `target` are texts of the request before the fault, and of the one that meets it. `is_true` compares
    the rows of a result with the PBX. `is_settled`: a GET shows whether a change was carried out.
    """

    name: str
    operation: str
    parameters: Mapping[str, Any] = field(hash=False)
    before: str
    target: str
    is_true: Callable[[Pbx, int, Rows], bool]
    keys: tuple[int, ...] = ITEMS
    changes: bool = False
    is_settled: bool = False

    def effect(self, key: int) -> str:
        """Return the name under which the PBX counts the effect of an item."""
        return f"{self.name} {f'New {key}' if self.name == 'create' else key}"

    def text(self, key: int) -> str:
        """Return a text that the requests of an item contain, also those that look at its entity."""
        if self.name == "create":
            return f'"New {key}"'
        return f"recId={key})" if self.name == "download" else f"/Users({key})"


def _data(rows: Rows) -> list[Mapping[str, Any]]:
    return [each.get("json", {}) for each in rows]


def _is_list(pbx: Pbx, key: int, rows: Rows) -> bool:
    del key
    return _data(rows) == list(pbx.users.values())[: len(rows)]


def _is_user(pbx: Pbx, key: int, rows: Rows) -> bool:
    return _data(rows) == [pbx.users[key]]


def _is_contact(pbx: Pbx, key: int, rows: Rows) -> bool:
    return len(rows) == 1 and any(
        each["FirstName"] == f"New {key}" and each["Id"] == _data(rows)[0].get("Id") for each in pbx.contacts
    )


def _is_one(pbx: Pbx, key: int, rows: Rows) -> bool:
    del pbx, key
    return len(rows) == 1


def _is_recording(pbx: Pbx, key: int, rows: Rows) -> bool:
    del pbx, key
    files = [file for each in rows for file in each.get("binary", {}).values()]
    return [base64.b64decode(file["data"]) for file in files] == [RECORDING]


_ID = "={{ $json.key }}"
KINDS: tuple[Kind, ...] = (
    Kind("list", "ListUser", {"returnAll": True}, "GET /xapi/v1/Users?", f"skip={PAGE_SIZE}", _is_list, (1,)),
    Kind("get", "GetUser", {"Id": _ID}, "/Users(1)", "/Users(2)", _is_user),
    Kind("download", "DownloadRecording", {"recId": _ID}, "(recId=1)", "(recId=2)", _is_recording),
    Kind(
        "create",
        "CreateContact",
        {"FirstName": "=New {{ $json.key }}", "LastName": "Person"},
        '"New 1"',
        '"New 2"',
        _is_contact,
        changes=True,
    ),
    Kind(
        "update",
        "UpdateUser",
        {"Id": _ID, "FirstName": "=Changed {{ $json.key }}"},
        "/Users(1)",
        "PATCH /xapi/v1/Users(2)",
        _is_one,
        changes=True,
        is_settled=True,
    ),
    Kind(
        "delete",
        "DeleteUser",
        {"Id": _ID},
        "/Users(1)",
        "DELETE /xapi/v1/Users(2)",
        _is_one,
        changes=True,
        is_settled=True,
    ),
    Kind("action", "SendWelcomeEmail", {"Id": _ID}, "/Users(1)", "/Users(2)", _is_one, changes=True),
    Kind("function", "GenerateProvLink", {"Id": _ID}, "/Users(1)", "/Users(2)", _is_one, changes=True),
)
ALL_ROWS = USERS
