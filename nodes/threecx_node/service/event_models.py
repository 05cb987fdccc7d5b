"""The bodies of requests and responses about subscriptions and events."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (pydantic reads the annotations when it runs)
from typing import Annotated, Any, Literal
from uuid import UUID  # noqa: TC003 (pydantic reads the annotations when it runs)

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from ..events.model.event_types import EVENT_TYPES
from ..events.model.filters import DIRECTIONS, SEVERITIES
from .models import Envelope, Pbx

_MOST_EVENTS = 100
_LONGEST_URL = 2_000
_LONGEST_SECRET = 200
_LONGEST_TEXT = 200
_MOST_CONCURRENT = 16
MAX_DELIVERIES = 500
"""The longest list of deliveries that is returned."""

# The names are checked by the table of events and by the filter, whose errors name the nearest one.
EventNames = Annotated[
    list[str],
    Field(max_length=_MOST_EVENTS),
    WithJsonSchema({"type": "array", "items": {"type": "string", "enum": [*EVENT_TYPES]}}),
]
FilterObject = Annotated[
    Any,
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": False,
            "description": "Each field restricts the events to which it applies",
            "properties": {
                "extensions": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Extensions, of which one takes part",
                },
                "direction": {"type": "string", "enum": [*DIRECTIONS]},
                "number": {
                    "type": "string",
                    "description": "Number of a party or DID; * at the start or the end stands for any digits",
                },
                "group": {
                    "type": "string",
                    "description": "Queue, ring group or department of a call; group of an entry of the event log",
                },
                "severity": {
                    "type": "string",
                    "enum": [*SEVERITIES],
                    "description": "Lowest severity of entries of the event log",
                },
            },
        }
    ),
]


class SubscriptionRequest(Envelope):
    """A subscription: which events of which PBX are sent to which URL."""

    pbx: Pbx
    events: EventNames
    filter: FilterObject = None
    url: Annotated[
        str, Field(max_length=_LONGEST_URL, description="http or https; gets one POST for each event")
    ]
    secret: Annotated[
        str | None,
        Field(
            max_length=_LONGEST_SECRET,
            repr=False,
            description="Signs the deliveries: `whsec_` and the Base64 of 24 to 64 bytes. Without it one is made, and "
            "returned in this response only",
        ),
    ] = None
    description: Annotated[str, Field(max_length=_LONGEST_TEXT, description="A note for people")] = ""
    concurrency: Annotated[
        int | None,
        Field(
            ge=1,
            le=_MOST_CONCURRENT,
            description="Deliveries under way at once; 1 for a receiver that handles one event at a time",
        ),
    ] = None


class EventCheckRequest(Envelope):
    """The events of which it is asked whether a client can have them."""

    pbx: Pbx
    events: EventNames
    filter: FilterObject = None


class WebhookTestRequest(Envelope):
    """The test event: a sample of this event, or one of the type `test`."""

    event: str | None = None
    pbx: Annotated[
        Any, Field(description="Not used: the subscription has its PBX", repr=False, exclude=True)
    ] = None


class EventsRequest(Envelope):
    """The events to read: by default all of the client, and only new ones."""

    pbx: Pbx
    events: Annotated[EventNames, Field(default_factory=list)]
    filter: FilterObject = None
    after: Annotated[
        str | None,
        Field(
            max_length=_LONGEST_TEXT,
            description="Position of the last event that was read, or `oldest` for all that are kept. The header "
            "Last-Event-ID takes precedence",
        ),
    ] = None


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class SubscribedPbx(_Answer):
    """The PBX of a subscription, without its API key."""

    base_url: str
    client_id: str
    profile: str | None = None


class DeliveryCounts(_Answer):
    """How many events wait to be delivered, were delivered, were given up, and were dropped."""

    pending: int
    delivered: int
    failed: int
    dropped: Annotated[int, Field(description="Not delivered before they were too old to be kept")] = 0


class EventProblem(_Answer):
    """Events that do not come, and why. `isFinal` is set until someone changes a right or a setting."""

    events: list[str]
    code: str
    message: str
    advice: str = ""
    is_final: bool = False


class SubscriptionResponse(_Answer):
    """A subscription. `secret` is there only in the response that made it. A parked one gets nothing until resumed."""

    id: UUID
    pbx: SubscribedPbx
    events: list[str]
    filter: FilterObject = {}
    url: str
    secret: str | None = None
    description: str | None = None
    state: Literal["active", "parked"]
    state_reason: str | None = None
    created_at: datetime
    deliveries: DeliveryCounts
    problems: list[EventProblem]


class EventCheckResponse(_Answer):
    """Events that a client cannot have, and why; none if it can have all."""

    problems: list[EventProblem]


class SubscriptionsResponse(_Answer):
    """All subscriptions of the executor."""

    subscriptions: list[SubscriptionResponse]


class Delivery(_Answer):
    """The result of one attempt to deliver an event; `retrying` ones are sent again."""

    event_id: str
    event: str
    time: datetime
    result: Literal["delivered", "retrying", "failed"]
    attempts: int
    status_code: int | None = None
    problem: str | None = None


class DeliveriesResponse(_Answer):
    """The last deliveries of a subscription, the newest first."""

    deliveries: list[Delivery]


class WebhookTestResponse(_Answer):
    """The result of a test event."""

    delivered: bool
    status_code: int | None = None
    problem: str | None = None
    advice: str | None = None
