"""Secrets and signatures, beside the reference implementation of Standard Webhooks."""

from __future__ import annotations

import base64
import time

import pytest
from standardwebhooks import Webhook

from threecx_node.errors import ConfigurationError
from threecx_node.events.delivery.signature import (
    make_headers,
    make_message_id,
    make_secret,
    read_secret,
    sign,
)


def encode(size: int) -> str:
    return "whsec_" + base64.b64encode(bytes(range(size))).decode()


def test_the_reference_implementation_accepts_a_signature() -> None:
    secret, body, now = make_secret(), '{"type": "call.missed", "name": "Jörg"}'.encode(), int(time.time())
    message_id = make_message_id("pbx.example.com:5001/7/call/missed")
    headers = make_headers(read_secret(secret), message_id, now, body)
    assert Webhook(secret).verify(body, headers) == {"type": "call.missed", "name": "Jörg"}
    assert headers["webhook-signature"] == sign(read_secret(secret), message_id, now, body)
    assert message_id == make_message_id("pbx.example.com:5001/7/call/missed")
    assert message_id.startswith("evt_")
    assert len(message_id) == 36


@pytest.mark.parametrize("size", [24, 32, 64])
def test_a_secret_of_24_to_64_bytes_is_used(size: int) -> None:
    assert read_secret(f" {encode(size)}\n") == bytes(range(size))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("planted-secret", "does not begin with whsec_"),
        ("", "does not begin with whsec_"),
        ("whsec_", "has 0 bytes, which is too short"),
        (encode(23), "has 23 bytes, which is too short"),
        (encode(65), "has 65 bytes, which is too long"),
        ("whsec_planted!secret", "is not base64"),
        ("whsec_plänted", "is not base64"),
    ],
)
def test_a_bad_secret_is_refused_and_not_repeated(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        read_secret(text)
    assert caught.value.code == "webhook_secret"
    assert "nted" not in caught.value.one_line()
