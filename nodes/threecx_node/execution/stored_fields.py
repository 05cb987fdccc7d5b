"""Compare the fields of an update with those that the PBX has stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

Comparison = Literal["equal", "different", "unclear"]

# The PBX returns such a field masked, changed, or not at all.
_SECRET = re.compile(r"(?:password|secret|pin|pinnumber|token|key|code|hash)$", re.IGNORECASE)
_MASK = re.compile(r"[*•●x]{3,}", re.IGNORECASE)
_SPACE = re.compile(r"\s+")


def compare_fields(sent: Mapping[str, Any], stored: Mapping[str, Any]) -> Comparison:
    """Return whether all fields of `sent` are stored, or one is certainly not.

    "unclear" is for everything else: a field that is not returned, a secret, a value that the PBX may have written in
    another way. A list of objects is replaced as a whole, in which the PBX may fill in fields; so it is equal or
    unclear.
    """
    found: list[Comparison] = [
        _compare_field(name, value, stored)
        for name, value in sent.items()
        # An annotation of OData says something of the entity, and is not part of it.
        if not name.startswith("@")
    ]
    if "different" in found:
        return "different"
    return "equal" if found and set(found) == {"equal"} else "unclear"


def _compare_field(name: str, value: Any, stored: Mapping[str, Any]) -> Comparison:
    if name not in stored:
        return "unclear"
    found = _compare_values(value, stored[name])
    return "unclear" if found == "different" and _SECRET.search(name) else found


def _compare_values(sent: Any, stored: Any) -> Comparison:
    if isinstance(sent, Mapping) and isinstance(stored, Mapping):
        return compare_fields(sent, stored) if sent else "unclear"
    if isinstance(sent, list) and isinstance(stored, list):
        return _compare_lists(sent, stored)
    if isinstance(sent, (Mapping, list)) or isinstance(stored, (Mapping, list)):
        return "unclear"
    if sent is None or stored is None:
        # Some fields are empty where others are null.
        return "equal" if sent is stored else "unclear" if "" in (sent, stored) else "different"
    if isinstance(sent, bool) or isinstance(stored, bool):
        is_text = isinstance(sent, str) or isinstance(stored, str)
        return "equal" if sent is stored else "unclear" if is_text else "different"
    if isinstance(sent, str) and isinstance(stored, str):
        return _compare_texts(sent, stored)
    # Long integers are texts in some responses.
    return "equal" if _is_same_number(sent, stored) else "different"


def _compare_texts(sent: str, stored: str) -> Comparison:
    if sent == stored or _is_same_moment(sent, stored):
        return "equal"
    # The PBX may trim a text, or write a number, a code or a list in its own way.
    is_alike = _plain(sent) == _plain(stored) or _MASK.fullmatch(stored) is not None
    return "unclear" if is_alike or not _plain(sent) else "different"


def _plain(text: str) -> str:
    """Return letters and digits alone, without case."""
    return "".join(each for each in _SPACE.sub("", text).casefold() if each.isalnum())


def _is_same_number(sent: Any, stored: Any) -> bool:
    try:
        return Decimal(str(sent)) == Decimal(str(stored))
    except ArithmeticError:
        return False


def _is_same_moment(sent: str, stored: str) -> bool:
    if "T" not in sent or "T" not in stored:
        return False
    try:
        return datetime.fromisoformat(sent) == datetime.fromisoformat(stored)
    except (ValueError, TypeError):
        return False


def _compare_lists(sent: list[Any], stored: list[Any]) -> Comparison:
    """Compare lists. The order may count, or the PBX may sort: the same in another order is unclear."""
    has_objects = any(isinstance(each, (Mapping, list)) for each in (*sent, *stored))
    if len(sent) == len(stored) and all(
        _compare_values(each, other) == "equal" for each, other in zip(sent, stored, strict=True)
    ):
        return "equal"
    is_sorted = not has_objects and sorted(map(str, sent)) == sorted(map(str, stored))
    return "unclear" if has_objects or is_sorted else "different"
