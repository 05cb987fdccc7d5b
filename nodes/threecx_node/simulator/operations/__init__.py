"""What functions and actions do: one module per topic, each registers its handlers when it is imported.

A handler of `registry.py` does what a PBX does as far as there is something to do it with; where there is not
(a phone that should reboot, a cloud that should be asked), it checks what it was given, and the journal keeps
that it was asked for; the answer is what the API says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..refusals import Refusal
from ..registry import Call, handler_of
from . import (  # noqa: F401 - importing registers their handlers
    activity,
    ai,
    backups,
    calls,
    conferences,
    contacts,
    dn_properties,
    downloads,
    groups,
    integrations,
    licence,
    lookups,
    microsoft,
    numbers,
    phones,
    prompts,
    purges,
    recordings,
    reports,
    rules,
    services,
    settings,
    system,
    telemetry,
    tokens,
    trunks,
    updates,
    users,
    voicemail,
)
from .journal import note
from .validation import check_required

if TYPE_CHECKING:
    from ..pbx import Pbx


def perform(pbx: Pbx, call: Call) -> Any:
    """Checks and does a function or action; its payload, as `registry.py` describes it. Raises Refusal."""
    handler = handler_of(call.route)
    if handler is None:
        raise Refusal(501, f"The simulator does not do {call.route.operation.id}.")
    check_required(pbx.model, call)
    payload = handler(pbx, call)
    if call.route.operation.kind == "action":
        note(pbx, call)
    return payload
