"""The lists of the nodes: each field asks for the entities that it refers to."""

from __future__ import annotations

import json
import re

from tests.descriptor.committed import CATALOG
from tests.support import ROOT
from threecx_node.catalog.references import find_reference
from threecx_node.codegen.descriptor.references import KINDS
from threecx_node.descriptor import load_descriptor

METHODS = (ROOT / "nodes" / "shared" / "methods" / "listSearch.ts").read_text()


def find_method(name: str) -> tuple[str, str]:
    """Return the listing and the value of what a method of the nodes searches."""
    found = re.search(rf"export const {name} = searchBy\('(\w+)'(?:, '([\w/]+)')?\);", METHODS)
    assert found, name
    operation = CATALOG.operation(found[1])
    if found[2] is None:
        listing = CATALOG.listing(operation.version().entity_set)
        assert listing is not None
        return listing.id, "Id"
    reference = find_reference(CATALOG, operation, found[2])
    assert reference is not None, name
    return reference.listing, reference.value


def test_each_method_searches_its_list() -> None:
    for key, (ending, _) in KINDS.items():
        if f'"search{ending}"' in json.dumps(load_descriptor()):
            assert find_method(f"search{ending}") == key


def test_every_kind_is_used_by_a_node() -> None:
    text = json.dumps(load_descriptor())
    unused = {ending for ending, _ in KINDS.values() if f'"search{ending}"' not in text}
    # Of a field that the everyday node does not show.
    assert unused == {"Locations"}
