"""The handlers of /v1/subscriptions and /v1/events."""

from __future__ import annotations

from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from starlette.responses import Response, StreamingResponse

from threecx_credentials import Secret

from ..callcontrol.call_events import format_time
from ..errors import ThreeCxError, UnknownNameError
from ..events.delivery.signature import make_secret, read_secret
from ..events.delivery.target_address import check_target
from ..events.model.event_types import EVENT_TYPES, find_type, find_types
from ..events.model.feed_key import make_feed_key
from ..events.model.filters import EventFilter
from ..events.model.status import NOT_MONITORED, UNKNOWN_NUMBER
from ..events.model.subscription import PbxReference, Subscription
from ..events.store.event_store import SubscriptionRecord
from ..values.json import dumps
from .event_log import log_removed, log_subscription
from .event_models import (
    MAX_DELIVERIES,
    EventCheckRequest,
    EventsRequest,
    SubscriptionRequest,
    WebhookTestRequest,
)
from .event_requests import choose_encoder, read_position, read_query
from .event_stream import EventStream, describe_feed_problem, find_start
from .pbx_access import hide_foreign_words
from .problems import ProblemError
from .requests import find_credential, parse_request, read_request
from .while_connected import while_connected

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from threecx_credentials import Credential

    from ..events.model.event_types import EventType
    from ..events.model.status import FeedProblem
    from ..events.store.event_store import DeliveryAttempt
    from .bodies import BodyReader
    from .config import ServiceConfig
    from .event_service import EventService
    from .event_stream import Encoder
    from .models import Pbx

MAX_SUBSCRIPTIONS = 1_000
_DEFAULT_DELIVERIES = 100
_RESULTS = {"delivered": "delivered", "retry": "retrying", "dead": "failed"}


