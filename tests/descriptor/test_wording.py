"""The texts of the committed descriptor follow n8n's rules."""

from __future__ import annotations

import re

from tests.descriptor.committed import CATALOG, DEFINITION, every_choice, every_property
from threecx_node.catalog.api_request import API_REQUEST
from threecx_node.descriptor.definition import shown_operations


def test_choices_are_sorted() -> None:
    for each in every_property():
        if each["type"] == "options" and "options" in each:
            names = [choice["name"].casefold() for choice in each["options"]]
            assert names == sorted(names), each
        if each["type"] == "collection":
            # OData is for conditions that the filters cannot express.
            names = [option["displayName"] for option in each["options"] if option["name"] != "$filter"]
            assert each["options"][-1]["name"] == "$filter" or len(names) == len(each["options"])
            assert names == sorted(names)


def test_display_names() -> None:
    small = {
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "for",
        "if",
        "in",
        "of",
        "on",
        "or",
        "per",
        "the",
        "to",
        "up",
        "with",
    }
    for text in [each["displayName"] for each in every_property()] + [
        choice["name"] for choice in every_choice()
    ]:
        parts = text.split()
        for place, part in enumerate(parts):
            inner = 0 < place < len(parts) - 1
            if inner and part.lower() in small:
                assert part == part.lower(), text
            else:
                assert part.strip("(")[0].isupper() or part[0].isdigit(), text
        assert not re.search(r"\b(Id|Ids|Url|Json|Api|Dn|Crm|Sip)\b", text), text


def test_descriptions() -> None:
    for each in every_property():
        described = each.get("description", "")
        assert described != each["displayName"]
        assert described == described.strip()
        if each["type"] == "boolean":
            assert described.startswith("Whether ")
        if each["type"] == "multiOptions":
            assert each["displayName"].endswith("Names or IDs")
            assert not described.startswith("Choose"), f"{each['name']}: only says how to choose"
            assert described.endswith('<a href="https://docs.n8n.io/code/expressions/">expression</a>.')
        elif each["type"] == "options" and "options" not in each:
            assert each["displayName"].endswith("Name or ID")
            assert described.endswith('<a href="https://docs.n8n.io/code/expressions/">expression</a>.')
        else:
            assert not described.endswith(".")
            assert ". " not in described.replace("e.g. ", "")
    for choice in every_choice():
        assert not choice.get("description", "").endswith(".")
        assert choice.get("description") != choice["name"]


def test_displayed_operations_exist() -> None:
    known = {*CATALOG.operation_ids, API_REQUEST}
    for each in every_property():
        assert set(shown_operations(each) or ()) <= known


def test_hint_where_a_number_is_possible() -> None:
    locators = [each for each in DEFINITION["properties"] if each["type"] == "resourceLocator"]
    modes = [{mode["name"]: mode for mode in each["modes"]} for each in locators]
    assert any("number" in each for each in modes)
    assert ["hint" in each["id"] for each in modes] == ["number" in each for each in modes]
