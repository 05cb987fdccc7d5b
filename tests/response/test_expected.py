"""A status of 2xx is a success only with what the operation returns; else it is an error, and unknown for a write."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.support import FakePbx, run
from threecx_node.catalog import load_catalog
from threecx_node.errors import UnusableResponseError
from threecx_node.execution.results import Result
from threecx_node.messages import HttpRequest, HttpResponse
from threecx_node.options import Options
from threecx_node.response.decode import decode

CATALOG = load_catalog()
JSON = {"content-type": "application/json; odata.metadata=minimal"}
CONTEXT = "https://pbx.example/xapi/v1/$metadata#"
ERROR = {"error": {"code": "", "message": "out of order"}}
EMPTY, NULL, TEXT, PLAIN = b"", b"null", b'"ok"', b"the words of a proxy"
FOREIGN: Any = {"status": "up", "version": "1"}
USER = {"Id": 5, "Number": "102"}
USERS = {"@odata.context": f"{CONTEXT}Users", "value": [USER]}

OPERATIONS: dict[str, dict[str, Any]] = {
    "list": {"operation": "ListUser", "parameters": {}},
    "get": {"operation": "GetUser", "parameters": {"Id": 5}},
    "function of a list": {"operation": "GetCallLogData", "parameters": {
        "periodFrom": "2026-01-01T00:00:00Z", "periodTo": "2026-01-02T00:00:00Z", "sourceType": 0, "sourceFilter": "x",
        "destinationType": 0, "destinationFilter": "x", "callsType": 0, "callTimeFilterType": 0,
        "callTimeFilterFrom": "0:00:0", "callTimeFilterTo": "0:00:0"}},
    "function of a value": {"operation": "GetLocalBackupSize", "parameters": {}},
    "download": {"operation": "DownloadRecording", "parameters": {"recId": 5}},
    "create": {"operation": "CreateUser", "parameters": {"Number": "102"}},
    "update": {"operation": "UpdateUser", "parameters": {"Id": 5, "FirstName": "Ada"}},
    "delete": {"operation": "DeleteUser", "parameters": {"Id": 5}},
    "action": {"operation": "SetActive", "parameters": {"Id": 5}},
    "action of an entity": {"operation": "MakeCall", "parameters": {"dn": "101", "destination": "102"}},
}  # fmt: skip
WRITES = frozenset({"create", "update", "delete", "action", "action of an entity"})


def respond(kind: str, status: int, body: Any = EMPTY, headers: dict[str, str] | None = None) -> Result:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = headers if headers is not None else (JSON if content and content != PLAIN else {})
    given = {"content-type": "text/plain"} if content == PLAIN else given
    pbx = FakePbx(lambda _: httpx.Response(status, content=content, headers=given))
    chosen = OPERATIONS[kind]
    options = Options(release="20.0.10")
    [result] = run(pbx, chosen["operation"], [{}], chosen["parameters"], options).results
    assert pbx.requests, result.error
    return result


SHAPES: dict[str, tuple[int, Any]] = {
    "an empty body": (200, EMPTY),
    "null": (200, NULL),
    "an empty object": (200, {}),
    "a text": (200, TEXT),
    "a number": (200, 7),
    "plain text": (200, PLAIN),
    "an error": (200, ERROR),
    "an error in words": (200, {"error": "out of order"}),
    "another object": (200, FOREIGN),
    "another list": (200, [["x"]]),
    "a list of numbers": (200, {"value": [1, 2]}),
    "accepted": (202, EMPTY),
    "accepted with a body": (202, {"value": [USER]}),
    "partial": (206, PLAIN),
    "multi-status": (207, {"value": [USER]}),
}
# An operation without a result may have any body except a JSON object; a value may be a number or a text.
RIGHT = {
    ("function of a value", "a number"),
    ("update", "an empty body"),
    ("delete", "an empty body"),
    ("action", "an empty body"),
    ("action", "null"),
    # A download is what it is, a text too.
    ("download", "plain text"),
    *(("download", each) for each in ("a text", "a number", "another object", "another list")),
    ("download", "a list of numbers"),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", OPERATIONS)
def test_a_2xx_is_a_success_only_with_what_the_operation_returns(kind: str, shape: str) -> None:
    result = respond(kind, *SHAPES[shape])
    if (kind, shape) in RIGHT:
        assert result.error is None, result.error.one_line()
        return
    assert result.error is not None, result.to_json()
    assert not result.items
    assert result.error.outcome_unknown == (kind in WRITES)
    assert result.error.code != "bug"
    assert "pbx.example answered 20" in result.error.message
    assert result.error.description


LEGITIMATE: dict[str, tuple[str, int, Any]] = {
    "a list": ("list", 200, USERS),
    "an empty list": ("list", 200, {"value": []}),
    "a list of selected fields": ("list", 200, {"value": [{"Groups": []}]}),
    "an entity": ("get", 200, {"@odata.context": CONTEXT, **USER}),
    "an entity without its context": ("get", 200, USER),
    "null of a function": ("function of a list", 204, EMPTY),
    "a value": ("function of a value", 200, {"@odata.context": CONTEXT, "value": 7}),
    "a large value": ("function of a value", 200, {"value": "9007199254740993"}),
    "a created entity": ("create", 201, USER),
    "a created entity with 200": ("create", 200, USER),
    "a created entity that is left out": ("create", 204, EMPTY),
    "an updated entity": ("update", 200, {"@odata.context": CONTEXT, **USER}),
    "an update": ("update", 204, EMPTY),
    "an update with 200": ("update", 200, EMPTY),
    "a deletion": ("delete", 204, EMPTY),
    "a deletion with 200": ("delete", 200, EMPTY),
    "an action": ("action", 204, EMPTY),
    "an action with 200": ("action", 200, EMPTY),
    "an action with a result of OData": ("action", 200, {"@odata.context": CONTEXT, "value": True}),
    "an action of an entity": ("action of an entity", 200, {"@odata.context": CONTEXT, "Status": 1}),
    "an action of an entity without it": ("action of an entity", 204, EMPTY),
}


@pytest.mark.parametrize(("kind", "status", "body"), LEGITIMATE.values(), ids=LEGITIMATE)
def test_what_3cx_sends_is_a_success(kind: str, status: int, body: Any) -> None:
    result = respond(kind, status, body)
    assert result.error is None, result.error.one_line()
    assert result.items is not None


def test_a_created_entity_may_be_left_out_if_it_is_named() -> None:
    assert respond("create", 201, EMPTY, {"location": "https://pbx.example/xapi/v1/Users(5)"}).error is None
    unknown = respond("create", 201, EMPTY).error
    assert unknown is not None
    assert unknown.outcome_unknown


def test_an_empty_download_is_an_empty_file() -> None:
    [item] = respond("download", 200, EMPTY, {"content-type": "text/csv"}).items or ()
    assert item["json"]["fileSize"] == 0


def test_a_list_that_an_error_ends_is_an_error() -> None:
    error = respond("list", 200, {**USERS, **ERROR}).error
    assert error is not None
    assert error.message == "pbx.example answered 200 with an error: out of order"


def test_202_to_a_delete_says_that_its_outcome_is_unknown() -> None:
    error = respond("delete", 202).error
    assert error is not None
    assert error.message == (
        "pbx.example answered 202 with no result: it accepted the request, but does not say whether it was carried out"
    )
    assert error.to_json()["outcome"] == "unknown"


SECOND_PAGES = {shape: SHAPES[shape] for shape in SHAPES if shape != "a list of numbers"}


@pytest.mark.parametrize("shape", SECOND_PAGES)
@pytest.mark.parametrize("counts", [True, False])
def test_the_rows_before_a_wrong_page_are_kept(shape: str, counts: bool) -> None:
    status, body = SHAPES[shape]

    def answer(request: httpx.Request) -> httpx.Response:
        if "$skip" in request.url.params:
            if isinstance(body, bytes):
                headers = {"content-type": "text/plain"} if body == PLAIN else JSON
                return httpx.Response(status, content=body, headers=headers)
            return httpx.Response(status, json=body)
        count = {"@odata.count": 250} if counts else {}
        return httpx.Response(200, json={**count, "value": [{"Id": number} for number in range(100)]})

    [result] = run(FakePbx(answer), "ListUser", [{}], {"returnAll": True}).results
    assert len(result.items or ()) == 100
    assert result.error is not None
    assert "pbx.example answered 20" in result.error.message


@pytest.mark.parametrize(
    ("method", "status", "body", "is_error"),
    [
        ("GET", 200, EMPTY, True),
        ("GET", 204, EMPTY, False),
        ("GET", 200, FOREIGN, False),
        ("GET", 200, ERROR, True),
        ("POST", 202, {"finalstatus": "Success", "reason": "", "result": {}}, False),
        ("POST", 200, ERROR, True),
        ("DELETE", 202, EMPTY, True),
        ("PATCH", 202, EMPTY, True),
        ("PATCH", 204, EMPTY, False),
    ],
)
def test_api_requests_too(method: str, status: int, body: Any, is_error: bool) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    pbx = FakePbx(lambda _: httpx.Response(status, content=content, headers=JSON))
    parameters = {
        "method": method,
        "path": "/xapi/v1/Users",
        **({} if method == "GET" else {"body": {"a": 1}}),
    }
    [result] = run(pbx, "ApiRequest", [{}], parameters).results
    assert (result.error is not None) == is_error
    if result.error is not None:
        assert result.error.outcome_unknown == (method != "GET")


RELEASES = [
    ("GetUsersByPrincipalNames", {"value": [{"Id": "1", "Mail": "a@b.example"}]}),
    ("IsRequestHelpEnabled", {"@odata.context": CONTEXT, "value": True}),
    ("IsRequestHelpEnabled", {"value": False}),
    ("DeletePlaylistFile", {"@odata.context": CONTEXT}),
    ("DropCall", {}),
    ("DropCall", "x"),
]


@pytest.mark.parametrize(("operation", "body"), RELEASES)
def test_what_an_earlier_release_returns_is_accepted(operation: str, body: Any) -> None:
    found = CATALOG.operation(operation)
    version = found.version()
    request = HttpRequest(version.method, "/x")
    response = HttpResponse(200, httpx.Headers(JSON), json.dumps(body).encode())
    assert decode(found, version, response, "pbx.example", request, CATALOG)


def test_every_operation_refuses_a_foreign_answer() -> None:
    """No operation takes `{"error": …}` or 202, whatever it returns; only actions on calls are accepted by 202."""
    for operation in CATALOG.operations():
        for version in operation.versions:
            request = HttpRequest(version.method, "/x")
            for status, body in ((200, ERROR), (202, EMPTY), (207, EMPTY)):
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                response = HttpResponse(status, httpx.Headers(JSON), content)
                if (status, version.method, version.base_path) == (202, "POST", "/callcontrol"):
                    continue
                with pytest.raises(UnusableResponseError):
                    decode(operation, version, response, "pbx.example", request, CATALOG)
