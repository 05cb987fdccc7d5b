"""Find the fields of results that are secrets, by their names and types.

A version of n8n that redacts executions by them shows these fields to no user; later nodes still get their values.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...catalog import Catalog, Operation

_SECRET = re.compile(
    r"(Password|Secret|PIN|PinNumber|(Secret|Private|Api|API|Access|License)Key|TranscribeKeyGrok|^Token)$"
)
# A secret of a user's phone is in its settings.
_DEEPEST = 3
# Objects around a secret, which a PBX may send.
_CONCEALED = ("Pbx.ConcealedPassword", "Pbx.ConcealedDataFile")


def find_sensitive_fields(catalog: Catalog, operations: Iterable[Operation] = ()) -> list[str]:
    """Return the paths of all secrets in the items of `operations`, by default of all, sorted."""
    schemas = {
        version.returns.type
        for operation in operations or catalog.operations()
        for version in operation.versions
        if catalog.is_schema(version.returns.type)
    }
    return sorted({path for schema in schemas for path in _find_paths(catalog, schema)})


def _find_paths(catalog: Catalog, schema: str, depth: int = _DEEPEST) -> Iterator[str]:
    for name, each in catalog.properties(schema).items():
        is_text = each.type.name == "String" and _SECRET.search(name)
        if is_text or (each.type.name in _CONCEALED and _SECRET.search(name)):
            yield name
        elif depth > 1 and catalog.is_schema(each.type.name):
            # n8n's path of each entry of a list.
            outer = f"{name}[*]" if each.type.collection else name
            yield from (f"{outer}.{inner}" for inner in _find_paths(catalog, each.type.name, depth - 1))