class EventHandlers:
    """One method per path and method."""

    def __init__(self, config: ServiceConfig, events: EventService, bodies: BodyReader) -> None:
        self._config = config
        self._events = events
        self._bodies = bodies

    async def add(self, request: Request) -> Response:
        """Create a subscription."""
        hub = self._events.hub
        body = await read_request(request, SubscriptionRequest, self._bodies)
        types, chosen = _read_wish(body.events, body.filter)
        check_target(body.url, self._config.allowed_webhooks)
        secret = body.secret or make_secret()
        read_secret(secret)
        credential = self._find_credential(body.pbx)
        if len(await self._events.store.list_subscriptions()) >= MAX_SUBSCRIPTIONS:
            raise ProblemError(
                422,
                f"the executor has {MAX_SUBSCRIPTIONS} subscriptions already",
                "Remove those that are not used any more.",
                "too_many_subscriptions",
            )
        problems = await self._check(request, body.pbx, credential, types, chosen)
        _refuse_hopeless(problems, types, body.pbx)
        subscription = Subscription(
            id=str(uuid4()),
            feed=make_feed_key(credential),
            pbx=_make_reference(body.pbx, credential),
            events=tuple(each.name for each in types),
            filter=chosen,
            url=body.url,
            secret=Secret(secret),
            created_at=datetime.now(UTC),
            description=body.description.strip(),
            concurrency=body.concurrency,
        )
        await hub.add(subscription)
        log_subscription("added", subscription, _name_pbx(subscription, credential))
        described = await self._describe(SubscriptionRecord(subscription))
        # The hub may not know yet what the check has found.
        described["problems"] = [describe_feed_problem(each) for each in problems]
        if body.secret is None:
            described["secret"] = secret
        location = {"Location": f"/v1/subscriptions/{subscription.id}"}
        return Response(dumps(described), 201, media_type="application/json", headers=location)

    async def check(self, request: Request) -> Response:
        """Return which events a client cannot have."""
        _ = self._events.hub
        body = await read_request(request, EventCheckRequest, self._bodies)
        types, chosen = _read_wish(body.events, body.filter)
        credential = self._find_credential(body.pbx)
        problems = await self._check(request, body.pbx, credential, types, chosen)
        return _make_json({"problems": [describe_feed_problem(each) for each in problems]})

    async def list(self, request: Request) -> Response:
        """Return all subscriptions, without their secrets."""
        del request
        found = []
        for each in await self._events.store.list_subscriptions():
            # Another caller may remove one meanwhile.
            with suppress(UnknownNameError):
                found.append(await self._describe(each))
        return _make_json({"subscriptions": found})

    async def show(self, request: Request) -> Response:
        """Return a subscription, without its secret."""
        record = await self._find(request)
        return _make_json(await self._describe(record))

    async def remove(self, request: Request) -> Response:
        """Remove a subscription."""
        subscription_id = str(request.path_params["subscription_id"])
        if not await self._events.remove(subscription_id):
            raise _make_unknown(subscription_id)
        log_removed(subscription_id)
        return Response(status_code=204)

    async def deliveries(self, request: Request) -> Response:
        """Return the last deliveries of a subscription."""
        limit = _read_limit(request)
        record = await self._find(request)
        found = await self._events.store.list_deliveries(record.subscription.id, limit)
        return _make_json({"deliveries": [_describe_delivery(each) for each in found]})

    async def test(self, request: Request) -> Response:
        """Send a test event; the status is 200 even if it is not accepted."""
        raw = await self._bodies.read(request)
        body = parse_request(raw, WebhookTestRequest) if raw.strip() else WebhookTestRequest()
        event = "" if body.event is None else find_type(body.event).name
        record = await self._find(request)
        sending = self._events.hub.test(record.subscription.id, event)
        result = await while_connected(request, sending)
        members = {
            "delivered": result.delivered,
            "statusCode": result.status_code,
            "problem": result.problem,
            "advice": result.advice,
        }
        return _make_json({name: value for name, value in members.items() if value not in (None, "")})

    async def resume(self, request: Request) -> Response:
        """Deliver again to a subscription that is parked."""
        record = await self._find(request)
        await self._events.hub.resume(record.subscription.id)
        log_subscription("resumed", record.subscription, self._name(record.subscription))
        record = await self._find(request)
        return _make_json(await self._describe(record))

    async def read(self, request: Request) -> Response:
        """Send events to a reader, until one of both ends."""
        encoder = choose_encoder(request)
        hub = self._events.hub
        if request.method == "GET":
            body = read_query(request)
            await self._bodies.read(request)
        else:
            body = await read_request(request, EventsRequest, self._bodies)
        types, chosen = _read_wish(body.events or [*EVENT_TYPES], body.filter)
        names = frozenset(each.name for each in types)
        after = read_position(request, body.after)
        credential = self._find_credential(body.pbx)
        self._events.enter_reader()
        async with AsyncExitStack() as stack:
            stack.callback(self._events.leave_reader)
            problems = await self._check(request, body.pbx, credential, types, chosen)
            _refuse_hopeless(problems, types, body.pbx)
            try:
                # In the task of the request, which also leaves it.
                feed = await stack.enter_async_context(
                    hub.reading(_make_reference(body.pbx, credential), names)
                )
            except ThreeCxError as error:
                raise hide_foreign_words(error, body.pbx) from None
            store = self._events.store
            stream = EventStream(
                store=store,
                feed=feed,
                types=names,
                filter=chosen,
                after=await find_start(store, feed, after),
                heartbeat=self._config.heartbeat,
                ending=self._events.ending,
                encoder=encoder,
            )
            return _EventResponse(stream.lines(problems), encoder, stack.pop_all())
        raise AssertionError("unreachable")

    async def _check(
        self,
        request: Request,
        pbx: Pbx,
        credential: Credential,
        types: Sequence[EventType],
        chosen: EventFilter,
    ) -> tuple[FeedProblem, ...]:
        """Return which of the events a PBX does not let a client have, or its numbers do not let pass the filter."""
        names = frozenset(each.name for each in types)
        checking = self._events.hub.check(credential, names, chosen.extensions, chosen.group)
        try:
            return await while_connected(request, checking)
        except ThreeCxError as error:
            raise hide_foreign_words(error, pbx) from None

    async def _find(self, request: Request) -> SubscriptionRecord:
        subscription_id = str(request.path_params["subscription_id"])
        record = await self._events.store.get_subscription(subscription_id)
        if record is None:
            raise _make_unknown(subscription_id)
        return record

    async def _describe(self, record: SubscriptionRecord) -> dict[str, Any]:
        """Return a subscription as JSON."""
        subscription = record.subscription
        status = await self._events.hub.describe(subscription)
        described = {
            "id": subscription.id,
            "pbx": self._describe_pbx(subscription.pbx),
            "events": list(subscription.events),
            "filter": subscription.filter.to_json(),
            "url": subscription.url,
            "description": subscription.description or None,
            "state": status.state,
            "stateReason": status.state_reason or None,
            "createdAt": format_time(subscription.created_at.astimezone(UTC)),
            "deliveries": {
                "pending": status.pending,
                "delivered": status.delivered,
                "failed": status.failed,
                "dropped": record.dropped,
            },
            "problems": [describe_feed_problem(each) for each in status.problems],
        }
        return {name: value for name, value in described.items() if value is not None}

    def _describe_pbx(self, reference: PbxReference) -> dict[str, Any]:
        """Return the PBX without its API key; a profile that is gone has no address."""
        credential = reference.credential or self._config.profiles.get(reference.profile or "")
        described = {
            "baseUrl": credential.base_url if credential else "",
            "clientId": credential.client_id if credential else "",
        }
        return described if reference.profile is None else {**described, "profile": reference.profile}

    def _find_credential(self, pbx: Pbx) -> Credential:
        return find_credential(pbx, self._config.profiles, self._config.access)

    def _name(self, subscription: Subscription) -> str:
        credential = subscription.pbx.credential or self._config.profiles.get(subscription.pbx.profile or "")
        return _name_pbx(subscription, credential)


