"""The facts of the primitive types of OData (EDM, without the prefix `Edm.`): one row per type.

Source: OData 4.01, part "Common Schema Definition Language", section 3.3, and the ABNF of its literals.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .clock import TIME_DESCRIPTION

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["boolean", "integer", "number", "text", "guid", "date_time", "pattern", "untyped"]


@dataclass(frozen=True, slots=True)
class EdmType:
    """One primitive type.

    `kind` selects how a value is coerced; "pattern" is a text that must match `pattern` as a whole, "untyped" is any
    JSON value. `description` is the type in a sentence ("expected …"). `minimum` and `maximum` bound an integer.
    """

    name: str
    kind: Kind
    description: str
    pattern: re.Pattern[str] | None = None
    minimum: int = 0
    maximum: int = 0

    @property
    def is_integer(self) -> bool:
        """Return whether values are whole numbers."""
        return self.kind == "integer"

    @property
    def is_number(self) -> bool:
        """Return whether values are numbers, whole or not."""
        return self.kind in ("integer", "number")

    @property
    def is_date(self) -> bool:
        """Return whether values are dates, with or without a time of day."""
        return self.kind == "date_time" or self.name == "Date"


def _integer(name: str, minimum: int, maximum: int) -> EdmType:
    description = f"a whole number from {minimum} to {maximum}"
    return EdmType(name, "integer", description, minimum=minimum, maximum=maximum)


def _pattern(name: str, kind: Kind, description: str, pattern: str) -> EdmType:
    # ASCII alone: `\d` would accept the digits of other scripts, which no PBX reads.
    return EdmType(name, kind, description, pattern=re.compile(pattern, re.ASCII))


EDM_TYPES: Mapping[str, EdmType] = {
    each.name: each
    for each in (
        EdmType("Boolean", "boolean", "true or false"),
        _integer("Byte", 0, 2**8 - 1),
        _integer("SByte", -(2**7), 2**7 - 1),
        _integer("Int16", -(2**15), 2**15 - 1),
        _integer("Int32", -(2**31), 2**31 - 1),
        _integer("Int64", -(2**63), 2**63 - 1),
        EdmType("Single", "number", "a number"),
        EdmType("Double", "number", "a number"),
        EdmType("Decimal", "number", "a number"),
        EdmType("String", "text", "a text"),
        EdmType("Binary", "pattern", "a text", pattern=re.compile(r"(?s:.*)")),
        _pattern(
            "Guid",
            "guid",
            "a GUID like 6f9619ff-8b86-d011-b42d-00c04fc964ff",
            r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        ),
        _pattern(
            "DateTimeOffset",
            "date_time",
            "a date-time like 2026-01-31T08:00:00Z",
            r"\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d([.]\d{1,12})?(Z|[+-]\d\d:\d\d)",
        ),
        _pattern("Date", "pattern", "a date like 2026-01-31", r"\d{4,}-\d\d-\d\d"),
        _pattern(
            "TimeOfDay",
            "pattern",
            TIME_DESCRIPTION,
            r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d([.]\d{1,12})?",
        ),
        _pattern(
            "Duration",
            "pattern",
            "a duration like PT1H30M",
            r"-?P(\d+D)?(T(\d+H)?(\d+M)?(\d+([.]\d+)?S)?)?",
        ),
    )
}
"""Every primitive type that has a rule of its own; a type that is not here is untyped."""

NUMBER_TEXTS = ("INF", "-INF", "NaN")
"""How OData writes the numbers that JSON does not have."""
