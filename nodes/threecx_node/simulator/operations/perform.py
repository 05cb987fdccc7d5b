"""Perform functions and actions.

A handler does what a PBX does, as far as the simulator has the means. Where it has not (a phone that should reboot, a
cloud that should be asked), it checks its input, the journal records the request, and the response has the form that
the API describes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..odata.errors import ODataError
from . import (  # noqa: F401 - importing registers the handlers of their topics
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
from .dispatch import Invocation, find_handler
from .journal import record_action
from .reports import functions  # noqa: F401 - importing registers the handlers of reports
from .required_parameters import check_required

if TYPE_CHECKING:
    from ..pbx.pbx import Pbx


def perform(pbx: Pbx, invocation: Invocation) -> Any:
    """Check and perform a function or action; return its payload (see `dispatch.py`); raise ODataError."""
    handler = find_handler(invocation.route)
    if handler is None:
        raise ODataError(501, f"The simulator does not implement {invocation.route.operation.id}.")
    check_required(pbx.model, invocation)
    version = invocation.route.version
    schema = version.body if isinstance(version.body, str) else ""
    pbx.entities.references.check_fields(pbx.model.body_fields(version), invocation.body, schema)
    payload = handler(pbx, invocation)
    if invocation.route.operation.kind == "action":
        record_action(pbx, invocation)
    return payload
