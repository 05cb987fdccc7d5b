"""Find participants."""

from __future__ import annotations

from typing import Any

import pytest

from threecx_node.simulator.calls.engine import CallEngine
from threecx_node.simulator.calls.models import CallError, Leg


def ring(calls: CallEngine, dn: str) -> Leg:
    """Return the leg that rings at a DN, the last one if several devices ring."""
    return next(leg for leg in reversed(calls.participants(dn)) if leg.status == "Ringing")


def refuse(calls: CallEngine, dn: str, participant_id: int, action: str, **values: Any) -> int:
    """Return the status with which the engine refuses an action."""
    with pytest.raises(CallError) as refused:
        calls.act(dn, participant_id, action, **values)
    assert refused.value.message
    return refused.value.status
