"""The messages that the stages hand to each other: request values, HTTP requests and HTTP responses.

They are on the ground floor, because no stage imports another stage.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

IF_MATCH = "If-Match"


@dataclass(frozen=True, slots=True)
class RequestValues:
    """The resolved values of one item: path parameters, query options, If-Match and body, by their names."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    if_match: Any = None
    body: Any = None


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request ready to send: path and query below the base URL of the API, without authorization.

    `keys` are the values of the path parameters as the user gave them, for results and messages.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    keys: Mapping[str, Any] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """Return path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response, read whole: status, headers (a mapping that ignores case) and body.

    `outcome_unknown` is true if the response is an error after which the request may have been carried out.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    outcome_unknown: bool = False
