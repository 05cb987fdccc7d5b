"""Sign deliveries as Standard Webhooks describes it: HMAC-SHA256 over ID, time and body, with a secret `whsec_…`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from ...errors import ConfigurationError

PREFIX = "whsec_"
ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER = "webhook-id", "webhook-timestamp", "webhook-signature"
SHORTEST, LONGEST = 24, 64
"""The bytes that a secret may have."""

_ADVICE = (
    f"Leave the secret out to get one, or send {PREFIX} and {SHORTEST} to {LONGEST} random bytes in base64."
)


def make_secret() -> str:
    """Return a new secret as text."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def read_secret(text: str) -> bytes:
    """Return the bytes of a secret. Raises ConfigurationError, which does not repeat the secret."""
    typed = text.strip()
    if not typed.startswith(PREFIX):
        raise _refuse(f"does not begin with {PREFIX}")
    try:
        key = base64.b64decode(typed.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise _refuse(f"is not base64 after {PREFIX}") from None
    if len(key) < SHORTEST:
        raise _refuse(f"has {len(key)} bytes, which is too short")
    if len(key) > LONGEST:
        raise _refuse(f"has {len(key)} bytes, which is too long")
    return key


def make_message_id(event_id: str) -> str:
    """Return the ID of the deliveries of an event, which is the same in each attempt."""
    return f"evt_{hashlib.sha256(event_id.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a message; `timestamp` is in seconds."""
    content = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


def make_headers(key: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three headers of a signed message."""
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: sign(key, message_id, timestamp, body),
    }


def _refuse(problem: str) -> ConfigurationError:
    return ConfigurationError(
        f"the webhook secret {problem}", description=_ADVICE, code="webhook_secret", field="secret"
    )
