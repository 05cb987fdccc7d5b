"""The journal of performed actions, which the activity log and tests read.

Most effects of an action (a phone reboots, an email is sent) cannot happen here; the journal shows that the
action was requested.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .common import clear_table, format_now

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx
    from .dispatch import Invocation

JOURNAL = "(actions)"
# Older entries are removed.
LIMIT = 1000

_SECRET = re.compile(r"password|secret|token|verifier|apikey|licensekey|pin$|^code$", re.IGNORECASE)
_LONGEST_TEXT = 200


def record_action(pbx: Pbx, invocation: Invocation) -> None:
    """Record an action: its time, its operation, its arguments and its body, with secrets masked."""
    number = pbx.store.next_id(JOURNAL)
    entry = {
        "Id": number,
        "At": format_now(),
        "Operation": invocation.route.operation.id,
        "Arguments": dict(invocation.arguments),
        "Body": _mask_secrets("", invocation.body),
    }
    pbx.store.put(JOURNAL, number, entry)
    pbx.store.delete(JOURNAL, number - LIMIT)


def list_entries(pbx: Pbx) -> list[Entity]:
    """Return all entries, oldest first."""
    return [record.value for record in pbx.store.table(JOURNAL).values()]


def clear_journal(pbx: Pbx) -> None:
    """Remove all entries."""
    clear_table(pbx, JOURNAL)


def _mask_secrets(name: str, value: Any) -> Any:
    if value is not None and _SECRET.search(name) and not isinstance(value, bool):
        return "***"
    if isinstance(value, dict):
        return {inner: _mask_secrets(inner, part) for inner, part in value.items()}
    if isinstance(value, list):
        return [_mask_secrets(name, part) for part in value[:20]]
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return value[:_LONGEST_TEXT] + "…"
    return value
