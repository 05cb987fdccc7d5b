"""The catalog answers questions about paths: segments, keys, lists of entity sets, look-ups by number."""

from __future__ import annotations

import pytest

from threecx_node.catalog import Operation, load_catalog
from threecx_node.catalog.path_template import PathTemplate, Segment
from threecx_node.errors import UnknownNameError

CATALOG = load_catalog()
OPERATIONS = list(CATALOG.operations())


@pytest.mark.parametrize(
    ("text", "pieces", "names", "keys"),
    [
        ("/Users", ("/Users",), ["Users"], [None]),
        ("/Users({Id})", ("/Users(", "Id", ")"), ["Users"], ["Id"]),
        ("/Users(Number={Number})", ("/Users(Number=", "Number", ")"), ["Users"], [None]),
        ("/Users({Id})/Pbx.Reset", ("/Users(", "Id", ")/Pbx.Reset"), ["Users", "Pbx.Reset"], ["Id", None]),
        ("/Get(key={key},id={id})", ("/Get(key=", "key", ",id=", "id", ")"), ["Get"], [None]),
        ("/Has()", ("/Has()",), ["Has"], [None]),
        ("/control/{dn}/devices", ("/control/", "dn", "/devices"), ["control", "{dn}", "devices"], [None] * 3),
    ],
)  # fmt: skip
def test_parse(text: str, pieces: tuple[str, ...], names: list[str], keys: list[str | None]) -> None:
    template = PathTemplate(text)
    assert template.pieces == pieces
    assert template.parameter_names == pieces[1::2]
    assert [each.name for each in template.segments] == names
    assert [each.key for each in template.segments] == keys


def test_segment_names() -> None:
    bound = Segment("Pbx.MakeCall", ())
    assert (bound.is_qualified, bound.local_name) == (True, "MakeCall")
    assert (Segment("Users").is_qualified, Segment("Users").local_name) == (False, "Users")


def test_every_path_is_understood() -> None:
    for operation in OPERATIONS:
        for version in operation.versions:
            template = version.template
            assert "".join(_render(each) for each in template.segments) == version.path
            assert {each.name for each in version.parameters} == set(template.parameter_names)


def _render(segment: Segment) -> str:
    if segment.arguments is None:
        return f"/{segment.name}"
    inside = [f"{each.name}={{{each.parameter}}}".removeprefix("=") for each in segment.arguments]
    return f"/{segment.name}({','.join(inside)})"


def test_key() -> None:
    user = CATALOG.operation("DeleteUser").version()
    assert (user.entity_set, user.key and user.key.name, user.key and user.key.type) == (
        "Users",
        "Id",
        "Int32",
    )
    assert CATALOG.operation("GetUserByNumber").version().key is None
    assert CATALOG.operation("ListUser").version().key is None
    assert CATALOG.operation("HasDebianUpgrade").version().entity_set == "HasDebianUpgrade"


def _id(operation: Operation | None) -> str | None:
    return operation.id if operation else None


def test_listing() -> None:
    assert _id(CATALOG.listing("Users")) == "ListUser"
    assert _id(CATALOG.listing("CrmTemplates")) is None
    for operation in OPERATIONS:
        if operation.kind == "list" and operation.version().is_odata:
            for release in operation.releases:
                version = operation.version(release)
                expected = operation.id if version.path == f"/{version.entity_set}" else None
                assert expected in (None, _id(CATALOG.listing(version.entity_set, release)))


@pytest.mark.parametrize("release", [None, *CATALOG.releases])
def test_listing_is_of_the_release(release: str | None) -> None:
    for entity_set in {each.version().entity_set for each in OPERATIONS}:
        found = CATALOG.listing(entity_set, release)
        assert found is None or release is None or release in found.releases


@pytest.mark.parametrize("release", [None, *CATALOG.releases])
@pytest.mark.parametrize("operation_id", ["DeleteUser", "GetFax", "UpdateQueue", "GetParking", "GetTrunk"])
def test_look_up_by_number(operation_id: str, release: str | None) -> None:
    operation = CATALOG.operation(operation_id)
    found = CATALOG.look_up_by_number(operation, "Id", release)
    assert release is None or release in found.releases
    version = found.version(release)
    assert (version.method, version.returns.kind) == ("GET", "entity")
    assert version.entity_set == operation.version(release).entity_set
    assert [each.name.casefold() for each in version.parameters] == ["number"]


def test_look_up_that_another_release_has() -> None:
    """`GetByNumber` of parkings is gone since 20.0.8, and comes first in the alphabet."""
    parking = CATALOG.operation("GetParking")
    assert CATALOG.look_up_by_number(parking, "Id", "20.0.7").id == "GetByNumber"
    assert CATALOG.look_up_by_number(parking, "Id", "20.0.10").id == "GetParkingByNumber"
    assert CATALOG.look_up_by_number(parking, "Id").id == "GetParkingByNumber"


@pytest.mark.parametrize(
    ("operation_id", "parameter"), [("DeleteCallFlowApp", "Id"), ("DeleteUser", "Number"), ("ListUser", "Id")]
)
def test_no_look_up(operation_id: str, parameter: str) -> None:
    with pytest.raises(UnknownNameError, match=f"{operation_id}: {parameter} cannot be looked up by number"):
        CATALOG.look_up_by_number(CATALOG.operation(operation_id), parameter)


def test_has_look_up_by_number() -> None:
    assert CATALOG.has_look_up_by_number("Users")
    assert not CATALOG.has_look_up_by_number("CallFlowApps")


def test_questions_do_not_scan_the_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = load_catalog()
    assert catalog.listing("Users") is not None
    user = catalog.operation("DeleteUser")
    asked: list[str] = []
    find = catalog.operation

    def operation(name: str) -> Operation:
        asked.append(name)
        return find(name)

    monkeypatch.setattr(catalog, "operation", operation)
    assert _id(catalog.listing("Users", "20.0.10")) == "ListUser"
    assert catalog.look_up_by_number(user, "Id").id == "GetUserByNumber"
    assert asked == ["ListUser", "GetUserByNumber"]
