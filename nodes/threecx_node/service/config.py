"""The settings of the service, as one object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..options import DEFAULT_CONNECTIONS
from ..server.limits import RequestLimits
from .pbx_access import PbxAccess

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threecx_credentials import Credential

    from ..catalog import Catalog
    from ..events.store.event_store import EventStore
    from .batch_store import BatchStore


def _default_request_limits() -> RequestLimits:
    # `BodyReader` limits the time of a body, which is read only after the executor key has been checked.
    return RequestLimits(head_timeout=20.0, body_timeout=None)


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """How the service runs; times are in seconds.

    key            the executor key, which callers must send; None only if the service listens on loopback
    catalog        operations of 3CX; None for the one that THREECX_CATALOG names, or that of this package
    profiles       PBXs by name
    access         PBXs that callers may name by their URL
    connections    requests to each PBX at once, for all callers together
    max_body_bytes size of the largest request; all requests under way may have eight times this size together
    max_answer_bytes size of the largest response with all results as one JSON document
    body_grace     time for the body of a request, besides one second for each 16 KB
    max_response_bytes size of the largest response of a PBX, where the caller sets no other; None: 64 MB, files 256 MB
    heartbeat      longest pause in an NDJSON stream, after which an empty line is sent
    grace          how long batches may go on after SIGTERM
    request_limits limits for slow clients
    batches        the journals of batches; None to keep none
    events         the store of events and subscriptions; None for a service without events
    allowed_webhooks hosts to which events may be sent; all where empty, but for addresses that are never allowed
    """

    key: str | None = None
    catalog: Catalog | None = None
    profiles: Mapping[str, Credential] = field(default_factory=dict)
    access: PbxAccess = field(default_factory=PbxAccess)
    connections: int = DEFAULT_CONNECTIONS
    max_body_bytes: int = 32 * 1024 * 1024
    max_response_bytes: int | None = None
    max_answer_bytes: int = 100 * 1024 * 1024
    body_grace: float = 30.0
    heartbeat: float = 5.0
    grace: int = 30
    request_limits: RequestLimits = field(default_factory=_default_request_limits)
    batches: BatchStore | None = None
    events: EventStore | None = None
    allowed_webhooks: tuple[str, ...] = ()
