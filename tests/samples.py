"""A value for each type and format of the official documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
