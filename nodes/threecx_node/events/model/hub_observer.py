"""The interface at which events and deliveries are counted, for metrics and the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

DeliveryEnd = Literal["delivered", "retried", "failed"]


class HubObserver(Protocol):
    """Sees what the hub does. Its methods must be fast and raise nothing."""

    def note_events(self, types: Sequence[str]) -> None:
        """Take note of new events, by their types."""

    def note_delivery(self, result: DeliveryEnd, seconds: float) -> None:
        """Take note of an attempt to deliver an event, and how long it took."""

    def note_parked(self, subscription_id: str, reason: str) -> None:
        """Take note that a subscription gets no more deliveries."""

    def note_receiver(self, subscription_id: str, problem: str) -> None:
        """Take note that a receiver fails again and again; with an empty problem, that it is there again."""

    def note_feed(self, feed_name: str, connected: bool) -> None:
        """Take note that the connection to a PBX is there or lost; `feed_name` is host and port of the PBX."""


class NoObserver:
    """Takes note of nothing."""

    def note_events(self, types: Sequence[str]) -> None:
        """Ignore new events."""

    def note_delivery(self, result: DeliveryEnd, seconds: float) -> None:
        """Ignore an attempt to deliver."""

    def note_parked(self, subscription_id: str, reason: str) -> None:
        """Ignore a parked subscription."""

    def note_receiver(self, subscription_id: str, problem: str) -> None:
        """Ignore the state of a receiver."""

    def note_feed(self, feed_name: str, connected: bool) -> None:
        """Ignore the state of a connection."""
