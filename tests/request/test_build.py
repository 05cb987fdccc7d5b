"""Requests from values: required parameters, headers, and bodies of exactly what was given."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from threecx_node.catalog import load_catalog
from threecx_node.errors import BodyError, ItemError, ParameterError
from threecx_node.messages import HttpRequest, RequestValues
from threecx_node.request.build import RequestBuilder
from threecx_node.values.undefined import UNDEFINED

CATALOG = load_catalog()


def build(
    operation: str, values: RequestValues, *, release: str | None = None, **options: Any
) -> HttpRequest:
    return RequestBuilder(CATALOG, CATALOG.operation(operation), release, **options).build(values)


def update_user(body: Any, **options: Any) -> Any:
    request = build("UpdateUser", RequestValues({"Id": 5}, {}, None, body), **options)
    assert request.body is not None
    return json.loads(request.body)


def test_delete_with_if_match() -> None:
    request = build("DeleteCallFlowApp", RequestValues({"Id": 12}, {}, 'W/"abc"'))
    assert (request.method, request.target) == ("DELETE", "/CallFlowApps(12)")
    assert request.headers == {"If-Match": 'W/"abc"'}
    assert request.body is None


@pytest.mark.parametrize("nothing", [None, UNDEFINED, "", "  "])
def test_a_missing_required_parameter(nothing: Any) -> None:
    with pytest.raises(ParameterError, match="Id is required") as caught:
        build("DeleteCallFlowApp", RequestValues({"Id": nothing}))
    assert caught.value.field == "Id"
    assert caught.value.description


@pytest.mark.parametrize("nothing", [None, UNDEFINED, ""])
def test_an_if_match_of_nothing_is_left_out(nothing: Any) -> None:
    assert build("DeleteCallFlowApp", RequestValues({"Id": 12}, {}, nothing)).headers == {}


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00b", "ä", 5])
def test_an_if_match_that_is_not_a_header_is_refused(value: Any) -> None:
    with pytest.raises(ParameterError, match="If-Match"):
        build("DeleteCallFlowApp", RequestValues({"Id": 12}, {}, value))


def test_a_body_contains_only_the_given_fields() -> None:
    assert update_user({"FirstName": "Ada"}) == {"FirstName": "Ada"}
    assert update_user({"FirstName": "", "EmailAddress": None}) == {"FirstName": "", "EmailAddress": None}
    assert update_user({"FirstName": "Ada", "LastName": UNDEFINED}) == {"FirstName": "Ada"}


USER_FIELDS = {
    name: each
    for name, each in CATALOG.properties("Pbx.User").items()
    if str(each.type) in ("String", "Boolean", "Int32") and each.max_length is None
}
SAMPLES = {"String": st.text(st.characters(exclude_categories=["Cs"])), "Boolean": st.booleans(),
           "Int32": st.integers(min_value=-(2**31), max_value=2**31 - 1)}  # fmt: skip


@settings(max_examples=60)
@given(st.data())
def test_nothing_is_added_and_nothing_lost(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(USER_FIELDS)), min_size=1, max_size=6, unique=True))
    body = {name: data.draw(SAMPLES[str(USER_FIELDS[name].type)]) for name in names}
    assert update_user(body) == body


def test_an_update_of_nothing_is_refused() -> None:
    nothings: tuple[Any, ...] = (None, {}, UNDEFINED)
    for nothing in nothings:
        with pytest.raises(ParameterError, match="nothing to update"):
            build("UpdateUser", RequestValues({"Id": 5}, {}, None, nothing))


@pytest.mark.parametrize(
    ("given", "text"), [(4799, "4799"), (4799.0, "4799"), (-1.5, "-1.5"), (2**70, str(2**70))]
)
def test_a_number_for_a_text_becomes_its_digits(given: Any, text: str) -> None:
    assert update_user({"Mobile": given, "Groups": [{"Name": given}]}) == {
        "Mobile": text,
        "Groups": [{"Name": text}],
    }


@pytest.mark.parametrize(
    ("parameters", "what"),
    [({}, "missing"), ({"Id": None}, "null"), ({"Id": UNDEFINED}, "undefined"), ({"Id": " "}, "empty")],
)
def test_an_error_says_why_a_required_parameter_has_no_value(parameters: dict[str, Any], what: str) -> None:
    with pytest.raises(ParameterError, match=f"^Id is required, but it is {what}$"):
        build("GetUser", RequestValues(parameters))


@pytest.mark.parametrize("body", [None, {}, {"ids": None}, {"ids": UNDEFINED}])
def test_required_fields_of_an_action(body: Any) -> None:
    with pytest.raises(ParameterError, match="ids is required, but it is") as caught:
        build("BatchDelete", RequestValues({}, {}, None, body))
    assert caught.value.field == "ids"
    assert build("BatchDelete", RequestValues({}, {}, None, {"ids": []})).body == b'{"ids":[]}'


def test_annotations_of_a_template_are_sent_back() -> None:
    body = {"@odata.context": "x", "Id": 0, "Number": "150", "Groups@odata.type": "y"}
    request = build("CreateQueue", RequestValues({}, {}, None, body))
    assert json.loads(request.body or b"") == body


@pytest.mark.parametrize(
    ("body", "message", "hint"),
    [
        ({"FirstNam": "Ada"}, "no body field 'FirstNam'", "Did you mean 'FirstName'?"),
        ({"Groups": [{"GroupIdd": 1}]}, "no body field 'Groups[0].GroupIdd'", "Did you mean 'GroupId'?"),
        ({"Id": "x"}, 'Id: expected a whole number from -2147483648 to 2147483647, got the text "x"', ""),
        ({"Id": 2**31}, "Id: expected a whole number from -2147483648 to 2147483647, got 2147483648", ""),
        ({"VMEnabled": "yes"}, 'VMEnabled: expected true or false, got the text "yes"', ""),
        ({"VMEnabled": 1}, "VMEnabled: expected true or false, got 1", ""),
        ({"Groups": {}}, "Groups: expected a list, got an object", ""),
        (
            {"TranscriptionMode": "Voicemai"},
            "TranscriptionMode: expected one of",
            "Did you mean 'Voicemail'?",
        ),
        ({"FirstName": True}, "FirstName: expected a text, got true", ""),
        ({"Blfs": "x" * 20481}, "Blfs: expected a text of at most 20480 characters", ""),
        ([1], "must be a JSON object, not a list", ""),
        ("text", 'must be a JSON object, not "text"', ""),
    ],
)
def test_a_body_that_does_not_fit_names_the_field(body: Any, message: str, hint: str) -> None:
    with pytest.raises(BodyError) as caught:
        update_user(body)
    assert message in caught.value.message
    assert caught.value.message.count("\n") == 0
    if hint:
        assert caught.value.description == hint


def test_a_field_that_a_release_lacks_is_named_with_the_release() -> None:
    fields = CATALOG.properties("Pbx.User")
    newer = next(name for name, each in fields.items() if each.releases and "20.0.4" not in each.releases)
    with pytest.raises(BodyError, match=rf"no body field '{newer}' in 3CX 20\.0\.4"):
        update_user({newer: None}, release="20.0.4")


def test_a_type_that_changed_is_checked_as_the_release_has_it() -> None:
    body = {"AuthPassword": "secret"}
    request = build("UpdateTrunk", RequestValues({"Id": 5}, {}, None, body), release="20.0.4")
    assert json.loads(request.body or b"") == body
    with pytest.raises(BodyError, match="AuthPassword: expected an object"):
        build("UpdateTrunk", RequestValues({"Id": 5}, {}, None, body), release="20.0.10")


def test_flag_enums_take_several_members() -> None:
    assert update_user({"TranscriptionMode": "Voicemail,Recordings"}) == {
        "TranscriptionMode": "Voicemail,Recordings"
    }


def test_date_times_in_bodies_become_utc() -> None:
    body = {"IPAddrMask": "192.0.2.0/24", "ExpiresAt": "2026-03-29T03:30:00+02:00"}
    request = build("CreateBlocklistAddr", RequestValues({}, {}, None, body))
    assert json.loads(request.body or b"")["ExpiresAt"] == "2026-03-29T01:30:00.000Z"
    with pytest.raises(BodyError, match="ExpiresAt: expected a date-time"):
        build("CreateBlocklistAddr", RequestValues({}, {}, None, {**body, "ExpiresAt": "soon"}))


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_json_has_no_infinity(number: float) -> None:
    with pytest.raises(BodyError, match="JSON has no"):
        update_user({"Id": number})


def test_whole_floats_become_integers() -> None:
    assert json.dumps(update_user({"Id": 5.0})) == '{"Id": 5}'


def test_a_body_over_the_limit_is_refused() -> None:
    with pytest.raises(BodyError, match="more than the limit of 20"):
        update_user({"FirstName": "Ada Lovelace, Countess"}, max_body_bytes=20)


def test_a_body_of_endless_depth_is_refused() -> None:
    deep: Any = {}
    for _ in range(2000):
        deep = {"Groups": [deep]}
    with pytest.raises(ItemError, match="levels deep"):
        update_user({"@annotation": deep})
    with pytest.raises(ItemError):
        update_user(deep)


def test_lone_surrogates_and_large_integers() -> None:
    assert update_user({"FirstName": "\ud83d"}) == {"FirstName": "\ud83d"}
    with pytest.raises(BodyError, match="Id: expected a whole number"):
        update_user({"Id": 2**70})


def test_unknown_query_options() -> None:
    with pytest.raises(ParameterError, match=r"GetUser takes no \$filter"):
        build("GetUser", RequestValues({"Id": 5}, {"$filter": "x"}))


def test_a_key_longer_than_the_document_allows_is_refused() -> None:
    with pytest.raises(ParameterError, match="at most 12 characters"):
        build("GetSbc", RequestValues({"Name": "a" * 13}))


def test_an_operation_without_body_refuses_one() -> None:
    with pytest.raises(ParameterError, match="takes no body"):
        build("DeleteUser", RequestValues({"Id": 5}, {}, None, {"a": 1}))
