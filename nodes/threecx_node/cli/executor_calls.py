"""The requests of `threecx subscriptions` to a running executor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx

from ..errors import ConfigurationError, UsageError
from ..values.json import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .executor_address import ExecutorAddress

# Seconds: the executor checks the rights at the PBX, or sends a test event, before it answers.
_TIMEOUT = 60.0
_PATH = "/v1/subscriptions"


def list_subscriptions(address: ExecutorAddress) -> list[dict[str, Any]]:
    """Return the subscriptions of an executor. Raise ThreeCxError."""
    return list(_call(address, "GET", _PATH).get("subscriptions", ()))


def add_subscription(address: ExecutorAddress, body: Mapping[str, Any]) -> dict[str, Any]:
    """Create a subscription, and return it. Raise ThreeCxError."""
    return _call(address, "POST", _PATH, body)


def show_subscription(address: ExecutorAddress, subscription_id: str, deliveries: int) -> dict[str, Any]:
    """Return a subscription, with its newest deliveries as `lastDeliveries`. Raise ThreeCxError."""
    found = _call(address, "GET", _path(subscription_id))
    last = (
        _call(address, "GET", f"{_path(subscription_id)}/deliveries?limit={deliveries}") if deliveries else {}
    )
    return {**found, "lastDeliveries": last.get("deliveries", [])}


def remove_subscription(address: ExecutorAddress, subscription_id: str) -> None:
    """Remove a subscription. Raise ThreeCxError."""
    _call(address, "DELETE", _path(subscription_id))


def send_test(address: ExecutorAddress, subscription_id: str) -> dict[str, Any]:
    """Send a test event, and return what became of it. Raise ThreeCxError."""
    return _call(address, "POST", f"{_path(subscription_id)}/test")


def resume_subscription(address: ExecutorAddress, subscription_id: str) -> dict[str, Any]:
    """Send again to a subscription that is parked, and return it. Raise ThreeCxError."""
    return _call(address, "POST", f"{_path(subscription_id)}/resume")


def _path(subscription_id: str) -> str:
    try:
        return f"{_PATH}/{UUID(subscription_id)}"
    except ValueError as error:
        raise UsageError(
            f"{subscription_id[:100]!r} is not the ID of a subscription",
            description="threecx subscriptions list shows the IDs.",
        ) from error


def _call(
    address: ExecutorAddress, method: str, path: str, body: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Send a request, and return the JSON object of the response, empty where it has none."""
    content = None if body is None else dumps(body)
    headers = {} if body is None else {"Content-Type": "application/json"}
    try:
        with address.make_client(_TIMEOUT) as client:
            response = client.request(method, path, content=content, headers=headers)
    except httpx.HTTPError as error:
        raise address.make_unreachable(error) from error
    address.check(response)
    if not response.content:
        return {}
    try:
        document = loads(response.content)
    except ValueError as error:
        raise _make_odd(address) from error
    if not isinstance(document, dict):
        raise _make_odd(address)
    return document


def _make_odd(address: ExecutorAddress) -> ConfigurationError:
    return ConfigurationError(
        f"the answer of {address.url} is not JSON of an executor",
        description="Check --executor, and any proxy in front of the executor.",
        code="not_executor",
    )
