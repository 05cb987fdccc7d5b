"""Say what became of an attempt to deliver, and what to do about it. No text contains the path or words of a receiver.

The path of a webhook is often its only secret, and a receiver may be a service in the network of the executor that a
caller must not read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...errors import ThreeCxError
    from ...transport.webhooks import WebhookResponse

GONE = 410
_BY_STATUS: Mapping[int, str] = {
    401: "The receiver refuses the delivery. Let the webhook accept calls without a login; deliveries are signed.",
    403: "The receiver refuses the delivery. Check the secret of the subscription, and proxies in front of it.",
    404: "Check the path. In n8n the workflow must be active; a test URL works only while the editor listens.",
    405: "The URL does not accept POST. Check the path.",
    410: "The receiver is gone. Remove the subscription, or resume it when the receiver is back.",
    413: "The receiver, or a proxy in front of it, limits the size of requests too much. Raise its limit.",
    429: "The receiver gets too many deliveries. They are repeated later.",
}
_FAILED = "The receiver has an internal error. See its log."
_REFUSED = "The receiver does not accept the delivery. Check the URL and the secret of the subscription."
_REDIRECT = "Use the address to which it redirects; deliveries do not go to another one by themselves."
_CONTAINER = "In a container, localhost is the container itself: use the name of the receiver's host."
_BY_CODE: Mapping[str, str] = {
    "connection_refused": f"Check that the receiver runs and listens at this address. {_CONTAINER}",
    "connect_timeout": f"Check the address, and the firewalls in between. {_CONTAINER}",
    "unreachable": f"Check the address, and that the executor can reach it. {_CONTAINER}",
    "dns": "Check the host name: the machine of the executor must be able to resolve it. In n8n, see WEBHOOK_URL.",
    "timeout": "Let the receiver respond at once and work later: in n8n, Respond > Immediately.",
    "connection_lost": "Check whether the receiver, or a proxy in front of it, was restarting.",
    "tls": "Use the host name in the certificate, or let SSL_CERT_FILE name its certificate authority.",
    "tls_self_signed": "Let SSL_CERT_FILE of the executor name the certificate, or use http on a trusted network.",
    "tls_handshake": "Check whether the port speaks HTTPS, and use http:// where it does not.",
    "forbidden_address": "Use the address at which the receiver listens.",
}
_OTHER = "Check the URL of the subscription, and that the executor's machine can reach it."


@dataclass(frozen=True, slots=True)
class DeliveryEnd:
    """The end of an attempt: `status_code` is None where there was no response, `retry_after` is in seconds."""

    is_delivered: bool
    status_code: int | None = None
    problem: str = ""
    advice: str = ""
    retry_after: float | None = None

    @property
    def is_gone(self) -> bool:
        """Return whether the receiver says that it is gone."""
        return self.status_code == GONE


def read_response(url: str, response: WebhookResponse) -> DeliveryEnd:
    """Return what a response means."""
    status = response.status
    if 200 <= status < 300:
        return DeliveryEnd(is_delivered=True, status_code=status)
    host = urlsplit(url).netloc
    if response.is_redirect:
        return DeliveryEnd(False, status, f"{host} redirects to another address", _REDIRECT)
    advice = _BY_STATUS.get(status) or (_FAILED if status >= 500 else _REFUSED)
    return DeliveryEnd(False, status, f"{host} answered {status}", advice, response.retry_after)


def read_error(error: ThreeCxError) -> DeliveryEnd:
    """Return what an error without a response means."""
    return DeliveryEnd(False, None, error.message, _BY_CODE.get(error.code, error.description or _OTHER))
