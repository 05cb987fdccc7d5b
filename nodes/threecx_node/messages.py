"""The messages that the stages hand to each other: request values, HTTP requests and HTTP responses.

They are on the ground floor, because no stage imports another stage.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from threecx_credentials.fields import BASE_PATH

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
    file: FileContent | None = None


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file to upload: its name, its media type (empty: not known) and its bytes."""

    name: str
    content: bytes = field(repr=False)
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class FilePart:
    """The one part of a multipart body: the name of its form field, and the file."""

    field: str
    file: FileContent


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request ready to send: path and query below the base path of an API, without authorization.

    `body` is JSON; a request with `part` has a multipart body instead. `keys` are the values of the path parameters as
    the user gave them, for results and messages. `may_change` is set for a request that is not known to only read.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    keys: Mapping[str, Any] = field(default_factory=dict)
    base_path: str = BASE_PATH
    may_change: bool = False
    part: FilePart | None = None

    @property
    def effect(self) -> Literal["read", "change"]:
        """Return whether the request only reads, by which it is decided whether it is sent again."""
        return "read" if self.method == "GET" and not self.may_change else "change"

    @property
    def target(self) -> str:
        """Return path and query, without the base path."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def url(self, base_url: str) -> str:
        """Return the whole URL on the PBX at `base_url`."""
        return f"{base_url}{self.base_path}{self.target}"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response, read whole: status, headers (a mapping that ignores case) and body.

    `outcome_unknown` is true if the response is an error after which the request may have been carried out.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    outcome_unknown: bool = False
