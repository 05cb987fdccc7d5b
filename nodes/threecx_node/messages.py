"""The messages that the stages hand to each other: request values, HTTP requests and HTTP responses.

They are on the ground floor, because no stage imports another stage.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from threecx_credentials.fields import BASE_PATH

from .options import DEFAULT_MAX_FILE_BYTES, DEFAULT_MAX_RESPONSE_BYTES, DEFAULT_MAX_SAVED_BYTES
from .values.record import record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

IF_MATCH = "If-Match"
FILTERS = "filters"
"""The parameter with the conditions of a list."""


@record
class RequestValues:
    """The resolved values of one item: path parameters, query options, If-Match and body, by their names.

    `conditions` restrict the entities of a list in addition to `$filter`.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    if_match: Any = None
    body: Any = None
    file: FileContent | None = None
    conditions: Conditions | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a filter: field, operator and value as they were given; UNDEFINED is a value that is missing."""

    field: str
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions that entities must meet: all of them (`and`), or one of them (`or`)."""

    combine: Literal["and", "or"]
    each: tuple[Condition, ...]


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


class BodyFile(Protocol):
    """A file that the body of a response is written to."""

    def write(self, content: bytes, /) -> int:
        """Append bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes."""

    def seek(self, offset: int, /) -> int:
        """Set the place where the next bytes are read."""

    def close(self) -> None:
        """Close the file, and remove it unless it was moved to its place."""


@dataclass(frozen=True, slots=True)
class Reception:
    """How a response is taken: the limit of its size in bytes (None: the default of its kind), and where to.

    A file is written to what `open_file` returns, and closed again where the attempt fails; without it, it is taken
    into memory. Everything that is not a file is taken into memory.
    """

    max_bytes: int | None = None
    open_file: Callable[[], BodyFile] | None = None

    def limit(self, *, is_file: bool) -> int:
        """Return the limit in bytes."""
        if self.max_bytes is not None:
            return self.max_bytes
        if not is_file:
            return DEFAULT_MAX_RESPONSE_BYTES
        return DEFAULT_MAX_FILE_BYTES if self.open_file is None else DEFAULT_MAX_SAVED_BYTES


IN_MEMORY = Reception()


def is_file(headers: Mapping[str, str]) -> bool:
    """Return whether a response is a file, by its headers: it is one unless it is JSON without a file name."""
    disposition = headers.get("content-disposition", "").strip().lower()
    if disposition.startswith("attachment") or "filename" in disposition:
        return True
    return not is_json(read_media_type(headers))


def is_json(media_type: str) -> bool:
    """Return whether a media type is JSON."""
    return media_type == "application/json" or media_type.endswith("+json")


def read_media_type(headers: Mapping[str, str]) -> str:
    """Return the media type of a response in lower case, without its parameters."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


@record
class HttpRequest:
    """A request ready to send: path and query below the base path of an API, without authorization.

    `body` is JSON; a request with `part` has a multipart body instead. `keys` are the values of the path parameters as
    the user gave them, for results and messages. `may_change` is set for a request that is not known to only read.
    `reception` says how the response is taken, and `operation` is the ID of the operation, for metrics.
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
    reception: Reception = IN_MEMORY
    operation: str = field(default="", compare=False)

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


@record
class HttpResponse:
    """A response, read whole: status, headers (a mapping that ignores case) and body.

    `file` has the body in place of `content` where the request has asked for it; who takes the response closes it.
    `outcome_unknown` is true if the response is an error after which the request may have been carried out.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    outcome_unknown: bool = False
    file: BodyFile | None = field(default=None, compare=False)
