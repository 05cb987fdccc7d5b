"""The labels of all nodes and of the credential fit into n8n's forms, and the texts for its AI builder are right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.descriptor.committed import CATALOG, DESCRIPTOR
from threecx_node.catalog.filter_fields import filter_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

# n8n cuts longer ones when the pointer is on the field, where it shows two buttons beside the label.
LONGEST = 22
EXCEPTIONS = {
    # n8n's own label for this field, which its lint requires.
    "Put Output File in Field",
    # Its rule for lists that the PBX fills: "Names or IDs".
    "Ring Group Names or IDs",
    "Department Names or IDs",
}
TYPE_HELP = ("(JSON)", "(String)", "(Number)", "(Seconds)", "(Comma", "(List")


def list_properties(properties: list[Any]) -> Iterator[dict[str, Any]]:
    for each in properties:
        yield each
        for option in each.get("options", ()) if "ollection" in each["type"] else ():
            yield from list_properties(option["values"]) if "values" in option else list_properties([option])


ALL = [
    pytest.param(each["properties"], id=each["name"])
    for each in (*DESCRIPTOR["nodes"], *DESCRIPTOR["credentialTypes"])
]


@pytest.mark.parametrize("properties", ALL)
def test_labels_are_short(properties: list[Any]) -> None:
    labels = {each["displayName"] for each in list_properties(properties) if each["type"] != "notice"}
    assert {each for each in labels if len(each) > LONGEST} <= EXCEPTIONS
    assert not [each for each in labels if any(help_ in each for help_ in TYPE_HELP)]


@pytest.mark.parametrize("node", DESCRIPTOR["nodes"], ids=lambda each: each["name"])
def test_hints_for_the_ai_builder(node: dict[str, Any]) -> None:
    # The everyday node has no space for one.
    assert len(node.get("builderHint", {}).get("searchHint", "")) < 200
    hints = [each["builderHint"] for each in list_properties(node["properties"]) if "builderHint" in each]
    # Expressions in them are written in another way.
    assert not any("{{" in each["propertyHint"] for each in hints)


def test_the_example_in_the_hint_of_a_filter() -> None:
    assert filter_fields(CATALOG, "Pbx.User", None)["Enabled"].kind == "boolean"
