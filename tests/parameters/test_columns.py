"""Automatic mapping: the columns of an item as the fields of a body."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.support import FakePbx, run
from threecx_node.catalog import load_catalog
from threecx_node.errors import BodyError
from threecx_node.execution.results import Batch
from threecx_node.options import Options
from threecx_node.parameters.columns import map_columns
from threecx_node.parameters.table import ParameterTable

CATALOG = load_catalog()
AUTOMATIC = {"body": {"mappingMode": "autoMapInputData", "value": None}}


def table_of(operation: str) -> ParameterTable:
    found = CATALOG.operation(operation)
    return ParameterTable(CATALOG, found, found.version(), None)


def create_users(*items: dict[str, Any], **options: Any) -> tuple[Batch, list[Any]]:
    """The batch that creates a user per item, and the bodies that were sent."""
    pbx = FakePbx(lambda _: httpx.Response(201, json={"Id": 1}))
    batch = run(pbx, "CreateUser", items, AUTOMATIC, Options(**options))
    return batch, [json.loads(each.content) for each in pbx.requests if each.method == "POST"]


@pytest.mark.parametrize(
    "column", ["FirstName", "firstname", "FIRSTNAME", "First Name", "first_name", "first-name"]
)
def test_columns_match_as_parameters_do(column: str) -> None:
    batch, bodies = create_users({"number": "0401", column: "Zoe"})
    assert batch.summary() == ""
    assert batch.notes == ()
    assert bodies == [{"Number": "0401", "FirstName": "Zoe"}]


def test_an_exact_column_wins_over_a_loose_one() -> None:
    batch, bodies = create_users({"firstname": "wrong", "FirstName": "Zoe", "Number": "1", "NUMBER": "2"})
    assert bodies == [{"FirstName": "Zoe", "Number": "1"}]
    assert batch.notes == (
        "automatic mapping left out 2 columns that are not fields of CreateUser: firstname, NUMBER",
    )


def test_two_columns_for_one_field_are_refused() -> None:
    batch, bodies = create_users({"Number": "1", "First Name": "Zoe", "first_name": "Ann"})
    error = batch.results[0].error
    assert error is not None
    assert error.message == 'the columns "First Name" and "first_name" both match the field FirstName'
    assert error.field == "FirstName"
    assert bodies == []


def test_an_item_of_which_nothing_matched_is_refused() -> None:
    batch, bodies = create_users({"vorname": "Zoe", "lastnam": "Ax"}, {"Number": "1"})
    error = batch.results[0].error
    assert error is not None
    assert error.message == "no column of the item is a field of CreateUser; it has vorname, lastnam"
    assert 'LastName (for "lastnam")' in error.description
    assert bodies == []


def test_columns_without_a_near_field_name_the_fields() -> None:
    with pytest.raises(BodyError) as caught:
        map_columns(table_of("CreateParking"), {"qqq": 1})
    assert caught.value.description.startswith("The fields are ")
    assert "Number" in caught.value.description


def test_unmatched_columns_are_reported_once() -> None:
    items = [{"Number": str(number), "shoeSize": 37, f"extra{number}": 1} for number in range(30)]
    batch, bodies = create_users(*items, dry_run=True)
    assert bodies == []
    (note,) = batch.notes
    assert note.startswith(
        "automatic mapping left out 31 columns that are not fields of CreateUser: shoeSize, "
    )
    assert note.endswith(" and 21 more")


def test_the_key_of_an_update_is_not_left_out() -> None:
    pbx = FakePbx(lambda _: httpx.Response(204))
    batch = run(pbx, "UpdateUser", [{"id": 5, "firstname": "Zoe"}], {"Id": "={{ $json.id }}", **AUTOMATIC})
    assert batch.notes == ()
    assert json.loads(pbx.requests[-1].content) == {"FirstName": "Zoe"}


def test_an_item_with_only_the_key_has_nothing_to_update() -> None:
    pbx = FakePbx(lambda _: httpx.Response(204))
    batch = run(pbx, "UpdateUser", [{"Id": 5}], {"Id": 5, **AUTOMATIC})
    assert "nothing to update" in batch.summary()
    assert pbx.requests == []


def test_ten_thousand_columns_are_refused() -> None:
    item = {"Number": "1"} | {f"column {number}" * 20: number for number in range(10_000)}
    batch, bodies = create_users(item, {"Number": "2"})
    error = batch.results[0].error
    assert error is not None
    assert error.message == "the item has 10001 columns, more than the 1000 that automatic mapping accepts"
    assert len(error.one_line()) < 400
    assert bodies == []


def test_many_long_columns_give_a_short_error() -> None:
    with pytest.raises(BodyError) as caught:
        map_columns(table_of("CreateUser"), {f"{number}{'x' * 100_000}": number for number in range(900)})
    assert "and 890 more" in caught.value.message
    assert len(caught.value.one_line()) < 1200
    assert "\n" not in caught.value.one_line()


def test_columns_of_every_operation_match_in_any_case() -> None:
    for operation in CATALOG.operations():
        table = table_of(operation.id)
        fields = list(table.mappable_fields)
        if not fields:
            continue
        assert list(map_columns(table, {name.upper(): 1 for name in fields}).body) == fields, operation.id
