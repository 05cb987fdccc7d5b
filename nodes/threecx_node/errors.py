"""Everything that can go wrong, as one tree.

    ThreeCxError
    ├── UsageError                  the caller's call is wrong; nothing was sent       exit code 2
    │   ├── UnknownNameError        an operation, resource or parameter that is not there
    │   ├── InputError              items, a node or a body that cannot be read
    │   └── ConfigurationError      credential, catalog or options that cannot be used
    ├── ItemError                   one item cannot be sent; the PBX saw nothing of it  exit code 1
    │   ├── ExpressionError         its expression does not evaluate
    │   ├── ParameterError          a parameter is missing, of the wrong type or out of range
    │   └── BodyError               its body does not fit the schema
    ├── ResponseError               the PBX answered with an error                      exit code 1
    │   └── PartialFailureError     it answered 200 and listed errors inside
    ├── NotAttemptedError           the item was never tried, because an earlier one failed
    └── UnreachableError            no usable answer came back                          exit code 3
        ├── TransportError          connection, DNS, TLS, time-out, not a 3CX
        └── LoginError              the token was refused

Every error carries `message` (what happened, in the PBX's words where it spoke), `description` (what to do
about it, from `advice.py`), `code` (a word for programs) and, where they apply, the item, the field, the HTTP
status and the request. No field ever holds a secret: what goes in is masked where it is made.
"""

from __future__ import annotations

from typing import Any


class ThreeCxError(Exception):
    """Root of the tree.

    `message` and `description` are one line each; `request` is `{"method", "url"}`.
    """

    exit_code = 1
    default_code = "error"

    def __init__(
        self,
        message: str,
        *,
        description: str = "",
        code: str = "",
        field: str | None = None,
        http_code: int | None = None,
        item_index: int | None = None,
        request: dict[str, str] | None = None,
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.description = description
        self.code = code or self.default_code
        self.field = field
        self.http_code = http_code
        self.item_index = item_index
        self.request = request
        self.outcome_unknown = outcome_unknown

    def to_json(self) -> dict[str, Any]:
        """The shape every door gives: message, description, httpCode, code, field, itemIndex, request.

        `outcome` is there, as "unknown", where the PBX may have done what it gave no answer about.
        """
        shape = {
            "message": self.message,
            "description": self.description,
            "httpCode": self.http_code,
            "code": self.code,
            "field": self.field,
            "itemIndex": self.item_index,
            "request": self.request,
            "outcome": "unknown" if self.outcome_unknown else None,
        }
        return {key: value for key, value in shape.items() if value not in (None, "")}

    def one_line(self) -> str:
        """Item, message and remedy on one line, for a terminal."""
        where = "" if self.item_index is None else f"item {self.item_index}: "
        text = f"{where}{self.message}"
        if self.description:
            text = (
                f"{text.rstrip('.')}. {self.description}"
                if text[-1:] not in "?!"
                else f"{text} {self.description}"
            )
        return " ".join(text.split())


class UsageError(ThreeCxError):
    """The call itself is wrong; nothing was sent."""

    exit_code = 2
    default_code = "usage"


class UnknownNameError(UsageError):
    """A name that does not exist; the message names the nearest that does."""

    default_code = "unknown_name"


class InputError(UsageError):
    """Items, a node file or a body that cannot be read."""

    default_code = "input"


class ConfigurationError(UsageError):
    """A credential, catalog or option that cannot be used."""

    default_code = "configuration"


class ItemError(ThreeCxError):
    """One item cannot be sent; the PBX has seen nothing of it."""

    default_code = "item"


class ExpressionError(ItemError):
    """An expression that does not evaluate."""

    default_code = "expression"


class ParameterError(ItemError):
    """A parameter that is missing, of the wrong type or out of range."""

    default_code = "parameter"


class BodyError(ItemError):
    """A body that does not fit the operation's schema."""

    default_code = "body"


class ResponseError(ThreeCxError):
    """The PBX answered with an error; `message` holds its words."""

    default_code = "response"


class PartialFailureError(ResponseError):
    """The PBX answered 200 and listed errors inside; `failures` holds its list."""

    default_code = "partial_failure"

    def __init__(self, message: str, *, failures: list[Any], **details: Any) -> None:
        super().__init__(message, **details)
        self.failures = failures

    def to_json(self) -> dict[str, Any]:
        """As the base, and `failures` with the PBX's own list."""
        return {**super().to_json(), "failures": self.failures}


class NotAttemptedError(ThreeCxError):
    """An item that was never tried, because an earlier one failed or the batch was cancelled."""

    default_code = "not_attempted"


class UnreachableError(ThreeCxError):
    """No usable answer came back from the PBX."""

    exit_code = 3
    default_code = "unreachable"


class TransportError(UnreachableError):
    """Connection, DNS, TLS, time-out, or something that is not a 3CX answered."""

    default_code = "transport"


class LoginError(UnreachableError):
    """The PBX refused the token request."""

    default_code = "login"
