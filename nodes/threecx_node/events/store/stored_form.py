"""Turn events and subscriptions into what stores keep, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from threecx_credentials import Credential, Secret

from ...errors import EventStoreError, ThreeCxError
from ...values.json import dumps, loads
from ..model.event import Event
from ..model.filters import EventFilter
from ..model.subscription import PbxReference, Subscription
from .event_store import DeliveryAttempt, DeliveryResult

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_PROBLEM = 500


def damaged(what: str) -> EventStoreError:
    """Return the error for a stored value that cannot be read."""
    return EventStoreError(
        f"the store of events contains {what} that cannot be read",
        description="It is damaged, or was written by another version of threecx-node.",
        code="event_store_damaged",
    )


def digest_id(event_id: str) -> bytes:
    """Return a short form of the ID of an event, by which it is recognised."""
    return blake2b(event_id.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def encode_event(event: Event) -> bytes:
    """Return the JSON of an event."""
    return dumps({"orderKey": event.order_key, "event": event.to_json()})


def decode_event(content: bytes) -> Event:
    """Return the event. Raise EventStoreError."""
    try:
        document = loads(content)
        return Event.from_json(document["event"], document["orderKey"])
    except (ValueError, KeyError, TypeError, AttributeError, ThreeCxError) as error:
        raise damaged("an event") from error


def encode_subscription(subscription: Subscription) -> tuple[bytes, dict[str, Any]]:
    """Return what may be read by all who can read the store, as JSON, and the document to be sealed."""
    pbx = subscription.pbx
    public: dict[str, Any] = {
        "id": subscription.id,
        "feed": subscription.feed,
        "events": list(subscription.events),
        "filter": subscription.filter.to_json(),
        "createdAt": subscription.created_at.astimezone(UTC).isoformat(),
        "description": subscription.description,
        "concurrency": subscription.concurrency,
    }
    # URLs of webhooks often contain a token.
    sealed: dict[str, Any] = {"url": subscription.url, "secret": subscription.secret.reveal()}
    if pbx.credential is None:
        public["profile"] = pbx.profile
    else:
        credential = pbx.credential
        public["pbx"] = {
            "baseUrl": credential.base_url,
            "clientId": credential.client_id,
            "verifyTls": credential.verify_tls,
            "caFile": credential.ca_file,
        }
        sealed["clientSecret"] = credential.client_secret.reveal()
    return dumps(public), sealed


def decode_subscription(public: bytes, sealed: Mapping[str, Any]) -> Subscription:
    """Return the subscription. Raise EventStoreError."""
    try:
        document = loads(public)
        return Subscription(
            id=document["id"],
            feed=document["feed"],
            pbx=_decode_pbx(document, sealed),
            events=tuple(document["events"]),
            filter=EventFilter.from_json(document["filter"]),
            url=sealed["url"],
            secret=Secret(sealed["secret"]),
            created_at=datetime.fromisoformat(document["createdAt"]),
            description=document["description"],
            concurrency=document.get("concurrency"),
        )
    except (ValueError, KeyError, TypeError, AttributeError, ThreeCxError) as error:
        raise damaged("a subscription") from error


def _decode_pbx(document: Mapping[str, Any], sealed: Mapping[str, Any]) -> PbxReference:
    if "pbx" not in document:
        return PbxReference(profile=document["profile"])
    found = document["pbx"]
    credential = Credential(
        found["baseUrl"],
        found["clientId"],
        Secret(sealed["clientSecret"]),
        found["verifyTls"],
        found["caFile"],
    )
    return PbxReference(credential=credential)


class Wish:
    """The events that a stored subscription is for, known without the key."""

    __slots__ = ("_events", "_filter")

    def __init__(self, public: bytes) -> None:
        try:
            document = loads(public)
            self._events = frozenset(document["events"])
            self._filter = EventFilter.from_json(document["filter"])
        except (ValueError, KeyError, TypeError, ThreeCxError) as error:
            raise damaged("a subscription") from error

    def wants(self, event: Event) -> bool:
        """Return whether the subscription is for an event, as the subscription itself does."""
        return event.type in self._events and self._filter.matches(event)


def encode_result(result: DeliveryResult) -> bytes:
    """Return the JSON of the result of an attempt."""
    return dumps(
        {
            "position": result.position,
            "eventId": result.event_id,
            "eventType": result.event_type,
            "state": result.state,
            "time": result.time.timestamp(),
            "nextAt": result.next_at and result.next_at.timestamp(),
            "statusCode": result.status_code,
            "problem": result.problem[:_LONGEST_PROBLEM],
        }
    )


def decode_attempt(subscription_id: str, content: bytes, attempt: int) -> DeliveryAttempt:
    """Return the attempt. Raise EventStoreError."""
    try:
        found = loads(content)
        next_at = found["nextAt"]
        result = DeliveryResult(
            subscription_id=subscription_id,
            position=found["position"],
            event_id=found["eventId"],
            event_type=found["eventType"],
            state=found["state"],
            time=to_time(found["time"]),
            next_at=None if next_at is None else to_time(next_at),
            status_code=found["statusCode"],
            problem=found["problem"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise damaged("an attempt of delivery") from error
    return DeliveryAttempt(result, attempt)


def to_time(seconds: float) -> datetime:
    """Return seconds since 1970 as a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
