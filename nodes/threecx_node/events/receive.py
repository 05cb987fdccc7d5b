"""Read the webhooks that an executor sends: check signature and time, and return the event."""

from __future__ import annotations

import hmac
import time
from typing import TYPE_CHECKING

from ..errors import InputError
from ..values.json import loads
from .delivery.signature import ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, read_secret, sign
from .model.event import Event

if TYPE_CHECKING:
    from collections.abc import Mapping

TOLERANCE = 300
"""Seconds by which the time of a delivery may differ from that of this machine."""
_LONGEST_TIMESTAMP = 12


def read_webhook(headers: Mapping[str, str], body: bytes, secret: str, *, now: float | None = None) -> Event:
    """Return the event of a delivery.

    `headers` are those of the request, in any case; `body` is its body as it was received; `secret` is that of the
    subscription. `now` replaces the current time in seconds. Raises InputError for a request that the executor did not
    send, that was changed on its way, or that is older than five minutes, and ConfigurationError for the secret.
    """
    key = read_secret(secret)
    given = {name.lower(): value for name, value in headers.items()}
    for name in (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER):
        if not given.get(name):
            raise _refuse(f"the header {name} is missing", "Only an executor sends webhooks to this URL.")
    sent_at = given[TIMESTAMP_HEADER]
    if not (sent_at.isascii() and sent_at.isdigit() and len(sent_at) <= _LONGEST_TIMESTAMP):
        raise _refuse(
            f"the header {TIMESTAMP_HEADER} is not a time in seconds", "Pass the headers as received."
        )
    expected = sign(key, given[ID_HEADER], int(sent_at), body).encode()
    # A secret that is replaced signs beside the new one for a while.
    signatures = given[SIGNATURE_HEADER].encode("utf-8", "surrogateescape").split()
    if not any(hmac.compare_digest(expected, each) for each in signatures):
        raise _refuse(
            "the signature of the webhook is not valid",
            "Use the secret of this subscription, and the body as it was received, before it is parsed.",
        )
    if abs((time.time() if now is None else now) - int(sent_at)) > TOLERANCE:
        raise _refuse(
            "the webhook is too old, or the clock of this machine is wrong",
            "Set the clocks of both machines. Old requests are refused, because they may be repeated by others.",
            code="webhook_time",
        )
    try:
        document = loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise _refuse("the webhook does not contain a JSON object", "Check that a proxy does not change it.")
    return Event.from_json(document)


def _refuse(message: str, advice: str, *, code: str = "webhook_signature") -> InputError:
    return InputError(message, description=advice, code=code)