class _EventResponse(StreamingResponse):
    """The events of one reader; whatever happens, the feed learns that the reader has gone."""

    def __init__(self, lines: AsyncIterator[bytes], encoder: Encoder, stack: AsyncExitStack) -> None:
        # A proxy that buffers the response would delay events and heartbeats.
        super().__init__(lines, media_type=encoder.media_type, headers={"X-Accel-Buffering": "no"})
        self._stack = stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, also to a reader that leaves before its first line."""
        async with self._stack:
            await super().__call__(scope, receive, send)


def _read_wish(events: Sequence[str], chosen: object) -> tuple[tuple[EventType, ...], EventFilter]:
    """Return the types of events and the filter of a request. Raise ConfigurationError."""
    types = find_types([each.strip() for each in events])
    read = EventFilter.from_json(chosen)
    read.check_types(each.name for each in types)
    return types, read


def _refuse_hopeless(problems: Iterable[FeedProblem], types: Sequence[EventType], pbx: Pbx) -> None:
    """Raise ProblemError where none of the events would come.

    Where a caller has named the PBX with an API key, the PBX must have accepted that key: faults that pass count too.
    """
    counted = [
        each for each in problems if each.is_final or (pbx.profile is None and each.code != NOT_MONITORED)
    ]
    missing = {name for each in counted for name in each.events}
    if counted and missing >= {each.name for each in types}:
        first = counted[0]
        status = 422 if first.code == UNKNOWN_NUMBER else 403 if first.is_final else 502
        raise ProblemError(status, first.message, first.advice, first.code)


def _make_reference(pbx: Pbx, credential: Credential) -> PbxReference:
    return (
        PbxReference(profile=pbx.profile) if pbx.profile is not None else PbxReference(credential=credential)
    )


def _name_pbx(subscription: Subscription, credential: Credential | None) -> str:
    """Return `profile office`, or host and port."""
    if subscription.pbx.profile is not None:
        return f"profile {subscription.pbx.profile}"
    return credential.base_url.partition("://")[2].partition("/")[0] if credential else ""


def _read_limit(request: Request) -> int:
    given = request.query_params.get("limit", str(_DEFAULT_DELIVERIES))
    if not given.isascii() or not given.isdigit() or not 1 <= int(given[:9]) <= MAX_DELIVERIES:
        raise ProblemError(
            422, f"limit is {given[:20]!r}", f"Send a number from 1 to {MAX_DELIVERIES}, or no limit."
        )
    return int(given)


def _describe_delivery(attempt: DeliveryAttempt) -> dict[str, Any]:
    result = attempt.result
    described = {
        "eventId": result.event_id,
        "event": result.event_type,
        "time": format_time(result.time.astimezone(UTC)),
        "result": _RESULTS[result.state],
        "attempts": attempt.attempt,
        "statusCode": result.status_code,
        "problem": result.problem or None,
    }
    return {name: value for name, value in described.items() if value is not None}


def _make_unknown(subscription_id: str) -> ProblemError:
    return ProblemError(
        404,
        f"the executor has no subscription {subscription_id}",
        "GET /v1/subscriptions lists them. Another executor, without a shared store, may have it.",
        "unknown_subscription",
    )


def _make_json(value: Any) -> Response:
    return Response(dumps(value), media_type="application/json")
