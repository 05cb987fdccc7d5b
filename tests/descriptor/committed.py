"""The committed descriptor, and what its tests read of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from threecx_node.catalog import load_catalog
from threecx_node.descriptor import load_definition, load_descriptor, properties_of
from threecx_node.descriptor.definition import NodeProperty

CATALOG = load_catalog()
DESCRIPTOR = load_descriptor()
DEFINITION = load_definition()
OPERATIONS = [CATALOG.operation(name) for name in CATALOG.operation_ids]
OFFERED = {
    name: {each["name"]: each for each in properties_of(DEFINITION, name)} for name in CATALOG.operation_ids
}


def every_property() -> Iterator[NodeProperty]:
    for each in DEFINITION["properties"]:
        yield each
        if each["type"] == "collection":
            yield from each["options"]
        if each["type"] == "fixedCollection":
            for group in each["options"]:
                yield from group["values"]


def every_choice() -> Iterator[dict[str, Any]]:
    for each in DEFINITION["properties"]:
        if each["type"] == "options":
            yield from each["options"]


def options_of(operation_id: str) -> set[str]:
    return {each["name"] for each in OFFERED[operation_id]["options"]["options"]}
