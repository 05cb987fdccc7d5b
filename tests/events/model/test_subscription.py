"""Subscriptions: which events they get."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from threecx_credentials import Credential, Secret
from threecx_node.errors import ConfigurationError
from threecx_node.events.model.event import Event
from threecx_node.events.model.filters import EventFilter
from threecx_node.events.model.subscription import PbxReference, Subscription

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def event(name: str, extension: str = "100") -> Event:
    return Event(id="1", type=name, time=NOW, pbx="pbx", order_key="1", data={"extension": extension})


def test_a_subscription_gets_chosen_events_that_pass_its_filter() -> None:
    subscription = Subscription(
        id="a",
        feed="f",
        pbx=PbxReference(profile="main"),
        events=("call.missed",),
        filter=EventFilter(extensions=("100",)),
        url="http://127.0.0.1/hook",
        secret=Secret("whsec_secret"),
        created_at=NOW,
    )
    assert subscription.wants(event("call.missed"))
    assert not subscription.wants(event("call.ended"))
    assert not subscription.wants(event("call.missed", "101"))
    assert "whsec_secret" not in repr(subscription)


def test_a_pbx_is_a_profile_or_a_credential() -> None:
    credential = Credential.of("pbx.example.com", "900", "secret-key")
    assert "secret-key" not in repr(PbxReference(credential=credential))
    for profile, given in ((None, None), ("main", credential)):
        with pytest.raises(ConfigurationError) as raised:
            PbxReference(profile=profile, credential=given)
        assert raised.value.field == "pbx"
