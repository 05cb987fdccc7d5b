"""Describe a subscription to its owner: its state, the problems of its events, and its deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NOT_MONITORED = "not_monitored"
"""The code of the problem that the client does not monitor extensions of the filter."""
UNKNOWN_NUMBER = "unknown_number"
"""The code of the problem that the PBX does not have an extension or the group of the filter."""
SubscriptionState = Literal["active", "parked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedProblem:
    """A reason why events of some types do not come.

    `is_final` is set where they will not come until an administrator changes something, such as a right of the client;
    all others may pass.
    """

    events: tuple[str, ...]
    code: str
    message: str
    advice: str
    is_final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionStatus:
    """The state of a subscription, and the numbers of its deliveries.

    `state` is "parked" where nothing is delivered until it is resumed, and `state_reason` then says why. `pending` are
    the events that wait for delivery, and `failed` those that were given up.
    """

    state: SubscriptionState
    state_reason: str = ""
    problems: tuple[FeedProblem, ...] = ()
    pending: int = 0
    delivered: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TestDelivery:
    """The end of a test delivery: `status_code` is that of the response, None where there was none."""

    # The name does not make this a class of tests.
    __test__ = False

    delivered: bool
    status_code: int | None = None
    problem: str = ""
    advice: str = ""
