"""The journal of what actions were asked for and done: the activity log reads it, and tests may.

Most of what a PBX does (a phone reboots, a mail goes out) cannot happen here; that it was asked for can be
seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .common import now

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..registry import Call
    from ..state import Entity

JOURNAL = "(actions)"
# Older entries fall out.
LIMIT = 1000

_SECRET = re.compile(r"password|secret|token|verifier|apikey|licensekey|pin$|^code$", re.IGNORECASE)
_LONGEST_TEXT = 200


def note(pbx: Pbx, call: Call) -> None:
    """Writes down that an action was done: when, which, on what, with which body, secrets left out."""
    number = pbx.store.next_id(JOURNAL)
    entry = {
        "Id": number,
        "At": now(),
        "Operation": call.route.operation.id,
        "Arguments": dict(call.arguments),
        "Body": _shown("", call.body),
    }
    pbx.store.put(JOURNAL, number, entry)
    pbx.store.delete(JOURNAL, number - LIMIT)


def entries(pbx: Pbx) -> list[Entity]:
    """All entries, oldest first."""
    return [record.value for record in pbx.store.table(JOURNAL).values()]


def forget(pbx: Pbx) -> None:
    """Empties the journal."""
    for key in list(pbx.store.table(JOURNAL)):
        pbx.store.delete(JOURNAL, key)


def _shown(name: str, value: Any) -> Any:
    if value is not None and _SECRET.search(name) and not isinstance(value, bool):
        return "***"
    if isinstance(value, dict):
        return {inner: _shown(inner, part) for inner, part in value.items()}
    if isinstance(value, list):
        return [_shown(name, part) for part in value[:20]]
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return value[:_LONGEST_TEXT] + "…"
    return value
