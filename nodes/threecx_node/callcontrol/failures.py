"""Make errors of the responses of the Call Control API, and decide which of them no repeat can overcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..advice import UNKNOWN_OUTCOME, advice_for, advise_on_call, read_other_address
from ..errors import (
    LoginError,
    NotThreeCxError,
    ResponseError,
    ThreeCxError,
    TransportError,
    UsageError,
)
from ..messages import read_media_type
from ..values.error_body import read_error_body
from ..values.json import loads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..messages import HttpResponse

FORBIDDEN, OFF = "call_control_forbidden", "call_control_off"
# A server at these is not a PBX, or not one that may be used.
_NEVER = frozenset({"tls", "tls_self_signed", "forbidden_address", "not_3cx", "unsendable"})
_REDIRECTS = range(300, 400)


def make_error(
    response: HttpResponse, host: str, *, code: str = "", parameters: Sequence[str] = ()
) -> ThreeCxError:
    """Return the error of a response without success. `code` selects the advice instead of the status.

    `parameters` are the names of those in the path of the request, as in the catalog.
    """
    status = response.status
    location = response.headers.get("location", "")
    if other := read_other_address(status, location, response.content, host):
        return NotThreeCxError(host, status, other[0], description=other[1])
    body = read_error_body(response.content)
    if status in _REDIRECTS:
        return NotThreeCxError(host, status, "a redirection to another address")
    if status == 404 and (body.is_page or read_media_type(response.headers) == "text/html"):
        return NotThreeCxError(host, status, "a web page")
    about_calls = advise_on_call(status, parameters) if parameters else ""
    advice = advice_for(None, code) or about_calls or advice_for(status)
    return ResponseError(
        _read_reason(response) or body.message or f"{host} answered {status}",
        description=f"{UNKNOWN_OUTCOME} {advice}" if response.outcome_unknown else advice,
        code=code or f"http_{status}",
        http_code=status,
        outcome_unknown=response.outcome_unknown,
    )


def make_access_error(response: HttpResponse, host: str) -> ThreeCxError:
    """Return the error of a response to a request for the API as a whole, or for its socket."""
    status = response.status
    if status == 101 or 200 <= status < 300:
        return NotThreeCxError(host, status, "something else than a WebSocket")
    code = {403: FORBIDDEN, 404: OFF}.get(status, "")
    error = make_error(response, host, code=code)
    if code and isinstance(error, ResponseError):
        what = "refused access to its Call Control API" if status == 403 else "has no Call Control API"
        words = "" if error.message == f"{host} answered {status}" else f": {error.message}"
        error.message = f"{host} {what}{words}"
        error.args = (error.message,)
    return error


def is_final(error: ThreeCxError, *, was_live: bool) -> bool:
    """Return whether no repeat helps. `was_live` says that the same worked before."""
    if isinstance(error, UsageError):
        return True
    if isinstance(error, LoginError):
        # A PBX that is busy or broken says nothing about the key.
        status = error.http_code
        return status is None or (status < 500 and status != 429)
    if isinstance(error, TransportError):
        return error.code in _NEVER and not was_live
    return error.code in (FORBIDDEN, OFF)


def _read_reason(response: HttpResponse) -> str:
    """Return the words of the result of an action that failed."""
    if response.content.lstrip()[:1] != b"{":
        return ""
    try:
        document = loads(response.content)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(document, dict):
        return ""
    words = (document.get("reasontext"), document.get("reason"))
    return next(
        (" ".join(each.split())[:500] for each in words if isinstance(each, str) and each.strip()), ""
    )
