"""Receivers in Python check webhooks before they use them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from threecx_node.errors import ConfigurationError, InputError
from threecx_node.events.delivery.signature import make_headers, make_secret, read_secret
from threecx_node.events.model.event import Event
from threecx_node.events.model.event_types import EVENT_TYPES
from threecx_node.events.model.samples import make_sample
from threecx_node.events.receive import read_webhook

SECRET = make_secret()
SAMPLE = make_sample(EVENT_TYPES["call.missed"])
BODY = json.dumps(SAMPLE).encode()
SENT = 1_772_352_000
HEADERS = make_headers(read_secret(SECRET), "evt_1", SENT, BODY)


def test_a_webhook_is_an_event() -> None:
    assert read_webhook(HEADERS, BODY, SECRET, now=SENT + 300) == Event.from_json(SAMPLE)


def test_headers_in_any_case_and_several_signatures() -> None:
    headers = {name.title(): value for name, value in HEADERS.items()}
    headers["Webhook-Signature"] = f"v1,{'A' * 43}= {headers['Webhook-Signature']}"
    assert read_webhook(headers, BODY, SECRET, now=SENT).id == SAMPLE["id"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"headers": {}}, "the header webhook-id is missing"),
        ({"headers": {**HEADERS, "webhook-timestamp": "٣"}}, "is not a time in seconds"),
        ({"headers": {**HEADERS, "webhook-timestamp": "9" * 5000}}, "is not a time in seconds"),
        ({"headers": {**HEADERS, "webhook-timestamp": str(SENT + 1)}}, "the signature of the webhook is not valid"),
        ({"headers": {**HEADERS, "webhook-id": "evt_2"}}, "the signature of the webhook is not valid"),
        ({"headers": {**HEADERS, "webhook-signature": "é \udc80"}}, "the signature of the webhook is not valid"),
        ({"body": BODY + b" "}, "the signature of the webhook is not valid"),
        ({"secret": make_secret()}, "the signature of the webhook is not valid"),
        ({"now": SENT + 301}, "the webhook is too old"),
        ({"now": SENT - 301}, "the webhook is too old"),
    ],
)  # fmt: skip
def test_other_requests_are_refused(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"headers": HEADERS, "body": BODY, "secret": SECRET, "now": SENT, **change}
    with pytest.raises(InputError, match=message) as raised:
        read_webhook(given["headers"], given["body"], given["secret"], now=given["now"])
    assert raised.value.description
    assert SECRET not in raised.value.one_line()


@pytest.mark.parametrize("body", [b"", b"[]", b"{"])
def test_a_signed_body_that_is_not_an_event(body: bytes) -> None:
    headers = make_headers(read_secret(SECRET), "evt_1", SENT, body)
    with pytest.raises(InputError, match="does not contain a JSON object"):
        read_webhook(headers, body, SECRET, now=SENT)


def test_a_wrong_secret_is_named() -> None:
    with pytest.raises(ConfigurationError, match="the webhook secret does not begin with whsec_"):
        read_webhook(HEADERS, BODY, "secret")
