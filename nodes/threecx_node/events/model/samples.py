"""Samples of events: what a receiver gets, without a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .event_fields import make_example
from .event_types import COMMON_FIELDS

if TYPE_CHECKING:
    from .event_types import EventType


def make_sample(event_type: EventType) -> dict[str, Any]:
    """Return an event of that type as a receiver gets it, with every field that it can have."""
    sample = make_example((*COMMON_FIELDS, *event_type.fields))
    return {**sample, "type": event_type.name, **event_type.examples}
