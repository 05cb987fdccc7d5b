"""Check the URL of a subscription: where deliveries may be sent.

Names are not resolved here, because they may resolve to another address each time: the client of deliveries checks the
address of each connection.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ...errors import ConfigurationError
from ...transport.addresses import is_forbidden_host
from ...values.host_pattern import HostPattern

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST = 2_000
# A URL is sent as it is, so it must be encoded.
_SENDABLE = re.compile(r"[!-~]+")
_EXAMPLE = "Write the URL of the receiver, such as https://n8n.example.com/webhook/3cx."


def check_target(url: str, allowed: Sequence[str] = ()) -> None:
    """Raise ConfigurationError where a URL may not get deliveries. No message contains the path, which may be secret.

    `allowed` are the hosts of `--allow-webhook`; empty: all hosts.
    """
    if not url.strip():
        raise _refuse("the webhook URL is missing", _EXAMPLE)
    if len(url) > _LONGEST:
        raise _refuse(f"the webhook URL has more than {_LONGEST:,} characters", "Use a shorter URL.")
    if not _SENDABLE.fullmatch(url):
        raise _refuse(
            "the webhook URL contains blanks, control characters or letters that are not encoded",
            "Encode them with % and two digits, and a host name in its ASCII form.",
        )
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _refuse("the host or port of the webhook URL cannot be used", _EXAMPLE) from None
    if not parts.scheme or "://" not in url:
        raise _refuse("the webhook URL has no scheme", _EXAMPLE)
    if parts.scheme.lower() not in ("http", "https"):
        raise _refuse(f"the scheme of the webhook URL is {parts.scheme[:20]!r}", "Use https or http.")
    if "@" in parts.netloc:
        raise _refuse(
            "the webhook URL contains a user name or password",
            "Remove them: deliveries are signed with the secret of the subscription.",
        )
    if not host:
        raise _refuse("the webhook URL has no host name", _EXAMPLE)
    if is_forbidden_host(host):
        raise _refuse(
            f"{host} is a link-local address or one of a cloud platform, which get no deliveries",
            "Use the address at which the receiver listens.",
        )
    if allowed and not any(each.includes(url) for each in parse_allowed(allowed)):
        raise ConfigurationError(
            f"the executor does not deliver events to {parts.netloc}",
            description=f"Start the executor with --allow-webhook {parts.netloc}, or use an allowed host.",
            code="webhook_not_allowed",
            field="url",
        )


def parse_allowed(texts: Sequence[str]) -> tuple[HostPattern, ...]:
    """Return the hosts of `--allow-webhook`. Raises ConfigurationError."""
    return tuple(_parse(text) for text in texts)


def _parse(text: str) -> HostPattern:
    try:
        return HostPattern.parse(text)
    except ValueError as error:
        raise ConfigurationError(
            f"--allow-webhook {error}",
            description="Write a host without https://, such as n8n.example.com, n8n.example.com:5678, "
            "*.example.com or [2001:db8::1]:5678.",
        ) from None


def _refuse(message: str, advice: str) -> ConfigurationError:
    return ConfigurationError(message, description=advice, code="webhook_url", field="url")
