"""The exceptions of this package, as one tree.

    ThreeCxError
    ├── UsageError                  the call is wrong; nothing was sent                     exit code 2
    │   ├── UnknownNameError        an operation, resource or parameter that does not exist
    │   ├── InputError              items, a node or a body that cannot be read
    │   ├── JournalError            a journal that cannot be read or written
    │   │   └── OtherBatchError     the journal of another batch
    │   ├── EventStoreError         the journal of events cannot be read or written
    │   ├── PositionGoneError       a position in the journal of events that is not kept any more
    │   └── ConfigurationError      credential, catalog or options that cannot be used
    ├── ItemError                   one item cannot be sent; no request was made for it     exit code 1
    │   ├── ExpressionError         an expression cannot be evaluated
    │   ├── ParameterError          a parameter is missing, of the wrong type or out of range
    │   ├── BodyError               the body does not match the schema
    │   └── BadItemsError           several items cannot be sent, so that none was
    ├── ResponseError               the PBX returned an error                               exit code 1
    │   └── PartialFailureError     the PBX returned status 200 with a list of errors
    ├── SetupError                  a set-up ended between two of its steps                 exit code 1
    ├── NotAttemptedError           the item was not tried, because an earlier one failed
    └── UnreachableError            no usable response was received                         exit code 3
        ├── GivenUpError            not sent, because the PBX has failed several times in a row
        ├── TransportError          connection, DNS, TLS or timeout
        │   ├── NotThreeCxError     the server is not 3CX
        │   └── UnusableResponseError  status 2xx, but the body is cut or not what the operation returns
        └── LoginError              the token request was refused

Every error has `message` (what happened, in the PBX's own words if it sent any), `description` (how to fix it, from
`advice.py`), `code` (a stable identifier for programs) and, where they apply, the item, the field, the HTTP status and
the request. No attribute contains a secret: secrets are masked before an error is raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .advice import UNKNOWN_OUTCOME, advice_for
from .values.safe_text import escape_control

if TYPE_CHECKING:
    from collections.abc import Sequence

# The error of several items names this many of them, each with this many characters.
_NAMED_ITEMS = 20
_LONGEST_ITEM = 200


class ThreeCxError(Exception):
    """Root of the tree.

    `message` and `description` are one line each; `request` is `{"method", "url"}`. `foreign_words` replaces the
    message where the words of a server that may not be 3CX must not be shown; it is empty where there are none.
    """

    exit_code = 1
    default_code = "error"
    foreign_words = ""

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
        """Return the error as the command line, the service and the library report it.

        Keys: message, description, httpCode, code, field, itemIndex, request. `outcome` is present, with the value
        "unknown", if the PBX may have carried out the request.
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

    def mark_unknown(self) -> None:
        """Take note that the PBX may have carried out the request."""
        if not self.outcome_unknown:
            self.outcome_unknown = True
            self.description = f"{UNKNOWN_OUTCOME} {self.description}".strip()

    def one_line(self) -> str:
        """Return item, message and description on one line, for a terminal, with control characters as escapes."""
        where = "" if self.item_index is None else f"item {self.item_index}: "
        text = f"{where}{self.message}"
        if self.description:
            text = (
                f"{text.rstrip('.')}. {self.description}"
                if text[-1:] not in "?!"
                else f"{text} {self.description}"
            )
        return escape_control(" ".join(text.split()))


class UsageError(ThreeCxError):
    """The call is wrong; nothing was sent."""

    exit_code = 2
    default_code = "usage"


class UnknownNameError(UsageError):
    """A name does not exist; the message suggests the nearest existing one."""

    default_code = "unknown_name"


class InputError(UsageError):
    """Items, a node file or a body cannot be read."""

    default_code = "input"


class JournalError(UsageError):
    """A journal cannot be read or written, or is that of another batch; what it should record is not sent."""

    default_code = "journal"


class OtherBatchError(JournalError):
    """A journal is that of another batch."""

    default_code = "other_batch"


class EventStoreError(UsageError):
    """The store of events and subscriptions cannot be read or written, or what it contains cannot be used."""

    default_code = "event_store"


class PositionGoneError(UsageError):
    """A reader asks for a position in the journal of events that is not kept any more."""

    default_code = "position_gone"


class ConfigurationError(UsageError):
    """A credential, catalog or option cannot be used."""

    default_code = "configuration"


