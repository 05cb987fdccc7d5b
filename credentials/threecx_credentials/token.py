"""The access token and its lifetime."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass

from .fields import Secret

# `expires_in` is in minutes before release 20.0.9 and in seconds since; a token is valid for an hour. A value this
# small can only be minutes. If it were seconds, the 401 at the token's end would renew it too.
_LARGEST_MINUTES = 120
_FALLBACK_LIFETIME = 3600.0
# A longer lifetime is a mistake of the server, or of its clock.
_LONGEST_LIFETIME = 30 * 86_400.0
# Renew this long before the end, or a tenth of the lifetime if that is shorter.
_MARGIN = 60.0
# The characters that a header can contain; a longer token would fill the whole head of a request.
_SENDABLE = re.compile(r"[!-~]{1,65536}")


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. After `renew_at`, in seconds since the epoch by this machine's clock, request the next."""

    access_token: Secret
    renew_at: float

    @classmethod
    def from_response(cls, access_token: str, expires_in: object, now: float) -> Token:
        """Return the token of a response that was received at `now`."""
        lifetime = min(read_lifetime(access_token, expires_in, now), _LONGEST_LIFETIME)
        return cls(Secret(access_token), now + lifetime - min(_MARGIN, lifetime / 10))


def is_sendable(access_token: object) -> bool:
    """Return whether a value of a response can be sent as an access token."""
    return isinstance(access_token, str) and _SENDABLE.fullmatch(access_token) is not None


def read_lifetime(access_token: str, expires_in: object, now: float) -> float:
    """Return the seconds for which a token is valid: by the JWT's own claims if it has them, else by `expires_in`."""
    lifetime = read_jwt_lifetime(access_token, now)
    return _read_expires_in(expires_in) if lifetime is None else lifetime


def read_jwt_lifetime(access_token: str, now: float) -> float | None:
    """Return the seconds for which a JWT is valid from `now`, or None if its claims do not contain an end.

    `exp` minus `iat` does not depend on this machine's clock being right; `exp` alone does.
    """
    parts = access_token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        expires = float(claims["exp"])
        issued = float(claims.get("iat", now))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    lifetime = expires - issued
    return lifetime if 0 < lifetime < float("inf") else None


def _read_expires_in(value: object) -> float:
    if not isinstance(value, (int, float, str)):
        return _FALLBACK_LIFETIME
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return _FALLBACK_LIFETIME
    if isinstance(value, bool) or not 0 < number < float("inf"):
        return _FALLBACK_LIFETIME
    return number * 60 if number <= _LARGEST_MINUTES else number
