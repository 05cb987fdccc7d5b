"""Send one signed message to the receiver of a subscription, and say what became of it."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

from ...errors import ConfigurationError, ThreeCxError
from ...values.json import dumps
from .delivery_ends import DeliveryEnd, read_error, read_response
from .signature import make_headers, make_message_id, read_secret
from .target_address import check_target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ...transport.webhooks import WebhookClient
    from ..model.clock import Clock
    from ..model.event import Event
    from ..model.subscription import Subscription

# A subscription has one URL and one secret.
_REMEMBERED = 1_000


class Sender:
    """Signs and sends messages. `allowed` are the hosts of `--allow-webhook`."""

    def __init__(self, client: WebhookClient, clock: Clock, allowed: Sequence[str] = ()) -> None:
        self._client = client
        self._clock = clock
        # Parsing URL and secret takes longer than signing; both are the same for all deliveries of a subscription.
        self._check_target = lru_cache(_REMEMBERED)(partial(check_target, allowed=tuple(allowed)))
        self._read_key = lru_cache(_REMEMBERED)(read_secret)

    def check(self, subscription: Subscription) -> DeliveryEnd | None:
        """Return why nothing can be sent to a receiver, whatever it would answer; None where it can.

        The rules of an executor may have changed since a subscription was made.
        """
        try:
            self._check_target(subscription.url)
            self._read_key(subscription.secret.reveal())
        except ConfigurationError as error:
            return DeliveryEnd(is_delivered=False, problem=error.message, advice=error.description)
        return None

    async def send_event(self, subscription: Subscription, event: Event) -> DeliveryEnd:
        """Send an event once."""
        return await self.send(subscription, make_message_id(event.id), event.to_json())

    async def send(
        self, subscription: Subscription, message_id: str, document: Mapping[str, Any]
    ) -> DeliveryEnd:
        """Send a message once."""
        body = dumps(document)
        key = self._read_key(subscription.secret.reveal())
        headers = make_headers(key, message_id, int(self._clock.now().timestamp()), body)
        try:
            response = await self._client.post(subscription.url, headers=headers, body=body)
        except ThreeCxError as error:
            return read_error(error)
        return read_response(subscription.url, response)
