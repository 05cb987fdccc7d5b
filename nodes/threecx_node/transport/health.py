"""Read from the end of a request how the PBX is: it works, it is busy, or it fails."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from ..errors import LoginError, TransportError
from ..values.error_body import is_odata_error
from .retry import NOT_TAKEN, classify

if TYPE_CHECKING:
    from ..errors import UnreachableError
    from ..messages import HttpResponse


class Sign(Enum):
    """Evidence about the PBX that the end of a request gives.

    BUSY: it answered that it has too much to do. LATE: it did not answer in time. FAILS: it gave no response, or one
    that 3CX does not send. NOTHING: the request says nothing about the PBX.
    """

    NOTHING = "nothing"
    WORKS = "works"
    BUSY = "busy"
    LATE = "late"
    FAILS = "fails"


# These are about this client and its settings, or about one kept connection.
_NOT_THE_PBX = frozenset(
    {
        NOT_TAKEN,
        "unsendable",
        "forbidden_address",
        "tls",
        "tls_self_signed",
        "tls_handshake",
        "response_too_large",
    }
)
_LATE = frozenset({"timeout"})


def read_sign(answer: HttpResponse | TransportError) -> tuple[Sign, str]:
    """Return the sign of an attempt, and in a few words how it failed, if it did."""
    if isinstance(answer, TransportError):
        if answer.code in _NOT_THE_PBX:
            return Sign.NOTHING, ""
        # All callers see the reason: no words of a response.
        reason = answer.message if answer.http_code is None else _name_foreign(answer.http_code)
        return (Sign.LATE if answer.code in _LATE else Sign.FAILS), reason
    kind = classify(answer)
    if kind == "rejected":
        return Sign.BUSY, ""
    if kind == "answered" or is_odata_error(answer.content):
        return Sign.WORKS, ""
    return (Sign.LATE if answer.status == 503 else Sign.FAILS), f"it answered {answer.status}"


def read_sign_of_login(error: UnreachableError) -> tuple[Sign, str]:
    """Return the sign of a login that failed."""
    if isinstance(error, LoginError):
        is_refusal = error.http_code is not None and error.http_code < 500
        return (Sign.WORKS, "") if is_refusal else (Sign.FAILS, f"it answered {error.http_code} to a login")
    return read_sign(error) if isinstance(error, TransportError) else (Sign.NOTHING, "")


def _name_foreign(status: int) -> str:
    return f"it answered {status} with a body that 3CX does not send"
