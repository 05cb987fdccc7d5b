"""Positions in the journal of events: a number, and the name of the journal that it belongs to.

A journal that was lost and begun again has another name, so that no reader continues in it at a place that is not its
own.
"""

from __future__ import annotations

import re
import secrets
from typing import NoReturn

from ...errors import InputError, PositionGoneError

_FORM = re.compile(r"([0-9a-f]{8})-([0-9]{16,18})", re.ASCII)

NO_JOURNAL = "00000000"
"""The name where that of the journal was lost."""


def make_journal_name() -> str:
    """Return the name of a new journal."""
    return secrets.token_hex(4)


def format_position(journal: str, number: int) -> str:
    """Return a position as readers get it; those of one journal are ordered as texts."""
    return f"{journal}-{number:016d}"


def parse_position(position: str, journal: str) -> int:
    """Return the number of a position of this journal.

    Raises InputError for a text of another form, and PositionGoneError for a position of another journal.
    """
    match = _FORM.fullmatch(position)
    if match is None:
        raise InputError(
            "the position to continue after is not one of the journal of events",
            description="Send the id of an event that was received, or none to begin with new events.",
            code="bad_position",
            field="after",
        )
    if match[1] != journal:
        refuse_position()
    return int(match[2])


def read_own_position(position: str, journal: str) -> int | None:
    """Return the number of a position, None where it is not one of this journal."""
    match = _FORM.fullmatch(position)
    return int(match[2]) if match is not None and match[1] == journal else None


def read_number(position: str) -> int:
    """Return the number of a position of any journal, 0 where it is not one."""
    match = _FORM.fullmatch(position)
    return int(match[2]) if match is not None else 0


def refuse_position() -> NoReturn:
    """Raise PositionGoneError."""
    raise PositionGoneError(
        "the journal no longer contains all events after this position",
        description="Begin again without a position, and read what happened in between from 3CX.",
        field="after",
    )
