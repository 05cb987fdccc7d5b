"""Responses → payloads or errors, by what came, whatever the document says."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from threecx_node.advice import (
    BY_CALL_STATUS,
    BY_FAILURE,
    BY_STATUS,
    BY_WARNING,
    CALL_GONE,
    DEVICE_GONE,
    advice_for,
)
from threecx_node.catalog import load_catalog
from threecx_node.errors import PartialFailureError, ResponseError, ThreeCxError, TransportError
from threecx_node.messages import HttpResponse
from threecx_node.response.decode import File, Payload, decode
from threecx_node.response.items import to_items

CATALOG = load_catalog()


def decoded(operation: str, status: int, body: Any = b"", headers: dict[str, str] | None = None) -> Payload:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given_headers = (
        headers if headers is not None else {"content-type": "application/json; odata.metadata=minimal"}
    )
    found = CATALOG.operation(operation)
    return decode(
        found, found.version(), HttpResponse(status, httpx.Headers(given_headers), content), "pbx.example"
    )


def items(operation: str, payload: Payload, **options: Any) -> list[dict[str, Any]]:
    found = CATALOG.operation(operation)
    return to_items(found, payload, 3, **{"keys": {}, **options})


def test_a_delete() -> None:
    payload = decoded("DeleteCallFlowApp", 204)
    assert items("DeleteCallFlowApp", payload, keys={"Id": 12}) == [
        {"json": {"deleted": True, "Id": 12}, "pairedItem": {"item": 3}}
    ]


def test_an_update_and_an_action_of_nothing() -> None:
    assert items("UpdateUser", decoded("UpdateUser", 204), keys={"Id": 5})[0]["json"] == {
        "updated": True,
        "Id": 5,
    }
    assert items("SetActive", decoded("SetActive", 204), keys={"Id": 5})[0]["json"] == {"success": True}


def test_an_entity_keeps_its_etag_and_loses_its_context() -> None:
    payload = decoded("GetCallFlowApp", 200, {"@odata.context": "x", "@odata.etag": 'W/"1"', "Id": 5})
    assert items("GetCallFlowApp", payload)[0]["json"] == {"@odata.etag": 'W/"1"', "Id": 5}


def test_a_collection_gives_an_item_per_entity() -> None:
    payload = decoded("ListUser", 200, {"@odata.count": 2, "value": [{"Id": 1}, {"Id": 2}]})
    assert payload.count == 2
    assert [each["json"]["Id"] for each in items("ListUser", payload)] == [1, 2]
    assert items("ListUser", decoded("ListUser", 200, {"value": []})) == []


def test_collections_and_values_without_objects() -> None:
    assert items("GetFiles", decoded("GetFiles", 200, {"value": ["a", "b"]}))[1]["json"] == {"value": "b"}
    assert items(
        "GetLocalBackupSize", decoded("GetLocalBackupSize", 200, {"@odata.context": "x", "value": 7})
    )[0]["json"] == {"value": 7}


def test_simplify_keeps_the_fields_that_are_there() -> None:
    payload = decoded("GetUser", 200, {"Id": 5, "Number": "102", "Secret": "x"})
    assert items("GetUser", payload, fields=("Number", "Id", "FirstName"))[0]["json"] == {
        "Number": "102",
        "Id": 5,
    }


def test_a_partly_failed_bulk_action_is_an_error() -> None:
    failures = [{"ExtensionNumber": "101", "Error": "WARNINGS.XAPI.NOT_FOUND"}]
    with pytest.raises(PartialFailureError) as caught:
        decoded("BatchDelete", 200, {"value": failures})
    assert "101: WARNINGS.XAPI.NOT_FOUND" in caught.value.message
    assert caught.value.to_json()["failures"] == failures
    # Nothing in the list of errors is a success, and a workflow goes on after it.
    done = items("BatchDelete", decoded("BatchDelete", 200, {"value": []}))
    assert [each["json"] for each in done] == [{"success": True}]
    assert items("GetDuplicatedEmails", decoded("GetDuplicatedEmails", 200, {"value": []})) == []


ATTACHED = "attachment; filename"


@pytest.mark.parametrize(
    ("media_type", "disposition", "name"),
    [
        ("audio/x-wav", "", "DownloadRecording.wav"),
        ("audio/x-wav", f'{ATTACHED}="a b.wav"', "a b.wav"),
        ("application/json", f"{ATTACHED}=x.json", "x.json"),
        ("text/csv", f"{ATTACHED}*=UTF-8''f%C3%BCr.csv", "für.csv"),
        ("application/zip", f'{ATTACHED}="../../etc/passwd"', "passwd"),
        ("application/zip", f'{ATTACHED}="C:\\\\x\\\\y.zip"', "y.zip"),
        ("application/zip", f'{ATTACHED}=".."', "DownloadRecording.zip"),
        ("text/html", f"{ATTACHED}=report.html", "report.html"),
        ("", "", "DownloadRecording"),
    ],
)
def test_files_are_recognised_by_their_headers(media_type: str, disposition: str, name: str) -> None:
    headers = {"content-type": media_type, "content-disposition": disposition}
    given_headers = {header: value for header, value in headers.items() if value}
    payload = decoded("DownloadRecording", 200, b"RIFF....", given_headers)
    assert payload == Payload("file", File(b"RIFF....", media_type or "application/octet-stream", name))
    [item] = items("DownloadRecording", payload, binary_property="file")
    assert item["binary"]["file"]["data"] == "UklGRi4uLi4="
    assert item["binary"]["file"]["fileName"] == item["json"]["fileName"] == name


def test_a_download_that_answers_json_is_what_the_json_is() -> None:
    payload = decoded("DownloadEventLogs", 200, {"value": [{"Id": 1}]})
    assert payload.kind == "collection"


def test_an_error_keeps_the_words_of_the_pbx_and_adds_advice() -> None:
    body = {
        "error": {
            "code": "",
            "message": "Number:\nWARNINGS.XAPI.ALREADY_IN_USE",
            "details": [{"code": "", "message": "WARNINGS.XAPI.ALREADY_IN_USE", "target": "Number"}],
        }
    }
    with pytest.raises(ResponseError) as caught:
        decoded("CreateUser", 400, body)
    error = caught.value
    assert error.message == "Number:\nWARNINGS.XAPI.ALREADY_IN_USE"
    assert (error.http_code, error.code, error.field) == (400, "WARNINGS.XAPI.ALREADY_IN_USE", "Number")
    assert error.description == BY_WARNING["WARNINGS.XAPI.ALREADY_IN_USE"]
    assert "\n" not in error.one_line()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 413, 429, 500, 501, 503, 504, 599])
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", {"error": {}}, {"error": "x"}, {"error": {"details": [5]}}, {"message": "m"}],
)
def test_every_error_status_has_words_and_advice(status: int, body: Any) -> None:
    with pytest.raises(ResponseError) as caught:
        decoded("GetUser", status, body)
    assert caught.value.http_code == status
    assert caught.value.message
    assert caught.value.description


@pytest.mark.parametrize(
    ("status", "body", "headers", "code"),
    [
        (200, b"<html>", {"content-type": "text/html"}, "not_3cx"),
        (404, b"<html>", {"content-type": "text/html"}, "not_3cx"),
        (302, b"", {"location": "https://elsewhere"}, "not_3cx"),
        # It may be a cut response of 3CX.
        (200, b"{broken", {"content-type": "application/json"}, "unusable_response"),
    ],
)
def test_other_servers(status: int, body: bytes, headers: dict[str, str], code: str) -> None:
    with pytest.raises(TransportError) as caught:
        decoded("GetUser", status, body, headers)
    assert caught.value.code == code
    assert "pbx.example" in caught.value.message


@given(
    st.integers(min_value=200, max_value=599),
    st.binary(max_size=40) | st.just(b'{"error":{"message":5,"details":"x"}}'),
    st.sampled_from(["", "application/json", "text/html", "text/plain; charset=x", "audio/x-wav", ";;;"]),
    st.text(max_size=20),
)
def test_any_response_is_a_payload_or_a_known_error(
    status: int, body: bytes, media_type: str, name: str
) -> None:
    headers = {"content-type": media_type, "content-disposition": f'attachment; filename="{name!a}"'}
    if not name:
        del headers["content-disposition"]
    told: list[str] = []
    try:
        payload = decoded("GetUser", status, body, headers)
    except ThreeCxError as error:
        told = [error.message, error.description]
    else:
        assert isinstance(items("GetUser", payload, keys={"Id": 1}), list)
    assert all(told)


def test_every_code_of_3cx_has_advice() -> None:
    members = set(CATALOG.enums["Pbx.Warnings"].members)
    assert members == set(BY_WARNING)
    assert len(CATALOG.enums["Pbx.Warnings"].members_in("20.0.10")) == 106


def test_advice_is_one_sentence_or_two_and_never_3cxs_code() -> None:
    for text in (
        *BY_STATUS.values(),
        *BY_FAILURE.values(),
        *BY_WARNING.values(),
        *BY_CALL_STATUS.values(),
        CALL_GONE,
        DEVICE_GONE,
    ):
        assert text.endswith((".", ").")), text
        assert "\n" not in text
        assert "WARNINGS" not in text
        assert len(text) < 160
    assert advice_for(None, "unheard of") == ""
    assert advice_for(599) == BY_STATUS[500]
