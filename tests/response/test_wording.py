"""3CX's codes in words, with the values of the request, on one line."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.support import FakePbx, odata_error, run
from threecx_node.advice import BY_WARNING, WITHOUT_FIELD
from threecx_node.catalog import load_catalog
from threecx_node.errors import ResponseError, ThreeCxError
from threecx_node.execution.results import Batch
from threecx_node.response.wording import put_in_words
from threecx_node.titles import TITLES

CATALOG = load_catalog()


def words(message: str, body: Any = None, keys: Any = None, **details: Any) -> ResponseError:
    error = ResponseError(message, code="http_400", http_code=400, **details)
    put_in_words(error, keys or {}, None if body is None else json.dumps(body).encode())
    return error


def test_every_code_has_a_title() -> None:
    assert set(TITLES) == set(BY_WARNING)
    assert set(CATALOG.enums["Pbx.Warnings"].members) <= set(TITLES)
    assert {code for code, text in BY_WARNING.items() if "the message names" in text} <= set(WITHOUT_FIELD)


@pytest.mark.parametrize("code", sorted(TITLES))
def test_no_title_contains_a_code_or_a_line_break(code: str) -> None:
    for message in (f"Number:\n{code}", f"Number:\r\n{code}", code):
        error = words(message, {"Number": "142"}, field="Number")
        assert "WARNINGS" not in error.message
        assert "\n" not in error.message
        assert "{" not in error.message
        assert error.code == code


@pytest.mark.parametrize(
    ("message", "body", "title"),
    [
        ("Number:\nWARNINGS.XAPI.ALREADY_IN_USE", {"Number": "142"}, "Number 142 is already in use"),
        ("Name:\nWARNINGS.XAPI.DUPLICATE", {"Name": "Sales Team"}, 'Name "Sales Team" already exists'),
        ("Name:\nWARNINGS.XAPI.REQUIRED", {}, "Name is required"),
        ("WARNINGS.XAPI.INVALID", {}, "a value of the request is not valid"),
        ("Number: WARNINGS.XAPI.INVALID; Name: WARNINGS.XAPI.REQUIRED", {"Number": "x"},
         "Number x is not valid; Name is required"),
        ("Gateway.Host:\nWARNINGS.XAPI.INVALID", {"Gateway": {"Host": "x y"}}, 'Gateway.Host "x y" is not valid'),
        ("agents[1]/number:\nWARNINGS.XAPI.NOT_FOUND", {"Agents": [{}, {"Number": 7}]},
         "agents[1]/number 7 was not found on this PBX"),
        ("AuthPassword:\nWARNINGS.XAPI.INVALID", {"AuthPassword": "s3cr3t"}, "AuthPassword is not valid"),
        ("Groups:\nWARNINGS.XAPI.INVALID", {"Groups": [1]}, "Groups is not valid"),
        ("Number:\nWARNINGS.XAPI.ALREADY_IN_USE\nName:\nWARNINGS.XAPI.REQUIRED", {"Number": "142"},
         "Number 142 is already in use; Name is required"),
        ("Number:\nWARNINGS.XAPI.BRAND_NEW", {"Number": "142"}, "Number 142: brand new"),
        ("The input was not valid.\n\ndelta:\nThe delta field is required.", {},
         "The input was not valid. delta: The delta field is required."),
        ("Name:\nWARNINGS.XAPI.INVALID", {"Name": "x" * 500}, f"Name {'x' * 60}… is not valid"),
    ],
)  # fmt: skip
def test_a_code_becomes_a_title_with_the_value(message: str, body: Any, title: str) -> None:
    assert words(message, body).message == title


@pytest.mark.parametrize("code", sorted(each for each in WITHOUT_FIELD if isinstance(each, str)))
def test_advice_refers_to_a_named_field_only_if_there_is_one(code: str) -> None:
    pbx = FakePbx(lambda _: odata_error(400, code))
    [result] = run(pbx, "UpdateUser", [{}], {"Id": 5, "FirstName": "Zoe"}).results
    assert result.error is not None
    assert "the message names" not in result.error.description
    pbx = FakePbx(lambda _: odata_error(400, code, "FirstName"))
    [result] = run(pbx, "UpdateUser", [{}], {"Id": 5, "FirstName": "Zoe"}).results
    assert result.error is not None
    assert "FirstName Zoe" in result.error.message
    assert "the message names" in result.error.description


def test_the_only_value_of_a_request_is_named() -> None:
    assert words("WARNINGS.XAPI.NOT_FOUND", keys={"Id": 5}).message == "Id 5 was not found on this PBX"


def test_a_secret_inside_an_object_is_not_shown() -> None:
    error = words("AuthPassword/Value:\nWARNINGS.XAPI.INVALID", {"AuthPassword": {"Value": "s3cr3t"}})
    assert error.message == "AuthPassword/Value is not valid"


def test_a_body_that_is_not_json_has_no_values() -> None:
    error = ResponseError("file:\nWARNINGS.XAPI.FILE_IS_TOO_LARGE", http_code=400)
    put_in_words(error, {}, b"--boundary\r\nRIFF")
    assert error.message == "the file is too large"
    error = ResponseError("Name:\nWARNINGS.XAPI.INVALID", http_code=400)
    put_in_words(error, {}, b"--boundary\r\nRIFF")
    assert error.message == "Name is not valid"


def error_of(batch: Batch) -> ThreeCxError:
    [result] = batch.results
    assert result.error is not None
    return result.error


def test_the_title_of_an_item_and_its_code() -> None:
    pbx = FakePbx(lambda _: odata_error(400, "WARNINGS.XAPI.ALREADY_IN_USE", "Number"))
    error = error_of(run(pbx, "CreateUser", [{}], {"Number": "142"}))
    assert error.message == "Number 142 is already in use"
    assert error.code == "WARNINGS.XAPI.ALREADY_IN_USE"
    assert error.one_line() == (
        "item 0: Number 142 is already in use. Choose another value: it must be unique on this PBX."
    )


def test_the_title_of_a_look_up_names_the_number() -> None:
    pbx = FakePbx(lambda _: odata_error(404, "WARNINGS.XAPI.NOT_FOUND", "Number"))
    locator = {"__rl": True, "mode": "number", "value": "142"}
    error = error_of(run(pbx, "UpdateUser", [{}], {"Id": locator, "Number": "143"}))
    assert error.message == "Number 142 was not found on this PBX"


def test_failures_of_a_bulk_action_are_in_words() -> None:
    failures = [{"ExtensionNumber": "101", "Error": "WARNINGS.USER_EXTENSION_CANNOT_BE_DELETED"}]
    pbx = FakePbx(lambda _: httpx.Response(200, json={"value": failures}))
    error = error_of(run(pbx, "BatchDelete", [{}], {"ids": [5]}))
    assert "101: the user cannot be deleted" in error.message
    assert error.code == "partial_failure"
    assert error.to_json()["failures"] == failures
