"""Read the requests for events: the query of GET /v1/events, the form of the answer, and the position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ..catalog.nearest import nearest_hint
from .event_models import EventsRequest
from .event_stream import NdjsonEncoder, SseEncoder
from .problems import ProblemError
from .requests import describe_mismatch

if TYPE_CHECKING:
    from starlette.requests import Request

    from .event_stream import Encoder

_LAST_EVENT_ID = "last-event-id"
_LONGEST_POSITION = 200
# Parameters of the query that are lists: given several times, or separated by commas.
_LISTS = {"events": "events", "extension": "extensions"}
_FILTERS = ("direction", "number", "group", "severity")
_KNOWN = ("profile", *_LISTS, *_FILTERS, "after")
_CREDENTIAL = ("baseUrl", "clientId", "clientSecret", "verifyTls", "key", "token")
_ANY = ("*/*", "text/*", "application/*")


def read_query(request: Request) -> EventsRequest:
    """Return the request in a query. Raise ProblemError."""
    query = request.query_params
    for name in query:
        if name in _CREDENTIAL:
            # The value is not repeated: it may be a secret.
            raise ProblemError(
                422,
                f"{name} is not allowed in the query, because queries are logged",
                "Send the credential in the body of POST /v1/events.",
            )
        if name not in _KNOWN:
            hint = nearest_hint(name[:100], _KNOWN) or f"Choose from {', '.join(_KNOWN)}."
            raise ProblemError(422, f"the query has an unknown parameter {name[:100]!r}", hint)
    if not query.get("profile"):
        raise ProblemError(
            422,
            "the query has no profile",
            "Add ?profile=NAME with a profile of the executor, or send a credential with POST /v1/events.",
        )
    lists = {
        field: [part.strip() for each in query.getlist(name) for part in each.split(",") if part.strip()]
        for name, field in _LISTS.items()
    }
    chosen: dict[str, Any] = {name: query[name] for name in _FILTERS if query.get(name)}
    if lists["extensions"]:
        chosen["extensions"] = lists["extensions"]
    document = {
        "pbx": {"profile": query["profile"]},
        "events": lists["events"],
        "filter": chosen,
        "after": query.get("after"),
    }
    try:
        return EventsRequest.model_validate(document)
    except ValidationError as error:
        raise describe_mismatch(error) from error


def read_position(request: Request, after: str | None) -> str | None:
    """Return the position to begin after: that of Last-Event-ID, else `after`. Raise ProblemError."""
    given = request.headers.get(_LAST_EVENT_ID, "").strip() or (after or "").strip()
    if len(given) > _LONGEST_POSITION:
        raise ProblemError(422, "the position is too long", "Send the ID of the last event that was read.")
    return given or None


def choose_encoder(request: Request) -> Encoder:
    """Return the form of the events that the header Accept asks for. Raise ProblemError where there is none."""
    accepted = [
        each.partition(";")[0].strip().lower() for each in request.headers.get("accept", "*/*").split(",")
    ]
    for encoder in (NdjsonEncoder, SseEncoder):
        if encoder.media_type in accepted:
            return encoder()
    if not set(accepted).isdisjoint(_ANY):
        return SseEncoder()
    raise ProblemError(
        406,
        "events are not sent in the form that the header Accept names",
        f"Send Accept: {SseEncoder.media_type} or {NdjsonEncoder.media_type}.",
    )
