"""A value for each type: by the official documents' type and format, and by the catalog's EDM type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from threecx_node.catalog import Catalog

BY_FORMAT: Mapping[tuple[str, str], Any] = {
    ("string", ""): "text",
    ("string", "date-time"): "2026-03-29T01:30:00.000Z",
    ("string", "date"): "2026-03-29",
    ("string", "time"): "08:30:00",
    ("string", "duration"): "PT1H30M",
    ("string", "uuid"): "6f9619ff-8b86-d011-b42d-00c04fc964ff",
    ("string", "base64url"): "YWJj",
    ("boolean", ""): True,
    ("integer", ""): 1,
    ("integer", "int32"): 1,
    ("integer", "int64"): 1,
    ("integer", "uint8"): 1,
    ("integer", "decimal"): 1,
    ("number", ""): 1,
    ("number", "int32"): 1,
    ("number", "int64"): 1,
    ("number", "uint8"): 1,
    ("number", "decimal"): 1,
    ("number", "float"): 1.5,
    ("number", "double"): 1.5,
    ("object", ""): {},
}

BY_EDM_TYPE: Mapping[str, Any] = {
    "Boolean": True,
    "String": "O'B & c/1",
    "Int32": 12,
    "Int64": 12,
    "Byte": 12,
    "Single": 1.5,
    "Double": 1.5,
    "Decimal": 12,
    "Guid": "6f9619ff-8b86-d011-b42d-00c04fc964ff",
    "DateTimeOffset": "2026-03-29T01:30:00Z",
    "Duration": "PT1H30M",
    "TimeOfDay": "08:30:00",
    "Date": "2026-03-29",
}


def sample_object(catalog: Catalog, schema: str, release: str) -> dict[str, Any]:
    """Return an object with one field: an update without a value is refused."""
    for name, each in catalog.properties_in(schema, release).items():
        if each.type.name in BY_EDM_TYPE and not each.type.collection:
            return {name: BY_EDM_TYPE[each.type.name]}
    return {}
