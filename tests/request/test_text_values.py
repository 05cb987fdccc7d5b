"""Texts in bodies: one rule at every depth and for every way in which a body is given."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.request.body_schema import validator_for
from tests.samples import BY_EDM_TYPE
from tests.support import FakePbx, run
from threecx_node.catalog import load_catalog
from threecx_node.errors import BodyError
from threecx_node.messages import RequestValues
from threecx_node.options import Options
from threecx_node.request.build import RequestBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threecx_node.catalog import Property

CATALOG = load_catalog()


def encode(operation: str, body: Any) -> Any:
    request = RequestBuilder(CATALOG, CATALOG.operation(operation)).build(
        RequestValues({"Id": 5}, {}, None, body)
    )
    assert request.body is not None
    return json.loads(request.body)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"Enabled": "true"}, {"Enabled": True}),
        ({"Enabled": "FALSE"}, {"Enabled": False}),
        ({"Enabled": " False "}, {"Enabled": False}),
        ({"PrimaryGroupId": "5"}, {"PrimaryGroupId": 5}),
        ({"PrimaryGroupId": "5", "FirstName": "5"}, {"PrimaryGroupId": 5, "FirstName": "5"}),
        ({"FirstName": "true", "LastName": "[1]"}, {"FirstName": "true", "LastName": "[1]"}),
        ({"Groups": '[{"GroupId": "7"}]'}, {"Groups": [{"GroupId": 7}]}),
        ({"Groups": ['{"GroupId": "7"}']}, {"Groups": [{"GroupId": 7}]}),
        ({"Groups": [{"Rights": '{"CanBargeIn": "TRUE"}'}]}, {"Groups": [{"Rights": {"CanBargeIn": True}}]}),
        ({"Groups": [{"Rights": "null"}]}, {"Groups": [{"Rights": None}]}),
    ],
)
def test_a_text_that_is_a_value_is_that_value(given: Any, sent: Any) -> None:
    assert encode("UpdateUser", given) == sent


@pytest.mark.parametrize("given", [[12, 13], "12, 13", "12,13 ", ["12", 13], "[12, 13]"])
def test_a_list_of_numbers_may_be_a_text_with_commas(given: Any) -> None:
    assert encode("BulkRecordingsDelete", {"ids": given}) == {"ids": [12, 13]}


@pytest.mark.parametrize("given", [12, "12", " 12", [12], "[12]"])
def test_a_list_of_numbers_may_be_one_number(given: Any) -> None:
    assert encode("BulkRecordingsDelete", {"ids": given}) == {"ids": [12]}


@pytest.mark.parametrize("given", ["", " ", "12,", "12;13", "a", "1.5", 1.5, True, {}, "12,x"])
def test_another_value_is_refused_as_a_list_of_numbers(given: Any) -> None:
    with pytest.raises(BodyError, match="ids: expected a list"):
        encode("BulkRecordingsDelete", {"ids": given})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Enabled": "yes"}, 'Enabled: expected true or false, got the text "yes"'),
        ({"Enabled": ""}, 'Enabled: expected true or false, got the text ""'),
        ({"PrimaryGroupId": "5.5"}, "PrimaryGroupId: expected a whole number"),
        ({"PrimaryGroupId": ""}, "PrimaryGroupId: expected a whole number"),
        ({"Groups": "sales"}, 'Groups: expected a list, got the text "sales"'),
        ({"Groups": '{"GroupId": 7}'}, "Groups: expected a list"),
        ({"Groups": "[{'GroupId': 7}]"}, "Groups is not valid JSON at line 1, column 3"),
        ({"Groups": ["[]"]}, r"Groups\[0\]: expected an object"),
        ({"Groups": '[{"GroupId": "x"}]'}, r"Groups\[0\]\.GroupId: expected a whole number"),
        ({"Groups": [{"Rights": {"CanBargeIn": "on"}}]}, "CanBargeIn: expected true or false"),
    ],
)
def test_another_text_names_what_is_allowed(given: Any, message: str) -> None:
    with pytest.raises(BodyError, match=message):
        encode("UpdateUser", given)


def test_every_field_takes_the_text_of_its_value() -> None:
    """Over all bodies: the texts of the values are sent as the values themselves are."""
    for operation in CATALOG.operations():
        version = operation.version()
        if version.body is None:
            continue
        declared = CATALOG.body_properties(version)
        values = {name: value for name, each in declared.items() if (value := sample(each)) is not None}
        texts = {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()
        }
        encoder = RequestBuilder(CATALOG, operation)._body_encoder
        assert encoder.encode(texts) == encoder.encode(values), operation.id
        judge = validator_for(CATALOG, operation.id, version.body, None)
        assert judge.is_valid(json.loads(encoder.encode(texts))), operation.id


def sample(declared: Property) -> Any:
    type_ref = declared.type
    enum = CATALOG.enums.get(type_ref.name)
    single = (
        enum.members[0]
        if enum
        else {}
        if CATALOG.is_schema(type_ref.name)
        else BY_EDM_TYPE.get(type_ref.name)
    )
    if isinstance(single, str) and declared.max_length:
        single = single[: declared.max_length]
    return None if single is None else [single] if type_ref.collection else single


AUTOMATIC = {"mappingMode": "autoMapInputData", "value": None}
TEXTS = {"Enabled": "FALSE", "PrimaryGroupId": "5", "Groups": '[{"GroupId": "7"}]', "FirstName": "5"}
VALUES = {"Enabled": False, "PrimaryGroupId": 5, "Groups": [{"GroupId": 7}], "FirstName": "5"}


@pytest.mark.parametrize(
    ("item", "parameters"),
    [
        (TEXTS, {"body": AUTOMATIC}),
        ({}, {"body": {"mappingMode": "defineBelow", "value": TEXTS}}),
        ({}, {"body": TEXTS}),
        ({}, {"body": json.dumps(TEXTS)}),
        ({}, TEXTS),
        (TEXTS, {name: f"={{{{ $json.{name} }}}}" for name in TEXTS}),
    ],
    ids=["automatic", "by hand", "body", "body as text", "one by one", "expressions"],
)
def test_all_ways_to_give_a_body_take_the_same_texts(
    item: Mapping[str, Any], parameters: Mapping[str, Any]
) -> None:
    pbx = FakePbx(lambda _: httpx.Response(204))
    # Only the request counts here, not what the PBX has stored.
    options = Options(allow_incomplete_lists=True)
    batch = run(pbx, "UpdateUser", [item], {"Id": 5, **parameters}, options)
    assert batch.summary() == ""
    assert json.loads(pbx.requests[-1].content) == VALUES


@pytest.mark.parametrize(
    "parameters", [{"body": AUTOMATIC}, {"body": {"mappingMode": "defineBelow", "value": {}}}]
)
def test_an_empty_cell_is_not_sent(parameters: dict[str, Any]) -> None:
    cells = {"PrimaryGroupId": "", "Enabled": " ", "Groups": "", "FirstName": "Zoe", "Mobile": ""}
    if parameters["body"]["value"] is not None:
        parameters = {"body": {**parameters["body"], "value": cells}}
    pbx = FakePbx(lambda _: httpx.Response(204))
    run(pbx, "UpdateUser", [cells], {"Id": 5, **parameters})
    assert json.loads(pbx.requests[-1].content) == {"FirstName": "Zoe", "Mobile": ""}
