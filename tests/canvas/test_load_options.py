"""List the choices of query options and enums."""

from __future__ import annotations

import pytest

from threecx_node.canvas.load_options import load_options
from threecx_node.catalog import load_catalog
from threecx_node.errors import UnknownNameError

CATALOG = load_catalog()


def values(operation: str, parameter: str) -> list[str]:
    return [each["value"] for each in load_options(CATALOG, operation, parameter, None)]


def test_order_by() -> None:
    orders = values("ListUser", "$orderby")
    assert {"FirstName", "FirstName desc"} <= set(orders)
    assert "Groups" not in orders


def test_select_and_expand() -> None:
    assert "FirstName" in values("ListUser", "$select")
    expandable = values("ListUser", "$expand")
    assert "Groups" in expandable
    assert not set(expandable) & set(values("ListUser", "$select"))


def test_enum() -> None:
    choices = load_options(CATALOG, "UpdateTrunk", "Direction", None)
    assert {"name": "Inbound", "value": "Inbound"} in choices
    assert load_options(CATALOG, "UpdateUser", "FirstName", None) == []


@pytest.mark.parametrize(
    ("operation", "parameter"), [("ListUser", "$nothing"), ("DeleteUser", "$select"), ("ListUser", "Id")]
)
def test_unknown_parameter(operation: str, parameter: str) -> None:
    with pytest.raises(UnknownNameError, match=operation):
        load_options(CATALOG, operation, parameter, None)