class ItemError(ThreeCxError):
    """One item cannot be sent; no request was made for it."""

    default_code = "item"


class ExpressionError(ItemError):
    """An expression cannot be evaluated."""

    default_code = "expression"


class ParameterError(ItemError):
    """A parameter is missing, of the wrong type or out of range."""

    default_code = "parameter"


class BodyError(ItemError):
    """The body does not match the operation's schema."""

    default_code = "body"


class BadItemsError(ItemError):
    """Several of `total` items cannot be sent, so nothing was sent; `errors` has the error of each of them."""

    default_code = "bad_items"

    def __init__(self, errors: Sequence[ThreeCxError], total: int) -> None:
        named = "; ".join(_name_item(each) for each in errors[:_NAMED_ITEMS])
        rest = f"; and {len(errors) - _NAMED_ITEMS} more" if len(errors) > _NAMED_ITEMS else ""
        super().__init__(
            f"{len(errors)} of {total} items cannot be sent, nothing was sent: {named}{rest}",
            description="Fix or remove these items.",
            field=errors[0].field,
            item_index=errors[0].item_index,
        )
        self.errors = errors

    def to_json(self) -> dict[str, Any]:
        """Return the base class's keys, and `items` with the errors of all these items."""
        return {**super().to_json(), "items": [each.to_json() for each in self.errors]}

    def one_line(self) -> str:
        """Return message and description on one line; the message names the items."""
        return escape_control(" ".join(f"{self.message}. {self.description}".split()))


def _name_item(error: ThreeCxError) -> str:
    text = " ".join(error.message.split()).rstrip(".")
    text = text if len(text) <= _LONGEST_ITEM else f"{text[:_LONGEST_ITEM]}…"
    return f"{error.item_index}: {text}"


class ResponseError(ThreeCxError):
    """The PBX returned an error; `message` contains its text."""

    default_code = "response"


class PartialFailureError(ResponseError):
    """The PBX returned status 200 with a list of errors; `failures` is that list."""

    default_code = "partial_failure"

    def __init__(self, message: str, *, failures: list[Any], **details: Any) -> None:
        super().__init__(message, **details)
        self.failures = failures

    def to_json(self) -> dict[str, Any]:
        """Return the base class's keys, and `failures` with the list of the PBX."""
        return {**super().to_json(), "failures": self.failures}


class SetupError(ThreeCxError):
    """A set-up of several steps ended between two of them; `message` says what was done, `description` how to go on."""

    default_code = "setup"


class NotAttemptedError(ThreeCxError):
    """The item was not tried, because an earlier one failed or the batch was cancelled."""

    default_code = "not_attempted"


class UnreachableError(ThreeCxError):
    """No usable response was received from the PBX.

    `is_final` is set where every further request would fail in the same way, or must not be sent: 3CX blocks addresses
    after repeated failed logins.
    """

    exit_code = 3
    default_code = "unreachable"
    is_final = False


class GivenUpError(UnreachableError):
    """The request was not sent, because the PBX has failed several times in a row and is tried again later."""

    default_code = "given_up"
    is_final = True


class TransportError(UnreachableError):
    """The connection, DNS, TLS or the response failed, or a timeout passed."""

    default_code = "transport"


_NOT_THE_API = ": this is not 3CX's API"


class NotThreeCxError(TransportError):
    """The server is not 3CX: `host` responded with `status` and with `content` that 3CX does not send.

    `description` replaces the advice where the response says how to reach 3CX.
    """

    default_code = "not_3cx"

    def __init__(self, host: str, status: int, content: str, *, description: str = "") -> None:
        super().__init__(
            f"{host} answered {status} with {content}{'' if description else _NOT_THE_API}",
            description=description or advice_for(None, "not_3cx"),
            http_code=status,
        )


class UnusableResponseError(TransportError):
    """The response has a status of success, but its body is cut or is not what the operation returns.

    `host` responded with `status` and with `content`. A read is sent again; the outcome of a change is unknown.
    """

    # The PBX was reached.
    exit_code = 1
    default_code = "unusable_response"

    def __init__(self, host: str, status: int, content: str) -> None:
        super().__init__(
            f"{host} answered {status} with {content}",
            description=advice_for(None, self.default_code),
            http_code=status,
        )


class LoginError(UnreachableError):
    """The PBX refused the token request."""

    default_code = "login"
    is_final = True
